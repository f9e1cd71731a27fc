import PerchAudio
import PerchCore

/// What is computed from a window of a recording.
package protocol WindowResult: Sendable {
  var position: WindowPosition { get }
}

/// Where the results of one recording go. Made for its first result, given all of them in the order of the windows,
/// and finished when the recording was read to its end. One that is dropped unfinished leaves no file.
package protocol RecordingSink: ~Copyable {
  associatedtype Result: WindowResult

  mutating func append(_ result: Result) throws(RunnerError)

  /// Writes what is known only now, and gives the outputs their names.
  consuming func finish(_ recording: InputFacts) throws(RunnerError)
}

/// How the work on one recording ended.
package struct RecordingOutcome: Sendable {
  package let task: RecordingTask
  /// Windows whose results were written; one for each channel.
  package let windows: Int
  package let sound: SoundAccount
  /// From the opening of the recording to the end of its outputs.
  package let seconds: Double
  /// What the reader found, such as damage inside.
  package let notes: [Note]
  /// Why there is no output; nil when all of it is there.
  package let failure: RunnerError?
}

extension RunnerError {
  /// Whether other recordings can still be worked on. Weights, recognizers and faults of ours would fail them all.
  var costsOnlyItself: Bool {
    switch exit {
    case .input, .output: true
    case .success, .internalFault, .usage, .weights, .recognizer, .partial, .interrupted, .terminated: false
    }
  }
}
