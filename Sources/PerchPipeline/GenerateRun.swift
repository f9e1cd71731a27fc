import PerchAudio
import PerchCore
import PerchTables

/// `generate`: a table of embeddings for a recording, or for each in a folder.
package struct GenerateRun: Sendable {
  private let settings: GenerateSettings
  private let observer: Observer

  package init(_ settings: GenerateSettings, observer: Observer) {
    self.settings = settings
    self.observer = observer
  }

  /// - Parameter input: a recording or a folder of them.
  /// - Throws: what is wrong with the recording; exit code 7 when some recordings of a folder failed,
  ///   each of which has then been reported on its own.
  nonisolated(nonsending) package func run(_ input: String, to destination: Destination) async throws(RunnerError) {
    try await run(Recordings(input, to: destination, kind: Self.kind, ending: settings.format.rawValue))
  }

  /// - Throws: exit code 7 when some recordings failed; the report says which and why.
  nonisolated(nonsending) package func run(
    _ inputs: BatchInputs, _ choices: BatchChoices
  ) async throws(RunnerError) {
    try await run(inputs.recordings(kind: Self.kind, ending: settings.format.rawValue), choices)
  }

  private static let kind = "embeddings"

  nonisolated(nonsending) private func run(
    _ recordings: Recordings, _ choices: BatchChoices = BatchChoices()
  ) async throws(RunnerError) {
    let created = try CreationTime.text()
    settings.notes.forEach(observer.note)
    let engine = try EmbeddingEngine(settings, note: observer.note)
    try await recordings.work(
      choices,
      expecting: ExpectedOutput(
        format: "perch-runner embeddings 1", model: engine.facts,
        configuration: settings.configurationJSON(model: engine.facts.name)),
      reading: ReadingSettings(settings, model: engine.facts), observer
    ) { observer in
      stream(engine, created: created, observer)
    }
  }

  private func stream(
    _ engine: EmbeddingEngine, created: String, _ observer: Observer
  ) -> RecordingStream<any EmbeddingWorker, EmbeddingSink> {
    RecordingStream(
      workers: engine.workers, reading: ReadingSettings(settings, model: engine.facts), observer: observer,
      compute: engine.embedding(settings.precision)
    ) { [settings, facts = engine.facts] task, _ throws(RunnerError) in
      try EmbeddingSink(task, settings: settings, model: facts, created: created)
    }
  }
}

/// The table of embeddings of one recording.
struct EmbeddingSink: RecordingSink, ~Copyable {
  private let source: String
  private let settings: GenerateSettings
  private let model: ModelFacts
  private let created: String
  private var table: EmbeddingTableWriter

  init(
    _ task: RecordingTask, settings: GenerateSettings, model: ModelFacts, created: String
  ) throws(RunnerError) {
    source = task.source
    let settings = settings.writing(to: task.output)
    self.settings = settings
    self.model = model
    self.created = created
    table = try EmbeddingTableWriter(
      path: task.output, format: settings.format, layout: settings.layout, metadata: settings.metadata,
      dimension: model.embeddingSize)
  }

  mutating func append(_ window: EmbeddedWindow) throws(RunnerError) {
    try table.append(
      source: source, channel: window.position.channel, start: window.position.startSeconds,
      end: window.position.endSeconds, embedding: window.embedding)
  }

  consuming func finish(_ recording: InputFacts) throws(RunnerError) {
    try table.finish(
      Provenance(generate: settings, model: model, recording: recording, created: created))
  }
}
