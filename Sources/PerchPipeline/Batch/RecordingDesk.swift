import PerchAudio
import PerchCore

/// Hands the results of recordings, which come in order, to the sink of each.
struct RecordingDesk<Sink: RecordingSink & ~Copyable>: ~Copyable {
  private let makeSink: (RecordingTask, RecordingFacts) throws(RunnerError) -> Sink
  private let observer: Observer

  private var sink: Sink?
  /// The recording that results come for; nil between two.
  private var current: OpenRecording?
  private var facts: RecordingFacts?
  private var coverage = WindowCoverage()
  private var meter: ProgressMeter?
  /// Results of a recording with a number below this come too late: it has failed.
  private var firstOpen = 0

  init(
    makeSink: @escaping (RecordingTask, RecordingFacts) throws(RunnerError) -> Sink, observer: Observer
  ) {
    self.makeSink = makeSink
    self.observer = observer
  }

  /// Takes the next result. When the recording is at its end with it, or has failed, that is returned.
  ///
  /// - Throws: what would fail all recordings.
  mutating func take(_ made: Made<Sink.Result>) throws(RunnerError) -> RecordingOutcome? {
    let recording = made.recording
    guard recording.number >= firstOpen else { return nil }
    if current !== recording { begin(recording) }
    do throws(RunnerError) {
      switch made.content {
      case .result(let result, let facts):
        try append(result, facts)
        return nil
      case .end(let end, let digest): return try finish(end, digest)
      case .failure(let error, let microseconds): return fail(error, microseconds)
      }
    } catch {
      guard error.costsOnlyItself else { throw error }
      return fail(error, nil)
    }
  }

  private mutating func begin(_ recording: OpenRecording) {
    current = recording
    facts = nil
    coverage = WindowCoverage()
    meter = nil
  }

  private mutating func append(_ result: Sink.Result, _ facts: RecordingFacts) throws(RunnerError) {
    try open(facts)
    try sink?.append(result)
    coverage.add(result.position)
    meter?.advance(to: result.position.endSeconds)
  }

  /// Before the first result of a recording, or at its end when there was none.
  private mutating func open(_ facts: RecordingFacts) throws(RunnerError) {
    guard self.facts == nil, let task = current?.task else { return }
    self.facts = facts
    meter = ProgressMeter(
      recording: task.source, totalSeconds: facts.claimedSeconds, report: observer.progress)
    sink = try makeSink(task, facts)
  }

  private mutating func finish(
    _ end: RecordingIntake.EndOfSound, _ digest: String
  ) throws(RunnerError) -> RecordingOutcome? {
    try open(end.facts)
    guard let recording = current, let sink = sink.take() else { return nil }
    let rate = end.facts.sampleRate
    end.notes.forEach(observer.note)
    try sink.finish(
      InputFacts(
        source: recording.task.source, digest: digest, durationSeconds: Double(end.frames) / Double(rate.hertz),
        sampleRate: rate.hertz, channels: end.facts.channels, start: end.facts.startTime))
    let windows = meter?.windows ?? 0
    meter?.finish()
    leave(recording)
    return RecordingOutcome(
      task: recording.task, windows: windows,
      sound: SoundAccount(
        decoded: end.frames, unreadable: end.framesUnreadable, rate: rate, coverage: coverage),
      seconds: recording.secondsSoFar, notes: end.notes, failure: nil)
  }

  /// - Parameter microseconds: sound that is known of; nil to go by the header, or what came.
  private mutating func fail(_ error: RunnerError, _ microseconds: Int?) -> RecordingOutcome? {
    guard let recording = current else { return nil }
    sink = nil
    leave(recording)
    let seen = SoundAccount.microseconds(coverage.end, WindowCoverage.rate)
    let claimed = facts?.claimedSeconds.map { SoundAccount.microseconds(seconds: $0) } ?? seen
    return RecordingOutcome(
      task: recording.task, windows: 0, sound: .failed(microseconds ?? claimed),
      seconds: recording.secondsSoFar, notes: [], failure: error)
  }

  private mutating func leave(_ recording: OpenRecording) {
    current = nil
    firstOpen = recording.number + 1
  }
}

extension OpenRecording {
  fileprivate var secondsSoFar: Double { (ContinuousClock.now - began) / .seconds(1) }
}
