import PerchCore
import PerchWeights
import SystemPackage

/// Everything that can be proved about a weights file on this machine.
package struct WeightCheck: Sendable {
  /// What was checked and found, one line each.
  package let lines: [String]
  /// Why the file cannot be trusted, or nil.
  package let error: RunnerError?

  /// - Throws: exit code 4 where the file cannot be read as weights at all.
  package init(_ path: FilePath) throws(RunnerError) {
    let weights = try WeightFile(path: path, heads: .all)
    try weights.validateAll()
    var findings = Findings(lines: try Self.description(weights))
    for answer in try Self.knownAnswers(weights) { findings.add(answer) }
    let sweep = try Self.sweep(weights)
    if let sweep, sweep.passes {
      findings.add(sweep)
      findings.isProved = true
    }
    if let verification = try Verification.read(path) { try findings.add(verification, weights) }
    if !findings.isProved, findings.failure == nil {
      findings.lines.append(Self.unproved(weights.settings, sweep))
    }
    lines = findings.lines
    error = findings.failure.map {
      RunnerError(path.string, $0, remedy: "make the file again from the released model", exit: .weights)
    }
  }

  private static func description(_ weights: WeightFile) throws(RunnerError) -> [String] {
    let settings = weights.settings
    let heads = settings.heads.map { "\($0.name) (\($0.classes))" }.joined(separator: ", ")
    let origin =
      switch settings.origin {
      case .seeded(let seed): "seeded \(seed); results made with these weights mean nothing"
      case .trained: "trained"
      }
    return [
      "model: \(settings.name), embeddings of \(settings.embeddingSize), heads: \(heads.isEmpty ? "none" : heads)",
      "SHA-256: \(try weights.digest.text(of: weights.path.string))",
      "source: \(settings.provenance.source)",
      "SHA-256 of the source: \(settings.provenance.sourceSHA256)",
      "structure and values: right",
      "origin: \(origin)",
    ]
  }

  /// What was found so far.
  private struct Findings {
    var lines: [String]
    var failure: String?
    /// Whether something showed that this is the network it should be.
    var isProved = false

    mutating func add(_ answer: KnownAnswers.Result) {
      lines.append("\(answer.name): \(answer.passes ? "right" : "WRONG") (\(answer.text))")
      if !answer.passes { fail("the \(answer.name) is wrong") }
    }

    mutating func add(_ verification: Verification, _ weights: WeightFile) throws(RunnerError) {
      lines.append("outputs of the source model: \(verification.runtime)")
      if let reason = Comparison.mismatch(weights.settings, verification) {
        fail("the group verification does not fit: \(reason)")
        return
      }
      let distances = try Comparison.distances(weights, verification)
      lines += distances.map { "  \($0.output) on \($0.window): relative L2 \(Float($0.relativeL2))" }
      let worst = distances.filter(\.isGate).max { $0.relativeL2 < $1.relativeL2 }
      guard let worst, !worst.passes else {
        isProved = true
        return
      }
      fail(
        "\(worst.output) on \(worst.window) differs by \(Float(worst.relativeL2)) from the source model, "
          + "more than \(Distance.limit)")
    }

    private mutating func fail(_ cause: String) { failure = failure ?? cause }
  }

  /// Answers that need no trained weights.
  private static func knownAnswers(_ weights: WeightFile) throws(RunnerError) -> [KnownAnswers.Result] {
    var answers = [try KnownAnswers.silence(weights)]
    if let sweep = try KnownAnswers.sweepSpectrogram(weights) { answers.append(sweep) }
    return answers
  }

  /// The published embedding, which only perch_v2 with its released weights gives.
  private static func sweep(_ weights: WeightFile) throws(RunnerError) -> KnownAnswers.Result? {
    guard weights.settings.origin == .trained, weights.settings.name == PerchFamily.v2.rawValue else { return nil }
    return try KnownAnswers.sweepEmbedding(weights)
  }

  private static func unproved(_ settings: ModelSettings, _ sweep: KnownAnswers.Result?) -> String {
    switch (settings.origin, sweep) {
    case (.seeded, _): "not proved: there is no source model to compare with"
    case (_, let sweep?):
      "UNVERIFIED: the \(sweep.name) is not the published one (\(sweep.text)), and the file holds no outputs "
        + "of its source model"
    default: "UNVERIFIED: the file holds no outputs of its source model"
    }
  }
}
