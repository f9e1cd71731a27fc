import PerchCore
import PerchTables

/// The table of distances of one recording.
struct DistanceSink: RecordingSink, ~Copyable {
  private let source: String
  private let settings: GenerateSettings
  private let choices: DistanceChoices
  private let queries: [Query]
  private let model: ModelFacts
  private let created: String
  private let note: @Sendable (Note) -> Void
  private var table: DistanceTable

  init(
    _ task: RecordingTask, settings: GenerateSettings, choices: DistanceChoices, queries: [Query],
    model: ModelFacts, created: String, note: @escaping @Sendable (Note) -> Void
  ) throws(RunnerError) {
    source = task.source
    let settings = settings.writing(to: task.output)
    self.settings = settings
    self.choices = choices
    self.queries = queries
    self.model = model
    self.created = created
    self.note = note
    table = try DistanceTable(path: task.output, queries: queries, choices: choices, settings: settings)
  }

  mutating func append(_ window: EmbeddedWindow) throws(RunnerError) {
    try table.append(
      EmbeddingRow(
        source: source, channel: window.position.channel, start: window.position.startSeconds,
        end: window.position.endSeconds, embedding: window.embedding))
  }

  consuming func finish(_ recording: InputFacts) throws(RunnerError) {
    if let note = Note(undefinedDistances: table.undefinedRows, in: source) { self.note(note) }
    var provenance = try Provenance(
      generate: settings, model: model, recording: recording, created: created)
    provenance.set("config_json", choices.configurationJSON(settings, model: model.name))
    try table.finish(provenance.ofDistances(to: queries))
  }
}

extension DistanceChoices {
  /// `config_json` of distances of a recording.
  func configurationJSON(_ settings: GenerateSettings, model: String) -> String {
    JSONText.object(settings.configuration(model: model).merging(configuration) { $1 })
  }
}

extension Note {
  /// nil when all embeddings have a direction.
  init?(undefinedDistances count: Int, in source: String) {
    if count == 0 { return nil }
    let rows =
      count == 1 ? "1 embedding is zero: its distance is" : "\(count) embeddings are zero: their distances are"
    self.init(.warning, source, "\(rows) left empty")
  }
}
