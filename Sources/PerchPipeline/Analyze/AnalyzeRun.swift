import PerchAudio
import PerchCore
import PerchTables
import SystemPackage

/// `analyze`: every recording once through the model, its windows into all tables that are wanted.
package struct AnalyzeRun: Sendable {
  private let settings: AnalyzeSettings
  private let observer: Observer

  package init(_ settings: AnalyzeSettings, observer: Observer) {
    self.settings = settings
    self.observer = observer
  }

  /// - Throws: what is wrong with the weights, the recognizers or the output; what is wrong with the recording, or
  ///   exit code 7 when some recordings of a folder failed, each of which has then been reported on its own.
  nonisolated(nonsending) package func run() async throws(RunnerError) {
    try await run { () throws(RunnerError) in
      try EmbeddingEngine(
        settings.generate, usual: settings.usualModel, classes: settings.classes?.choices, note: observer.note)
    }
  }

  /// The same with a model of the caller's.
  ///
  /// - Parameter makeEngine: is called when everything else is known to be right.
  nonisolated(nonsending) package func run(
    on makeEngine: () throws(RunnerError) -> EmbeddingEngine
  ) async throws(RunnerError) {
    settings.notes.forEach(observer.note)
    let recordings = try AnalyzedRecordings(settings)
    let plan = try TablePlan(settings, recordings.all)
    (recordings.notes + plan.notes).forEach(observer.note)
    let created = try CreationTime.text()
    let engine = try makeEngine()
    let scoring = try AnalyzeScoring(settings, engine: engine)
    let context = AnalyzeContext(
      settings: settings, recordings: recordings.all, model: engine.facts, labels: scoring.labels, created: created)
    var tables = try MergedTables(plan, in: context)
    let failures = try await analyze(recordings, engine, scoring, into: &tables)
    try tables.finish()
    guard failures == 0 else {
      throw RunnerError(
        settings.source.string, "\(failures) of \(recordings.all.count) recordings failed",
        remedy: "see the lines above", exit: .partial)
    }
  }

  /// Returns how many recordings of a folder failed: each of them costs only itself.
  nonisolated(nonsending) private func analyze(
    _ recordings: AnalyzedRecordings, _ engine: EmbeddingEngine, _ scoring: AnalyzeScoring,
    into tables: inout MergedTables
  ) async throws(RunnerError) -> Int {
    var failures = 0
    for (index, recording) in recordings.all.enumerated() {
      do {
        try await analyze(recording, engine, scoring, into: &tables)
      } catch {
        guard recordings.isFolder, error.exit == .input else { throw error }
        observer.failure(error)
        failures += 1
        try tables.failRecording(index)
        continue
      }
      try tables.endRecording(index)
    }
    return failures
  }

  /// Gives the windows of a recording to the tables, which do not count on them before its end.
  nonisolated(nonsending) private func analyze(
    _ recording: AnalyzedRecording, _ engine: EmbeddingEngine, _ scoring: AnalyzeScoring,
    into tables: inout MergedTables
  ) async throws(RunnerError) {
    let run = RecordingRun(
      task: RecordingTask(
        input: recording.input, source: recording.relative.string, output: settings.output),
      settings: settings.generate, engine: engine, created: "", observer: observer)
    var reader = try run.open()
    let embedding = run.embedding
    try await run.each(&reader, workers: scoring.workers) {
      [subject = recording.input.string] worker, window throws(RunnerError) in
      try worker.score(try embedding(worker.network, window), of: subject)
    } emit: { result throws(RunnerError) in
      try tables.append(result.window)
    }
  }
}
