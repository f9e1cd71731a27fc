import PerchCore

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
    let recordings = try Recordings(
      input, to: destination, kind: "embeddings", ending: settings.format.rawValue)
    let created = try CreationTime.text()
    settings.notes.forEach(observer.note)
    let engine = try EmbeddingEngine(settings, note: observer.note)
    try await recordings.each(observer) { task throws(RunnerError) in
      try await RecordingRun(
        task: task, settings: settings, engine: engine, created: created, observer: observer
      ).run()
    }
  }
}

extension Recordings {
  /// Does `work` for each recording. In a folder one that fails costs only itself and is reported; exit code 7
  /// is thrown at the end.
  nonisolated(nonsending) func each(
    _ observer: Observer, work: nonisolated(nonsending) (RecordingTask) async throws(RunnerError) -> Void
  ) async throws(RunnerError) {
    var failures = 0
    for task in tasks {
      do { try await work(task) } catch {
        guard isFolder, error.costsOnlyItself else { throw error }
        observer.failure(error)
        failures += 1
      }
    }
    guard failures == 0 else {
      throw RunnerError(
        name, "\(failures) of \(tasks.count) recordings failed", remedy: "see the lines above", exit: .partial)
    }
  }
}

extension RunnerError {
  /// Whether the other recordings of a folder can still be worked on.
  fileprivate var costsOnlyItself: Bool {
    switch exit {
    case .input, .output: true
    case .success, .internalFault, .usage, .weights, .recognizer, .partial, .interrupted, .terminated: false
    }
  }
}
