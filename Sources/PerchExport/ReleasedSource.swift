import PerchCore
import PerchWeights
import SystemPackage

/// A released file, understood: which of its tensors becomes which dataset.
protocol ReleasedSource: Sendable {
  /// The file or folder, for messages.
  var path: FilePath { get }
  var family: PerchFamily { get }
  /// What is known without running anything. A perch_8 file leaves frontend and activations open.
  var settings: ModelSettings { get }
  /// Settings that the file allows beside `settings`; exactly one of all must agree with the source's outputs.
  var candidates: [ModelSettings] { get }
  var warnings: [ExportWarning] { get }
  /// What was found, for people: one line each.
  var findings: [String] { get }
  /// Whether a batch normalisation is multiplied into kernels: their range is then too wide for float16.
  var hasFoldedNorms: Bool { get }

  /// Name in the source of what becomes the dataset `path`.
  func sourceName(_ path: String) -> String
  /// Elements of a dataset in our layout, or nil where the source has none (window and mel matrix).
  func values(_ entry: TensorEntry) throws(ExportFault) -> [Float]?
  func labels(_ head: String) -> [String]
}

/// A source with one choice of settings, as the engine and the writer read weights.
struct ReleasedWeights: WeightSource, Sendable {
  let source: any ReleasedSource
  let settings: ModelSettings
  var digest: FileDigest { FileDigest(known: settings.provenance.sourceSHA256) }

  func tensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float] {
    if let values = try optionalTensor(path, shape: shape) { return values }
    throw ExportFault(.shape, "the model has no \(path) of shape \(shape)").error(in: source.path)
  }

  func optionalTensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float]? {
    let entries = settings.tensors + settings.frontend.optionalTensors
    guard let entry = entries.first(where: { $0.path == path && $0.shape == shape }) else { return nil }
    do { return try source.values(entry) } catch { throw error.error(in: source.path) }
  }

  func classNames(head: String) throws(RunnerError) -> [String] { source.labels(head) }
}

/// What the values of a dataset are like.
package struct TensorSummary: Equatable, Sendable {
  package let path: String
  package let shape: [Int]
  package let sourceName: String
  package let least: Float
  package let greatest: Float
  package let mean: Double
}

extension ReleasedSource {
  /// Reads every tensor once: none may hold NaN or infinity, no variance may be 0 or below.
  func summaries() throws(ExportFault) -> [TensorSummary] {
    var summaries: [TensorSummary] = []
    for entry in settings.tensors {
      guard let values = try values(entry) else { continue }
      summaries.append(try summary(entry, values))
    }
    return summaries
  }

  private func summary(_ entry: TensorEntry, _ values: [Float]) throws(ExportFault) -> TensorSummary {
    var (least, greatest, sum) = (Float.infinity, -Float.infinity, 0.0)
    for value in values {
      guard value.isFinite else {
        throw ExportFault(.nonFinite, "\(sourceName(entry.path)) holds \(value) (for \(entry.path))")
      }
      (least, greatest) = (min(least, value), max(greatest, value))
      sum += Double(value)
    }
    if entry.role == .variance, least <= 0 {
      throw ExportFault(
        .negativeVariance, "\(sourceName(entry.path)) holds \(least), which is no variance (for \(entry.path))")
    }
    return TensorSummary(
      path: entry.path, shape: entry.shape, sourceName: sourceName(entry.path), least: least,
      greatest: greatest, mean: sum / Double(max(1, values.count)))
  }
}

extension ExportWarning {
  /// Nobody has published that trained scales are mostly positive: a hint, not a reason to refuse.
  static func scaleSigns(_ summaries: [TensorSummary]) -> [ExportWarning] {
    let scales = summaries.filter { $0.path.hasSuffix("/gamma") }
    let means = summaries.filter { $0.path.hasSuffix("/mean") }
    let odd = scales.count { $0.mean <= 0 }
    if 10 * odd > scales.count {
      return [ExportWarning(.scaleSigns, "\(odd) of \(scales.count) scales are mostly below 0: are they biases?")]
    }
    if !means.isEmpty, means.allSatisfy({ $0.least == 0 && $0.greatest == 0 }) { return [] }
    return means.contains { $0.least < 0 } || means.isEmpty
      ? [] : [ExportWarning(.scaleSigns, "no mean is below 0: are they variances?")]
  }
}
