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
    let tables = SharedTables(try MergedTables(plan, in: context))
    let failures = try await analyze(recordings, engine, scoring, into: tables)
    try tables.merged.finish()
    guard failures == 0 else {
      throw RunnerError(
        settings.source.string, "\(failures) of \(recordings.all.count) recordings failed",
        remedy: "see the lines above", exit: .partial)
    }
  }

  /// Returns how many recordings of a folder failed: each of them costs only itself. The tables do not count on the
  /// windows of a recording before its end.
  nonisolated(nonsending) private func analyze(
    _ recordings: AnalyzedRecordings, _ engine: EmbeddingEngine, _ scoring: AnalyzeScoring,
    into tables: SharedTables
  ) async throws(RunnerError) -> Int {
    var failures = 0
    var (begun, ended) = (0, 0)
    try await stream(engine, scoring, into: tables).run {
      () throws(RunnerError) in
      guard begun < recordings.all.count else { return nil }
      let recording = recordings.all[begun]
      begun += 1
      return RecordingTask(
        input: recording.input, source: recording.relative.string, output: settings.output)
    } ended: { outcome throws(RunnerError) in
      defer { ended += 1 }
      guard let error = outcome.failure else { return try tables.merged.endRecording(ended) }
      // What cannot be written would be missing in the tables of all.
      guard recordings.isFolder, error.exit == .input else { throw error }
      observer.failure(error)
      failures += 1
      try tables.merged.failRecording(ended)
    }
    return failures
  }

  private func stream(
    _ engine: EmbeddingEngine, _ scoring: AnalyzeScoring, into tables: SharedTables
  ) -> RecordingStream<AnalyzeWorker, SpoolSink> {
    let embedding = engine.embedding(settings.generate.precision)
    return RecordingStream(
      workers: scoring.workers, reading: ReadingSettings(settings.generate, model: engine.facts), observer: observer
    ) { worker, window, task throws(RunnerError) in
      try worker.score(try embedding(worker.network, window, task), of: task.input.string)
    } makeSink: { _, _ throws(RunnerError) in
      SpoolSink(tables: tables)
    }
  }
}

/// The tables that the recordings of a run have in common; they come one after the other.
private final class SharedTables {
  var merged: MergedTables

  init(_ merged: consuming MergedTables) { self.merged = merged }
}

/// Puts the windows of a recording aside for the tables, which take them when it has come to its end.
private struct SpoolSink: RecordingSink {
  let tables: SharedTables

  func append(_ result: AnalyzeWorker.Result) throws(RunnerError) { try tables.merged.append(result.window) }

  func finish(_ recording: InputFacts) {}
}
