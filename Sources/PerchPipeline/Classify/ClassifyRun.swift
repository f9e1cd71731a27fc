import PerchAudio
import PerchCore
import PerchRecognition
import PerchTables
import SystemPackage

/// `classify`: events of a recording, of each recording of a folder, or of a table of embeddings.
package struct ClassifyRun: Sendable {
  private let settings: ClassifySettings
  private let observer: Observer

  package init(_ settings: ClassifySettings, observer: Observer) {
    self.settings = settings
    self.observer = observer
  }

  /// - Parameter input: a recording, a folder of them, or a table of embeddings.
  /// - Throws: what is wrong with an input, the weights or the recognizers; exit code 7 when some recordings of a
  ///   folder failed, each of which has then been reported on its own.
  nonisolated(nonsending) package func run(_ input: String, to destination: Destination) async throws(RunnerError) {
    try await run(Recordings(input, to: destination, kind: Self.kind, ending: settings.generate.format.rawValue))
  }

  /// - Throws: exit code 7 when some recordings failed; the report says which and why.
  nonisolated(nonsending) package func run(
    _ inputs: BatchInputs, _ choices: BatchChoices
  ) async throws(RunnerError) {
    try await run(inputs.recordings(kind: Self.kind, ending: settings.generate.format.rawValue), choices)
  }

  private static let kind = "classifications"

  nonisolated(nonsending) private func run(
    _ recordings: Recordings, _ choices: BatchChoices = BatchChoices()
  ) async throws(RunnerError) {
    try Recordings.checkDistinct(recordings.tasks, "list", lists)
    let created = try CreationTime.text()
    settings.generate.notes.forEach(observer.note)
    if !recordings.isFolder, let task = recordings.tasks.first, TableClassification.takes(task.input) {
      return try TableClassification(settings: settings, observer: observer).run(task, created: created)
    }
    let engine = try engine()
    let scoring = try WindowScoring(settings.scored, engine: engine)
    try await recordings.work(
      choices, expecting: expected(engine.facts),
      reading: ReadingSettings(settings.generate, model: engine.facts), observer
    ) { observer in
      stream(engine, scoring, created, observer)
    }
  }

  /// Files beside the table: named after the recording also where a list names the table otherwise.
  private var lists: @Sendable (RecordingTask) -> [FilePath] {
    { [lists = settings.lists] task in lists.map { EventOutputs.path(of: $0, task) } }
  }

  private func expected(_ model: ModelFacts) -> ExpectedOutput {
    var expected = ExpectedOutput(
      format: "perch-runner events 1", model: model, configuration: settings.configurationJSON(model: model.name),
      recognizers: settings.recognizersText)
    expected.besides = lists
    return expected
  }

  private func engine() throws(RunnerError) -> EmbeddingEngine {
    let choices: ClassChoices? = if case .classes(let choices) = settings.scored { choices } else { nil }
    return try EmbeddingEngine(
      settings.generate, usual: settings.usualModel, classes: choices, note: observer.note)
  }

  private func stream(
    _ engine: EmbeddingEngine, _ scoring: WindowScoring, _ created: String, _ observer: Observer
  ) -> RecordingStream<ScoringWorker, EventSink> {
    let embedding = engine.embedding(settings.generate.precision)
    return RecordingStream(
      workers: scoring.workers, reading: ReadingSettings(settings.generate, model: engine.facts),
      observer: observer
    ) { worker, window, task throws(RunnerError) in
      try worker.score(try embedding(worker.network, window, task), of: task)
    } makeSink: { [settings] task, facts throws(RunnerError) in
      try EventSink(
        task, settings: settings, scorers: scoring.scorers, sampleRate: facts.sampleRate.hertz,
        model: engine.facts, created: created)
    }
  }
}
