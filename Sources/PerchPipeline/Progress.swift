import PerchCore

/// How far the work on one recording is.
package struct Progress: Equatable, Sendable {
  package let recording: String
  package let windows: Int
  /// Seconds of sound whose windows are done.
  package let soundSeconds: Double
  /// Seconds of sound in the whole recording, as its header says; nil when it says nothing.
  package let totalSeconds: Double?
  /// Seconds since the work began.
  package let elapsedSeconds: Double
  /// Whether this is the last report on the recording.
  package let isEnd: Bool

  package init(
    recording: String, windows: Int, soundSeconds: Double, totalSeconds: Double?, elapsedSeconds: Double,
    isEnd: Bool
  ) {
    self.recording = recording
    self.windows = windows
    self.soundSeconds = soundSeconds
    self.totalSeconds = totalSeconds
    self.elapsedSeconds = elapsedSeconds
    self.isEnd = isEnd
  }

  /// Seconds of sound worked through a second; nil in the first moment.
  package var speed: Double? { elapsedSeconds > 0 ? soundSeconds / elapsedSeconds : nil }

  /// One line for a person, as in `night.wav  720 windows  41.3 x real time  1:12 left`.
  package var line: String {
    var parts = [recording.printable, "\(windows) windows"]
    if let speed, speed.isFinite { parts.append("\(Self.oneDecimal(speed)) x real time") }
    if let left = secondsLeft { parts.append("\(Self.clock(left)) left") }
    return parts.joined(separator: "  ")
  }

  /// One line for a program.
  package var json: String {
    var members: [String: JSONText.Value] = [
      "event": .string(isEnd ? "done" : "progress"), "recording": .string(recording), "windows": .integer(windows),
      "sound_seconds": .number(soundSeconds), "elapsed_seconds": .number(elapsedSeconds),
    ]
    if let totalSeconds { members["total_seconds"] = .number(totalSeconds) }
    return JSONText.object(members)
  }

  private var secondsLeft: Double? {
    guard let totalSeconds, let speed, speed > 0, totalSeconds >= soundSeconds else { return nil }
    return (totalSeconds - soundSeconds) / speed
  }

  static func oneDecimal(_ number: Double) -> String {
    guard number < 1e6 else { return "\(number.rounded())" }
    let tenths = Int((number * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// `m:ss`, or `h:mm:ss` from an hour on.
  static func clock(_ seconds: Double) -> String {
    // More than a year left is no time that anybody waits for.
    let whole = Int(min(seconds, 365 * 86_400).rounded(.up))
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }
}

/// Counts windows and reports at most ten times a second, so that telling costs nothing beside the work.
struct ProgressMeter {
  private let recording: String
  private let totalSeconds: Double?
  private let report: @Sendable (Progress) -> Void
  private let start = ContinuousClock.now
  private var reported = ContinuousClock.now
  private(set) var windows = 0
  private var soundSeconds = 0.0

  init(recording: String, totalSeconds: Double?, report: @escaping @Sendable (Progress) -> Void) {
    self.recording = recording
    self.totalSeconds = totalSeconds
    self.report = report
  }

  /// One more window is done.
  /// - Parameter end: where its sound ends, in seconds.
  mutating func advance(to end: Double) {
    windows += 1
    soundSeconds = end
    let now = ContinuousClock.now
    guard now - reported >= .milliseconds(100) else { return }
    reported = now
    report(progress(isEnd: false))
  }

  func finish() { report(progress(isEnd: true)) }

  /// Seconds since the start.
  var elapsedSeconds: Double { (ContinuousClock.now - start) / .seconds(1) }

  private func progress(isEnd: Bool) -> Progress {
    Progress(
      recording: recording, windows: windows, soundSeconds: soundSeconds, totalSeconds: totalSeconds,
      elapsedSeconds: elapsedSeconds, isEnd: isEnd)
  }
}

/// What the work tells while it goes on. All functions may be called from any thread.
package struct Observer: Sendable {
  package let note: @Sendable (Note) -> Void
  package let progress: @Sendable (Progress) -> Void
  /// A recording of several failed; the work goes on with the next.
  package let failure: @Sendable (RunnerError) -> Void
  /// How far the work on several is, in place of `progress`.
  package let batch: @Sendable (BatchProgress) -> Void

  package init(
    note: @escaping @Sendable (Note) -> Void, progress: @escaping @Sendable (Progress) -> Void,
    failure: @escaping @Sendable (RunnerError) -> Void,
    batch: @escaping @Sendable (BatchProgress) -> Void = { _ in }
  ) {
    self.note = note
    self.progress = progress
    self.failure = failure
    self.batch = batch
  }
}
