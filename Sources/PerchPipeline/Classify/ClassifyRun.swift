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
    let recordings = try Recordings(
      input, to: destination, kind: "classifications", ending: settings.generate.format.rawValue)
    let created = try CreationTime.text()
    settings.generate.notes.forEach(observer.note)
    if !recordings.isFolder, let task = recordings.tasks.first, TableClassification.takes(task.input) {
      return try TableClassification(settings: settings, observer: observer).run(task, created: created)
    }
    let engine = try engine()
    let scoring = try WindowScoring(settings.scored, engine: engine)
    try await recordings.each(in: stream(engine, scoring, created), observer)
  }

  private func engine() throws(RunnerError) -> EmbeddingEngine {
    let choices: ClassChoices? = if case .classes(let choices) = settings.scored { choices } else { nil }
    return try EmbeddingEngine(
      settings.generate, usual: settings.usualModel, classes: choices, note: observer.note)
  }

  private func stream(
    _ engine: EmbeddingEngine, _ scoring: WindowScoring, _ created: String
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
