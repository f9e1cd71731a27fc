import PerchCore
import Synchronization

/// How far a batch is.
package struct BatchProgress: Equatable, Sendable {
  /// What has just happened.
  package enum Event: Equatable, Sendable {
    /// Windows of a recording were done.
    case progress
    /// A recording ended.
    case recording(BatchRow.Status, source: String, windows: Int)
    case end
  }

  package let event: Event
  package let total: Int
  package let done: Int
  package let skipped: Int
  package let failed: Int
  /// Seconds of sound worked through; skipped recordings do not count.
  package let soundSeconds: Double
  package let elapsedSeconds: Double

  private var finished: Int { done + skipped + failed }

  /// At the pace so far; nil before there is one.
  package var secondsLeft: Double? {
    let worked = done + failed
    guard worked > 0 else { return nil }
    return elapsedSeconds / Double(worked) * Double(total - finished)
  }

  /// One line for a person, as in `120/2000 files  2 failed  1.4 h of sound  41.3 x real time  1:12 left`.
  package var line: String {
    var parts = ["\(finished)/\(total) files"]
    if failed > 0 { parts.append("\(failed) failed") }
    parts.append("\(Progress.oneDecimal(soundSeconds / 3600)) h of sound")
    if elapsedSeconds > 0 { parts.append("\(Progress.oneDecimal(soundSeconds / elapsedSeconds)) x real time") }
    if let secondsLeft { parts.append("\(Progress.clock(secondsLeft)) left") }
    return parts.joined(separator: "  ")
  }

  /// One line for a program.
  package var json: String {
    var members: [String: JSONText.Value] = [
      "files": .integer(total), "done": .integer(done), "skipped": .integer(skipped), "failed": .integer(failed),
      "sound_seconds": .number(soundSeconds), "elapsed_seconds": .number(elapsedSeconds),
    ]
    switch event {
    case .progress: members["event"] = .string("progress")
    case .end: members["event"] = .string("end")
    case .recording(let status, let source, let windows):
      members["event"] = .string(status.rawValue)
      members["recording"] = .string(source)
      members["windows"] = .integer(windows)
    }
    if let secondsLeft { members["left_seconds"] = .number(secondsLeft) }
    return JSONText.object(members)
  }
}

/// Counts recordings and their sound, and reports windows at most ten times a second.
final class BatchMeter: Sendable {
  private struct State {
    var done = 0
    var skipped = 0
    var failed = 0
    /// Of recordings that have ended, and of the one at hand.
    var soundSeconds = 0.0
    var soundAtHand = 0.0
    var reported = ContinuousClock.now
  }

  private let total: Int
  private let start = ContinuousClock.now
  private let report: @Sendable (BatchProgress) -> Void
  private let state = Mutex(State())

  init(total: Int, report: @escaping @Sendable (BatchProgress) -> Void) {
    self.total = total
    self.report = report
  }

  /// Windows of a recording are done.
  func advance(_ progress: Progress) {
    let isDue = state.withLock { state in
      state.soundAtHand = progress.soundSeconds
      let now = ContinuousClock.now
      guard now - state.reported >= .milliseconds(100) else { return false }
      state.reported = now
      return true
    }
    if isDue { tell(.progress) }
  }

  func ended(_ row: BatchRow) {
    state.withLock { state in
      switch row.status {
      case .done: state.done += 1
      case .skipped: state.skipped += 1
      case .failed: state.failed += 1
      }
      if row.status == .done { state.soundSeconds += Double(row.sound.microsecondsOut) / 1e6 }
      if row.status != .skipped { state.soundAtHand = 0 }
    }
    tell(.recording(row.status, source: row.source, windows: row.windows))
  }

  func end() { tell(.end) }

  private func tell(_ event: BatchProgress.Event) {
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let progress = state.withLock { state in
      BatchProgress(
        event: event, total: total, done: state.done, skipped: state.skipped, failed: state.failed,
        soundSeconds: state.soundSeconds + state.soundAtHand, elapsedSeconds: elapsed)
    }
    report(progress)
  }
}
