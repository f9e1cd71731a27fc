import PerchAudio
import PerchCore
import PerchTables

/// What a table says of the model that made it.
package struct ModelFacts: Sendable {
  /// As in the weights file, such as `perch_8`.
  package let name: String
  /// Released version, such as `v8`; `seeded` for weights that nothing was trained for.
  package let edition: String
  /// SHA-256 of the weights file, or `seeded:<model>:<seed>`.
  package let digest: FileDigest
  package let embeddingSize: Int
  /// Largest magnitude in a window as the model wants it; 0 when it wants windows as they are.
  package let targetPeak: Double
  /// `trained, verified`, `trained, unverified` or `seeded <seed>`.
  package let weights: String
  /// The build of the kernels that computes.
  package let kernels: String

  package init(
    name: String, edition: String, digest: FileDigest, embeddingSize: Int, targetPeak: Double, weights: String,
    kernels: String
  ) {
    self.name = name
    self.edition = edition
    self.digest = digest
    self.embeddingSize = embeddingSize
    self.targetPeak = targetPeak
    self.weights = weights
    self.kernels = kernels
  }
}

extension ModelFacts {
  /// The digest as text, when the weights have been hashed.
  var digestText: String {
    get throws(RunnerError) { try digest.text(of: name) }
  }
}

/// What a table says of the recording that it was made from; known when that has been read to its end.
package struct InputFacts: Sendable {
  /// The text of the column `source`.
  package let source: String
  /// SHA-256 of the file.
  package let digest: String
  /// Frames decoded over the rate of the file.
  package let durationSeconds: Double
  /// Hertz, of the file.
  package let sampleRate: Int
  /// Channels of the file.
  package let channels: Int
  /// nil when nothing says when the recording began.
  package let start: RecordingTime?

  package init(
    source: String, digest: String, durationSeconds: Double, sampleRate: Int, channels: Int,
    start: RecordingTime?
  ) {
    self.source = source
    self.digest = digest
    self.durationSeconds = durationSeconds
    self.sampleRate = sampleRate
    self.channels = channels
    self.start = start
  }
}

extension Provenance {
  /// What an embeddings table carries. Keys and order are part of the format.
  ///
  /// - Parameter created: UTC, ISO 8601.
  package init(
    generate settings: GenerateSettings, model: ModelFacts, recording: InputFacts, created: String
  ) throws(RunnerError) {
    self.init()
    set("format", "perch-runner embeddings 1")
    set("version", programVersion)
    set("model", "\(model.name) (\(model.edition))")
    set("model_sha256", try model.digestText)
    set("embedding_dim", "\(model.embeddingSize)")
    set("embedding_encoding", settings.encoding)
    set("sample_rate", "32000")
    set("window_seconds", "\(GenerateSettings.windowSeconds)")
    set("hop_seconds", "\(settings.hop.seconds)")
    set("tail", settings.tail.rawValue)
    set("channels", settings.channel.text)
    set("resampler", "polyphase")
    set("normalization", settings.normalization.text(peak: model.targetPeak))
    set("input", recording.source)
    set("input_sha256", recording.digest)
    set("input_duration_seconds", "\(recording.durationSeconds)")
    set("input_sample_rate", "\(recording.sampleRate)")
    set("input_channels", "\(recording.channels)")
    set("created", created)
    set("config_json", settings.configurationJSON(model: model.name))
    set("weights", model.weights)
    set("compat", settings.compat.rawValue)
    set("kernels", model.kernels)
    if let start = recording.start {
      set("recording_start", start.text)
      set("recording_start_source", start.source.rawValue)
    }
  }
}

extension GenerateSettings {
  /// How the table holds the vectors.
  var encoding: String {
    let text = layout == .serialized || (format == .csv && layout == .list)
    return (text ? "base64 float32 little-endian" : "float32")
      + (precision == .float16 ? " rounded to float16" : "")
  }

  /// Everything that can change a row or a column, in one line with sorted keys. Two tables of one
  /// recording and one `model_sha256` with equal text hold equal rows.
  package func configurationJSON(model: String) -> String { JSONText.object(configuration(model: model)) }

  func configuration(model: String) -> [String: JSONText.Value] {
    [
      "channel": .string(channel.text),
      "compat": .string(compat.rawValue),
      "embedding_model": .string(model),
      "hop_length_seconds": .number(hop.seconds),
      "layout": .string(layout.rawValue),
      "normalization": .string(normalization.rawValue),
      "precision": .string(precision.rawValue),
      "tail": .string(tail.rawValue),
    ]
  }
}

extension ChannelChoice {
  /// As on the command line.
  package var text: String {
    switch self {
    case .first: "first"
    case .mean: "mean"
    case .all: "all"
    case .index(let number): "\(number)"
    }
  }

  /// As on the command line; nil for other text.
  package init?(text: String) {
    switch text {
    case "first": self = .first
    case "mean": self = .mean
    case "all": self = .all
    default:
      guard let number = Int(text), number >= 0 else { return nil }
      self = .index(number)
    }
  }
}

extension Normalization {
  /// What is done to a window before the network sees it.
  func text(peak: Double) -> String {
    switch self {
    case .hoplite where peak > 0: "mean 0, peak \(peak)"
    case .peak where peak > 0: "peak \(peak)"
    case .hoplite, .peak, .none: "none"
    }
  }
}
