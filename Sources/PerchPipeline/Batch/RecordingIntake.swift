import PerchAudio
import PerchCore
import PerchTensor
import SystemPackage

/// A window of a recording: 5 s at 32 kHz, for both models.
package struct Window: Sendable {
  package static let samples = 160_000

  package let position: WindowPosition
  package let samples: Storage<Float>

  /// The next window of `reader`, or nil at the end of the recording.
  init?(from reader: inout WindowReader, into samples: Storage<Float>) throws(RunnerError) {
    let position = try samples.withMutableSpan(0..<samples.count) { span throws(RunnerError) in
      try reader.next(into: &span)
    }
    guard let position else { return nil }
    self.position = position
    self.samples = samples
  }
}

/// A recording that is being worked on.
final class OpenRecording: Sendable {
  /// Counted from 0 in the order of the work.
  let number: Int
  let task: RecordingTask
  let began = ContinuousClock.now
  /// As the file was before it was opened; nil where it could not be looked at.
  private let identity: Identity?

  init(number: Int, task: RecordingTask) {
    self.number = number
    self.task = task
    identity = Identity(task.input)
  }

  /// What changes when a file is replaced or written to.
  private struct Identity: Equatable {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int

    init?(_ path: FilePath) {
      guard let status = try? path.stat().rawValue else { return nil }
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      size = Int64(status.st_size)
      modifiedSeconds = Int(status.st_mtim.tv_sec)
      modifiedNanoseconds = Int(status.st_mtim.tv_nsec)
    }
  }

  /// SHA-256 of the file that was read.
  ///
  /// - Throws: exit code 3 when the file is not the one that was opened any more: what was computed is then of
  ///   neither.
  func digest() throws(RunnerError) -> String {
    let digest: String
    do { digest = try Digest.sha256(file: task.input) } catch {
      throw RunnerError(
        task.input.string, "cannot be read again for its digest: \(error)", remedy: "check the disk", exit: .input)
    }
    guard Identity(task.input) == identity else {
      throw RunnerError(
        task.input.string, "changed while it was read", remedy: "run again when nothing writes to it",
        exit: .input)
    }
    return digest
  }
}

/// Reads recordings one after the other and cuts them into windows. At most one is open.
struct RecordingIntake: ~Copyable {
  struct Step: Sendable {
    let recording: OpenRecording
    let content: Content
  }

  enum Content: Sendable {
    case window(Window, RecordingFacts)
    case end(EndOfSound)
    /// - Parameter microseconds: sound that is known of.
    case failure(RunnerError, microseconds: Int)

    /// Microseconds of sound that are known of, by the header where it says; nil where nothing does.
    var claim: Int? {
      switch self {
      case .window(_, let facts): facts.claimedSeconds.map { SoundAccount.microseconds(seconds: $0) }
      case .end(let end): SoundAccount.microseconds(end.frames + end.framesUnreadable, end.facts.sampleRate)
      case .failure(_, let microseconds): microseconds
      }
    }
  }

  /// What is known of a recording when it has been read.
  struct EndOfSound: Sendable {
    let facts: RecordingFacts
    let frames: Int
    let framesUnreadable: Int
    let notes: [Note]
  }

  private let settings: ReadingSettings
  private var recording: OpenRecording?
  private var reader: WindowReader?
  private var count = 0
  private var spare: [Storage<Float>] = []

  init(_ settings: ReadingSettings) { self.settings = settings }

  /// The next window, or the end of the recording at hand; nil when `nextTask` has no more.
  ///
  /// - Throws: what `nextTask` throws. What is wrong with a recording is a step of its own.
  mutating func next(
    _ nextTask: () throws(RunnerError) -> RecordingTask?
  ) throws(RunnerError) -> Step? {
    guard let recording else {
      guard let task = try nextTask() else { return nil }
      let opened = OpenRecording(number: count, task: task)
      count += 1
      do throws(RunnerError) {
        reader = try WindowReader(path: task.input.string, settings: settings)
      } catch {
        return Step(recording: opened, content: .failure(error, microseconds: 0))
      }
      recording = opened
      return Step(recording: opened, content: readOn())
    }
    return Step(recording: recording, content: readOn())
  }

  private mutating func readOn() -> Content {
    guard var open = reader.take() else { preconditionFailure("a recording under work has a reader") }
    let samples = spare.popLast() ?? Storage(count: Window.samples)
    do throws(RunnerError) {
      if let window = try Window(from: &open, into: samples) {
        let content = Content.window(window, open.facts)
        reader = consume open
        return content
      }
    } catch {
      recycle(samples)
      recording = nil
      let claimed = open.framesDecoded + open.framesAhead
      return .failure(error, microseconds: SoundAccount.microseconds(claimed, open.facts.sampleRate))
    }
    recycle(samples)
    recording = nil
    return .end(
      EndOfSound(
        facts: open.facts, frames: open.framesDecoded, framesUnreadable: open.framesUnreadable, notes: open.notes))
  }

  /// Takes back memory of a window that nobody needs any more.
  mutating func recycle(_ samples: Storage<Float>) { spare.append(samples) }

  /// Reads no more of `recording`.
  mutating func abandon(_ recording: OpenRecording) {
    guard self.recording === recording else { return }
    self.recording = nil
    reader = nil
  }
}
