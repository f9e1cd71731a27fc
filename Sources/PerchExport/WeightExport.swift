import FoundationEssentials
import PerchCore
import PerchModel
import PerchWeights
import SystemPackage

/// Turns a released model into a weights file: read, map, check, compare, and only then write.
package struct WeightExport: Sendable {
  package struct Options: Sendable {
    /// Label file of an ONNX model; nil for `labels.csv` beside it.
    package var labels: FilePath?
    /// File with outputs of the source model.
    package var verification: FilePath?
    package var storage: WeightFileWriter.Storage = .float32

    package init() {}
  }

  /// What was read and proved, before anything is written.
  package let settings: ModelSettings
  package let warnings: [ExportWarning]
  package let summaries: [TensorSummary]
  /// One line each: what the file is, how it was mapped, what proved it.
  package let findings: [String]
  package let distances: [Distance]
  private let weights: ReleasedWeights
  private let verification: Verification?
  private let storage: WeightFileWriter.Storage

  /// Reads and proves `source`: a SavedModel folder or an ONNX file.
  ///
  /// - Throws: `ExportFault` or `RunnerError`, both with exit code 4.
  package init(_ source: FilePath, _ options: Options) throws {
    let released = try Self.open(source, options)
    let summaries = try released.summaries()
    guard options.storage == .float32 || !released.hasFoldedNorms else {
      throw ExportFault(
        .half, "its batch normalisations are multiplied into the kernels, whose range float16 does not hold well")
    }
    let verification = try Self.verification(options.verification)
    let proof = try Self.prove(released, verification)
    var settings = proof.settings
    settings.origin = try Self.origin(released)
    settings.verified = verification != nil
    self.settings = settings
    self.summaries = summaries
    self.verification = verification
    storage = options.storage
    warnings = released.warnings + ExportWarning.scaleSigns(summaries)
    weights = ReleasedWeights(source: released, settings: settings)
    distances = proof.distances
    findings = released.findings + proof.findings
  }

  /// Writes the weights file and returns its digest.
  package func write(to path: FilePath) throws(RunnerError) -> String {
    try WeightFileWriter.write(weights, to: path, storage: storage, verification: verification)
    do { return try Digest.sha256(file: path) } catch {
      throw RunnerError(path.string, "cannot be read back (\(error))", remedy: "check the disk", exit: .output)
    }
  }

  /// Relative L2 between the embeddings of the impulse and the noise with kernels in float16 and in float32;
  /// the larger of the two.
  package func halfPrecisionEffect() throws(RunnerError) -> Double {
    var worst = 0.0
    let models = [try PerchModel(weights), try PerchModel(HalfPrecision(weights))]
    for name in ["impulse", "noise"] {
      guard let window = ProbeWindows.window(name) else { continue }
      let embeddings = models.map { model in
        var embedding = [Float](repeating: 0, count: model.settings.embeddingSize)
        var target = embedding.mutableSpan
        model.embed(window.span, model.makeWorkspace(), into: &target)
        return embedding
      }
      worst = max(worst, Distance("embedding", name, embeddings[1][...], embeddings[0][...]).relativeL2)
    }
    return worst
  }

  // MARK: Steps

  private static func open(_ source: FilePath, _ options: Options) throws(ExportFault) -> any ReleasedSource {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: source.string, isDirectory: &isFolder) else {
      throw ExportFault(.unreadable, "no such file or folder")
    }
    if isFolder { return try SavedModelSource(source) }
    return try ONNXSource(source, labels: options.labels)
  }

  private static func verification(_ path: FilePath?) throws -> Verification? {
    guard let path else { return nil }
    if let verification = try Verification.read(path) { return verification }
    throw RunnerError(
      path.string, "holds no group verification", remedy: "make it with tools/verification", exit: .weights)
  }

  /// Weights that equal the seeded recipe in a layer that no conversion touches are those of a test, and
  /// results made with them must say so.
  private static func origin(_ source: any ReleasedSource) throws -> ModelSettings.Origin {
    let path = "backbone/stage1/block1/se_reduce/kernel"
    guard let entry = source.settings.tensors.first(where: { $0.path == path }) else { return .trained }
    let model: SeededModel = source.family == .v2 ? .perchV2 : .perch8
    let seeded = try SeededWeights(model, classes: []).tensor(entry)
    return try source.values(entry) == seeded ? .seeded(SeededWeights.seed) : .trained
  }

  private struct Proof {
    var settings: ModelSettings
    var findings: [String]
    var distances: [Distance] = []
  }

  /// The settings that agree with what the source model answered, or with what is known of it.
  private static func prove(
    _ source: any ReleasedSource, _ verification: Verification?
  ) throws -> Proof {
    guard let verification else { return try proveByKnownAnswer(source) }
    if let reason = Comparison.mismatch(source.settings, verification) {
      throw ExportFault(.probe, "the outputs of the source model do not fit: \(reason)")
    }
    let fitting = try source.candidates.filter { settings in
      let weights = ReleasedWeights(source: source, settings: settings)
      return try Comparison.spectrogramDistances(weights, verification)?.allSatisfy(\.passes) ?? false
    }
    guard !fitting.isEmpty else {
      throw ExportFault(
        .probe,
        source.candidates.count == 1
          ? "the spectrogram differs from that of the source model"
          : "none of \(source.candidates.count) known frontends gives the spectrogram of the source model")
    }
    var agreeing: [Proof] = []
    var nearest = Double.infinity
    for settings in fitting {
      let weights = ReleasedWeights(source: source, settings: settings)
      let distances = try Comparison.distances(weights, verification)
      let worst = distances.filter(\.isGate).map(\.relativeL2).max() ?? .infinity
      nearest = min(nearest, worst)
      if distances.allSatisfy(\.passes) {
        agreeing.append(
          Proof(
            settings: settings,
            findings: ["agrees with the source model (\(verification.runtime)) within \(worst)"],
            distances: distances))
      }
    }
    switch agreeing.count {
    case 1: return agreeing[0]
    case 0:
      throw ExportFault(
        .probe,
        "its outputs differ by \(Float(nearest)) (relative L2) from those of the source model, the limit is "
          + "\(Distance.limit)"
      )
    default:
      throw ExportFault(.probe, "\(agreeing.count) settings agree with the source model, so none is proved")
    }
  }

  private static func proveByKnownAnswer(_ source: any ReleasedSource) throws -> Proof {
    guard source.family == .v2 else {
      throw ExportFault(
        .probe,
        "the frontend and activations of \(source.family.rawValue) are known from its outputs only, and "
          + "--verification names none")
    }
    let weights = ReleasedWeights(source: source, settings: source.settings)
    let answer = try KnownAnswers.sweepEmbedding(weights)
    guard answer.passes else {
      throw ExportFault(
        .probe,
        "the \(answer.name) is not that of the released perch_v2 (\(answer.text)), and --verification names "
          + "no outputs of another one")
    }
    return Proof(settings: source.settings, findings: ["known answer: \(answer.name): \(answer.text)"])
  }
}

/// The same weights with those tensors rounded that a float16 file rounds.
private struct HalfPrecision<Source: WeightSource & Sendable>: WeightSource, Sendable {
  let source: Source
  private let halves: Set<String>

  init(_ source: Source) {
    self.source = source
    halves = Set(source.settings.tensors.filter(\.mayBeHalf).map(\.path))
  }

  var settings: ModelSettings { source.settings }
  var digest: FileDigest { source.digest }

  func tensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float] {
    let values = try source.tensor(path, shape: shape)
    return halves.contains(path) ? values.map { Float(Float16($0)) } : values
  }

  func optionalTensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float]? {
    try source.optionalTensor(path, shape: shape) == nil ? nil : try tensor(path, shape: shape)
  }

  func classNames(head: String) throws(RunnerError) -> [String] { try source.classNames(head: head) }
}
