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
    let settings = weights.settings
    var lines = [
      "model: \(settings.name), embeddings of \(settings.embeddingSize), heads: "
        + (settings.heads.isEmpty
          ? "none" : settings.heads.map { "\($0.name) (\($0.classes))" }.joined(separator: ", ")),
      "SHA-256: \(weights.digest)",
      "source: \(settings.provenance.source)",
      "SHA-256 of the source: \(settings.provenance.sourceSHA256)",
      "structure and values: right",
    ]
    var failures: [String] = []
    var isProved = false
    if case .seeded(let seed) = settings.origin {
      lines.append("origin: seeded \(seed); results made with these weights mean nothing")
    } else {
      lines.append("origin: trained")
    }
    for answer in try Self.knownAnswers(weights) {
      lines.append("\(answer.name): \(answer.passes ? "right" : "WRONG") (\(answer.text))")
      if !answer.passes { failures.append("the \(answer.name) is wrong") }
    }
    let sweep = try Self.sweep(weights)
    if let sweep, sweep.passes {
      lines.append("\(sweep.name): right (\(sweep.text))")
      isProved = true
    }
    if let verification = try Verification.read(path) {
      lines.append("outputs of the source model: \(verification.runtime)")
      if let reason = Comparison.mismatch(settings, verification) {
        failures.append("the group verification does not fit: \(reason)")
      } else {
        let distances = try Comparison.distances(weights, verification)
        lines += distances.map { "  \($0.output) on \($0.window): relative L2 \(Float($0.relativeL2))" }
        let worst = distances.filter(\.isGate).max { $0.relativeL2 < $1.relativeL2 }
        if let worst, !worst.passes {
          failures.append(
            "\(worst.output) on \(worst.window) differs by \(Float(worst.relativeL2)) from the source model, "
              + "more than \(Distance.limit)")
        } else {
          isProved = true
        }
      }
    }
    if !isProved, failures.isEmpty { lines.append(Self.unproved(settings, sweep)) }
    self.lines = lines
    error = failures.first.map {
      RunnerError(path.string, $0, remedy: "make the file again from the released model", exit: .weights)
    }
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
    case (_, let sweep?): "UNVERIFIED: the \(sweep.name) is not the published one (\(sweep.text)), and the file holds no outputs of its source"
    default: "UNVERIFIED: the file holds no outputs of its source model"
    }
  }
}
