import PerchAudio
import PerchCore
import PerchRecognition
import PerchTables

/// What all tables of a run share.
struct AnalyzeContext {
  let settings: AnalyzeSettings
  let recordings: [AnalyzedRecording]
  let model: ModelFacts
  /// Labels of each recognizer, then those of the model.
  let labels: [[String]]
  /// UTC, ISO 8601.
  let created: String

  /// What a table carries: the keys of `generate`, without those of a single recording.
  func provenance(of table: PlannedTable) throws(RunnerError) -> Provenance {
    let generate = settings.generate
    var result = Provenance()
    result.set("format", "perch-runner \(table.analysis.rawValue) 1")
    result.set("version", programVersion)
    result.set("model", "\(model.name) (\(model.edition))")
    result.set("model_sha256", try model.digestText)
    if table.analysis == .embeddings, let embeddings = settings.embeddings {
      result.set("embedding_dim", "\(model.embeddingSize)")
      let isText = embeddings.layout == .serialized
      result.set(
        "embedding_encoding",
        (isText ? "base64 float32 little-endian" : "float32")
          + (generate.precision == .float16 ? " rounded to float16" : ""))
    }
    result.set("sample_rate", "32000")
    result.set("window_seconds", "\(GenerateSettings.windowSeconds)")
    result.set("hop_seconds", "\(generate.hop.seconds)")
    result.set("tail", generate.tail.rawValue)
    result.set("channels", generate.channel.text)
    result.set("resampler", "polyphase")
    result.set("normalization", generate.normalization.text(peak: model.targetPeak))
    if table.analysis == .recognizerResults, let recognizers = settings.recognizers?.all {
      let shown = table.recognizer.map { [recognizers[$0]] } ?? recognizers
      result.set("recognizers", JSONText.list(shown.map(\.provenance)))
    }
    result.set("created", created)
    result.set("config_json", JSONText.object(configuration(of: table)))
    result.set("weights", model.weights)
    result.set("compat", generate.compat.rawValue)
    result.set("kernels", model.kernels)
    return result
  }

  /// Everything that can change a row of the table, by the options' names.
  private func configuration(of table: PlannedTable) -> [String: JSONText.Value] {
    var values: [AnalyzeOption: JSONText.Value] = [
      .modelChoice: .string(model.name), .compat: .string(settings.generate.compat.rawValue),
      .precision: .string(settings.generate.precision.rawValue),
    ]
    for (option, text) in settings.mappingTexts { values[option] = .string(text) }
    switch table.analysis {
    case .embeddings:
      values[.embeddingsTableFormat] = .string(settings.embeddings?.layout.rawValue ?? "")
    case .recognizerResults:
      let recognizers = settings.recognizers?.all ?? []
      let shown = table.recognizer.map { [recognizers[$0]] } ?? recognizers
      values[.recognizers] = .list(shown.map { .members($0.configuration) })
    case .classifyResults:
      guard let choices = settings.classes?.choices else { break }
      values[.logitThreshold] = choices.floor.threshold.map { .float($0) } ?? .string("none")
      values[.logitTransform] = .string(choices.transform.text)
      values[.perchMaxDetections] = choices.top.map { .integer($0) } ?? .null
      values[.perchSpeciesList] = choices.species.map { .list($0.names.map { .string($0) }) } ?? .null
    }
    return Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
  }
}
