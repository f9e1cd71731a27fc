import PerchCore
import PerchRecognition

/// The recognizer file that `train` writes: the flat form that perch-hoplite, embeddings-classifier and
/// perch-runner load.
struct RecognizerText {
  let name: String
  let text: String
  let digest: String

  init(_ name: String, _ outcome: TrainingOutcome, hop: Double) {
    let dimension = outcome.set.embeddings.columns
    let document = JSONDocument.object([
      ("classifier_name", .text(name)),
      (
        "model_config",
        .object([
          ("model_key", .text(dimension == 1280 ? "taxonomy_model_tf" : "perch_v2")),
          ("embedding_dim", .integer(dimension)),
          (
            "model_config",
            .object([
              ("window_size_s", .number(GenerateSettings.windowSeconds)), ("hop_size_s", .number(hop)),
              ("sample_rate", .integer(32_000)),
              // 4 and 8 stand for perch_8 in every reader; 1 sends them to the dimension.
              ("tfhub_version", .integer(dimension == 1280 ? 8 : 1)), ("model_path", .text("")),
            ])
          ),
        ])
      ),
      ("classes", .list(outcome.set.labels.map { .text($0) })),
      ("beta", .text(Self.base64(outcome.weights))),
      ("beta_bias", .text(Self.base64(outcome.bias))),
      // A list, not an object by class: perch-hoplite refuses keys that hold a dot.
      ("threshold", .list(outcome.thresholds.map { .number(Double("\($0)") ?? 0) })),
    ])
    self.name = name
    text = document.text() + "\n"
    digest = Digest.sha256(Array(text.utf8))
  }

  /// Little-endian single precision.
  private static func base64(_ values: [Float]) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * 4)
    for value in values {
      let bits = value.bitPattern
      for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }
    var text: [UInt8] = []
    Base64.encode(bytes, into: &text)
    return String(decoding: text, as: UTF8.self)
  }
}
