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
    try await recordings.each(observer) { task throws(RunnerError) in
      try await classify(
        RecordingRun(
          task: task, settings: settings.generate, engine: engine, created: created, observer: observer), scoring)
    }
  }

  private func engine() throws(RunnerError) -> EmbeddingEngine {
    let choices: ClassChoices? = if case .classes(let choices) = settings.scored { choices } else { nil }
    return try EmbeddingEngine(
      settings.generate, usual: settings.usualModel, classes: choices, note: observer.note)
  }

  nonisolated(nonsending) private func classify(
    _ run: RecordingRun, _ scoring: WindowScoring
  ) async throws(RunnerError) {
    var reader = try run.open()
    var outputs = try EventOutputs(
      run.task, settings: settings, scorers: scoring.scorers, sampleRate: reader.facts.sampleRate.hertz)
    let embedding = run.embedding
    try await run.each(&reader, workers: scoring.workers) { [task = run.task] worker, window throws(RunnerError) in
      try worker.score(try embedding(worker.network, window), of: task)
    } emit: { result throws(RunnerError) in
      try outputs.append(result.scored)
    }
    let provenance = try Provenance(
      generate: settings.generate, model: run.engine.facts, recording: run.facts(of: reader),
      created: run.created)
    try outputs.finish(
      provenance.ofEvents(
        recognizers: settings.recognizersText,
        configuration: settings.configurationJSON(model: run.engine.facts.name), created: run.created))
  }
}
