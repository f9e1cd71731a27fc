import PerchCore
import PerchWeights

/// Digests of the released files that somebody published (sources: BIRDA's model manifest and
/// justinchuby/Perch-onnx for the ONNX files, Benedict-Carling/perch2-int8 for the SavedModel).
enum ReleasedFile {
  private static let names = [
    "bf0c8467a924cb074663970ca4a0ab1e143602121930209657d0dff5d5cefa1f": "perch_v2.onnx (justinchuby/Perch-onnx)",
    "4dcf71c18a147198545944bb5149697e89e3ad2e16637fa8f0edf6d13035a017":
      "perch_v2_no_dft.onnx (justinchuby/Perch-onnx)",
    "69571ece6a9229bd339af37f935821b9e3f53869298bd9ad97135a0c87efcea1":
      "perch_v2 SavedModel (google/bird-vocalization-classifier, Kaggle)",
  ]

  /// What a weights file records about its source, and the same for people.
  static func provenance(
    _ digest: String, of description: String, what: String
  ) -> (record: WeightProvenance, findings: [String]) {
    let known = names[digest]
    let record = WeightProvenance(
      source: known ?? "\(description), hash unknown", sourceSHA256: digest, license: "Apache-2.0",
      creator: "perch-runner \(programVersion)")
    return (record, ["SHA-256 of the \(what): \(digest)", known.map { "this is \($0)" } ?? "hash unknown"])
  }
}

extension WeightProvenance {
  static let unknown = WeightProvenance(source: "", sourceSHA256: "", license: "", creator: "")
}
