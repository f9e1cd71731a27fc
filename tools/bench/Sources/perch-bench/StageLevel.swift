import KernelTable
import PerchModel
import PerchTensor
import PerchWeights

/// One window after the other through a whole model, its steps and the kernels inside them timed where they
/// run: with the caches as the steps before leave them. (The stem is timed twice: as a map of its own, and row
/// by row inside the first block, as it runs otherwise.) The row `all` is a model that nothing watches.
struct StageLevel {
  private struct Key: Hashable {
    let step: String
    /// None: the whole step.
    let task: KernelTask?
  }

  let seeded: SeededModel
  let limits: Limits
  private let traced: PerchModel
  private let plain: PerchModel
  private let window: [Float]

  init(_ seeded: SeededModel, kernels: KernelTable, limits: Limits) throws {
    self.seeded = seeded
    self.limits = limits
    plain = try PerchModel(SeededWeights(seeded, classes: []), kernels: kernels)
    traced = try PerchModel(SeededWeights(seeded, classes: []), kernels: Tracer.table(kernels))
    let noise = Block(plain.settings.windowSamples)
    window = noise.values.prefix(plain.settings.windowSamples).map { $0 / 2 }
  }

  /// - Parameter seconds: processor time.
  func measure(seconds: Double) -> [Record] {
    var least: [Key: Double] = [:]
    var order: [Key] = []
    var whole = Double.infinity
    var limit = Double.infinity
    let workspace = traced.makeWorkspace()
    let other = plain.makeWorkspace()
    var embedding = [Float](repeating: 0, count: plain.settings.embeddingSize)
    let end = threadSeconds() + seconds
    var isFirst = true
    repeat {
      for (key, time) in run(workspace) {
        if least[key] == nil { order.append(key) }
        least[key] = min(least[key] ?? .infinity, time)
      }
      let start = threadSeconds()
      var span = embedding.mutableSpan
      plain.embed(window.span, other, into: &span)
      whole = min(whole, threadSeconds() - start)
      limit = min(limit, timeOfLimit())
      // The first window finds cold caches and untouched pages.
      if isFirst { (least, order, whole, isFirst) = ([:], [], .infinity, false) }
    } while threadSeconds() < end || least.isEmpty
    let peak = limits.multiplyAdds.operations / limit
    let operations = Operations(seeded)
    let records = order.map { key in
      let name = key.task.map { "\(key.step) \($0.rawValue)" } ?? key.step
      return record(name, least[key] ?? 0, operations.count(key.step, key.task), peak)
    }
    return records + [record("all", whole, operations.total, peak)]
  }

  /// Of one call; half a millisecond of them, so that reading the clock does not count.
  private func timeOfLimit() -> Double {
    let (calls, work) = (64, limits.multiplyAdds.work)
    let start = threadSeconds()
    for _ in 0..<calls { work() }
    return (threadSeconds() - start) / Double(calls)
  }

  /// The steps of one window and the kernels of each, in their order.
  private func run(_ workspace: Workspace) -> [(Key, Double)] {
    var times: [(Key, Double)] = []
    var start = threadSeconds()
    _ = Tracer.take()
    traced.trace(window.span, workspace) { step in
      let total = threadSeconds() - start
      let kernels = Tracer.take()
      times.append((Key(step: step, task: nil), total - kernels.overhead))
      for task in KernelTask.allCases {
        if let time = kernels.seconds[task] { times.append((Key(step: step, task: task), time)) }
      }
      start = threadSeconds()
    }
    return times
  }

  private func record(_ name: String, _ seconds: Double, _ operations: Double?, _ peak: Double) -> Record {
    Record(
      level: "stages", name: "\(seeded.rawValue) \(name)", milliseconds: seconds * 1e3,
      gigaflops: operations.map { $0 / seconds * 1e-9 }, shareOfLimit: operations.map { $0 / seconds / peak },
      reference: operations.map { _ in "at the limit" }, referenceMilliseconds: operations.map { $0 / peak * 1e3 })
  }
}

/// Products and sums of the network's steps, at the sizes of the model: padding of channels is not counted.
private struct Operations {
  private var counts: [String: [KernelTask: Double]] = [:]

  init(_ model: SeededModel) {
    for step in NetworkStep.all(of: model) {
      counts[step.name, default: [:]][step.task, default: 0] += step.size.operations ?? 0
    }
  }

  /// Of a kernel in a step, or of the whole step; none where nothing is counted.
  func count(_ step: String, _ task: KernelTask?) -> Double? {
    guard let kernels = counts[step] else { return nil }
    let count = task.map { kernels[$0] ?? 0 } ?? kernels.values.reduce(0, +)
    return count > 0 ? count : nil
  }

  var total: Double { counts.values.reduce(0) { $0 + $1.values.reduce(0, +) } }
}
