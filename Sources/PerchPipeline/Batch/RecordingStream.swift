import PerchAudio
import PerchCore
import PerchTensor

/// The straight line for any number of recordings: file, windows, results, outputs.
///
/// One pool of workers serves them all. While it computes the last windows of a recording the next one is read, so
/// that workers are never idle between two of them. Results leave in the order of the recordings and of their
/// windows, to the sink of the one recording that is being written: however many recordings there are and however
/// long they are, memory holds some windows for each worker.
package struct RecordingStream<Worker: Sendable, Sink: RecordingSink & ~Copyable> {
  package typealias Compute = @Sendable (Worker, Window, RecordingTask) throws(RunnerError) -> Sink.Result

  private let workers: [Worker]
  private let reading: ReadingSettings
  private let observer: Observer
  private let compute: Compute
  private let makeSink: (RecordingTask, RecordingFacts) throws(RunnerError) -> Sink

  /// - Parameters:
  ///   - compute: the result for a window, on one of the workers.
  ///   - makeSink: where the results of a recording go.
  package init(
    workers: [Worker], reading: ReadingSettings, observer: Observer, compute: @escaping Compute,
    makeSink: @escaping (RecordingTask, RecordingFacts) throws(RunnerError) -> Sink
  ) {
    self.workers = workers
    self.reading = reading
    self.observer = observer
    self.compute = compute
    self.makeSink = makeSink
  }

  /// Works on what `next` gives until it gives nil, and tells `ended` of each recording, in order. One that cannot
  /// be read or written leaves no output and the work goes on.
  ///
  /// - Throws: what would fail all recordings, and what `next` or `ended` throws. The recording under work then
  ///   leaves no output.
  nonisolated(nonsending) package func run(
    next: () throws(RunnerError) -> RecordingTask?,
    ended: (RecordingOutcome) throws(RunnerError) -> Void
  ) async throws(RunnerError) {
    var intake = RecordingIntake(reading)
    var desk = RecordingDesk(makeSink: makeSink, observer: observer)
    try await OrderedPipeline(workers: workers, transform: transform).run {
      () throws(RunnerError) in
      try intake.next(next)
    } emit: { (made: Made<Sink.Result>) throws(RunnerError) in
      if let samples = made.samples { intake.recycle(samples) }
      guard let outcome = try desk.take(made) else { return }
      if outcome.failure != nil { intake.abandon(made.recording) }
      try ended(outcome)
    }
  }

  private var transform: @Sendable (Worker, RecordingIntake.Step) throws(RunnerError) -> Made<Sink.Result> {
    { [compute] worker, step throws(RunnerError) in
      let recording = step.recording
      var samples: Storage<Float>?
      do throws(RunnerError) {
        switch step.content {
        case .window(let window, let facts):
          samples = window.samples
          let result = try compute(worker, window, recording.task)
          return Made(recording: recording, samples: samples, content: .result(result, facts))
        case .end(let end):
          // Here, because workers hash at the same time as others compute.
          return Made(recording: recording, content: .end(end, digest: try recording.digest()))
        case .failure(let error, let microseconds):
          return Made(recording: recording, content: .failure(error, microseconds: microseconds))
        }
      } catch {
        guard error.costsOnlyItself else { throw error }
        return Made(
          recording: recording, samples: samples, content: .failure(error, microseconds: step.content.claim))
      }
    }
  }
}

/// What a worker made of one step of the reading.
struct Made<Result: Sendable>: Sendable {
  enum Content: Sendable {
    case result(Result, RecordingFacts)
    case end(RecordingIntake.EndOfSound, digest: String)
    /// - Parameter microseconds: sound that the reader knows of; nil where it was not asked.
    case failure(RunnerError, microseconds: Int?)
  }

  let recording: OpenRecording
  /// Memory to be used again.
  var samples: Storage<Float>?
  let content: Content
}
