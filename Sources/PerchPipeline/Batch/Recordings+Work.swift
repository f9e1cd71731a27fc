import PerchAudio
import PerchCore

extension Recordings {
  /// Works on one recording, whose failure is thrown, or on several as a batch.
  ///
  /// - Parameter stream: the stream that tells an observer.
  nonisolated(nonsending) func work<Worker: Sendable, Sink: RecordingSink & ~Copyable>(
    _ choices: BatchChoices, expecting expected: ExpectedOutput, reading: ReadingSettings, _ observer: Observer,
    in stream: (Observer) -> RecordingStream<Worker, Sink>
  ) async throws(RunnerError) {
    if isFolder {
      let run = BatchRun(
        recordings: self, choices: choices, expected: expected, reading: reading, observer: observer)
      return try await run.run(stream)
    }
    var rest = tasks[...]
    try await stream(observer).run {
      () throws(RunnerError) in
      rest.popFirst()
    } ended: { outcome throws(RunnerError) in
      if let error = outcome.failure { throw error }
    }
  }
}
