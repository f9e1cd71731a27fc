import FoundationEssentials
import Glibc
import PerchCore

/// `bench`: how fast this machine makes embeddings, without files around it.
///
/// Windows that are normalised already go through the workers that `generate` uses. Work is given out in
/// batches and the clock stops when the last window of a batch is done, so a core that idles at the end of
/// one is counted.
package struct BenchRun: Sendable {
  private let settings: GenerateSettings
  private let seconds: Double
  private let observer: Observer

  /// Windows of a batch for each worker.
  private static let windowsPerWorker = 4

  /// - Parameter seconds: how long to measure; 0 for the first embedding alone.
  /// - Throws: exit code 2 when `seconds` is no such time.
  package init(_ settings: GenerateSettings, seconds: Double, observer: Observer) throws(RunnerError) {
    guard (0...86_400).contains(seconds) else {
      throw RunnerError(
        "--seconds", "\(seconds) is not between 0 and 86400", remedy: "give the seconds to measure, such as 10",
        exit: .usage)
    }
    self.settings = settings
    self.seconds = seconds
    self.observer = observer
  }

  /// - Throws: exit code 4 when the weights are missing or damaged.
  nonisolated(nonsending) package func run() async throws(RunnerError) -> BenchReport {
    let start = ContinuousClock.now
    let engine = try EmbeddingEngine(settings, note: observer.note)
    let loaded = ContinuousClock.now
    let window = Self.noise()
    try await batch(1, of: window, engine)
    var report = BenchReport(
      model: engine.facts, jobs: settings.jobs, cores: AllowedCores().count,
      loadSeconds: (loaded - start).seconds, firstSeconds: (ContinuousClock.now - start).seconds)
    if seconds > 0 {
      // Pages of all workers are touched and caches are warm before the clock starts.
      try await batch(settings.jobs, of: window, engine)
      report.rates = try await rates(of: window, engine)
    }
    report.peakBytes = Self.peakBytes
    return report
  }

  nonisolated(nonsending) private func rates(
    of window: [Float], _ engine: EmbeddingEngine
  ) async throws(RunnerError) -> BenchReport.Rates {
    let count = settings.jobs * Self.windowsPerWorker
    let processor = Self.processorSeconds
    let start = ContinuousClock.now
    var windows = 0
    var fastest = Double.infinity
    var elapsed = 0.0
    repeat {
      let began = elapsed
      try await batch(count, of: window, engine)
      elapsed = (ContinuousClock.now - start).seconds
      windows += count
      fastest = min(fastest, (elapsed - began) / Double(count))
    } while elapsed < seconds
    return BenchReport.Rates(
      windows: windows, seconds: elapsed, fastest: fastest,
      processorSeconds: Self.processorSeconds - processor)
  }

  nonisolated(nonsending) private func batch(
    _ count: Int, of window: [Float], _ engine: EmbeddingEngine
  ) async throws(RunnerError) {
    let pipeline = OrderedPipeline<any EmbeddingWorker, [Float], [Float]>(workers: engine.workers) {
      [size = engine.facts.embeddingSize] worker, window throws(RunnerError) in
      try worker.embedding(of: window.span, size: size)
    }
    var left = count
    try await pipeline.run {
      () throws(RunnerError) in
      guard left > 0 else { return nil }
      left -= 1
      return window
    } emit: { (_: [Float]) throws(RunnerError) in
    }
  }

  /// White noise of the peak that the models are given. How long a window takes does not depend on what it
  /// holds.
  private static func noise() -> [Float] {
    var state: UInt64 = 1
    return (0..<160_000).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-33
    }
  }

  /// Of the whole process.
  private static var processorSeconds: Double { Double(clock()) / 1e6 }

  /// Largest resident memory of this process so far (proc(5): `VmHWM`, in kB of 1024 bytes); 0 where the
  /// system does not tell.
  private static var peakBytes: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { $0.split(separator: " ").compactMap { Int($0) }.first }.map { $0 * 1024 } ?? 0
  }
}

extension Duration {
  fileprivate var seconds: Double { self / .seconds(1) }
}
