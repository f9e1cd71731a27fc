import PerchCore

/// Distance of window starts.
package struct WindowHop: Equatable, Sendable {
  package let seconds: Double

  /// The length of a window: no overlap, no gap.
  package static let window = WindowHop(checked: 5)

  /// `nil` unless `seconds` is at least one sample at 32 kHz and at most 10⁹.
  package init?(seconds: Double) {
    guard seconds * 32_000 >= 1, seconds <= 1e9 else { return nil }
    self.seconds = seconds
  }

  private init(checked seconds: Double) { self.seconds = seconds }

  /// Start of window `k`: round(k · hop · rate). Never a running sum, so no error builds up.
  package func start(of k: Int, at rate: SampleRate) -> Int {
    Int((Double(k) * seconds * Double(rate.hertz)).rounded())
  }

  /// The hop in whole samples as the reference takes it: `int(hop · rate)`.
  package func truncated(at rate: SampleRate) -> Int {
    max(1, Int(seconds * Double(rate.hertz)))
  }
}

/// What becomes of sound after the last whole window.
package enum Tail: String, CaseIterable, Sendable {
  /// One more window, its sound centred in zeros, where at least 1 s is left.
  case pad
  case drop
}

/// Whose cutting of recordings is followed.
package enum Compat: String, CaseIterable, Sendable {
  /// Ours: the recording is one signal.
  case none
  /// That of perch-hoplite: pieces of 60 s, each resampled and cut on its own.
  case reference
}

/// Which channels of a recording become windows.
package enum ChannelChoice: Equatable, Sendable {
  case first
  case mean
  case all
  case index(Int)
}

/// How a window's samples are scaled.
package enum Normalization: String, CaseIterable, Sendable {
  /// Mean to 0, then largest magnitude to the target peak, as perch-hoplite does.
  case hoplite
  /// Largest magnitude to the target peak.
  case peak
  case none
}

/// All that decides which windows a recording gives.
package struct ReadingSettings: Sendable {
  /// Samples in a window.
  package var windowSamples = 160_000
  /// Rate of the windows.
  package var sampleRate = SampleRate(hertz: 32_000)
  package var hop = WindowHop.window
  package var tail = Tail.pad
  package var compat = Compat.none
  package var channel = ChannelChoice.first
  package var normalization = Normalization.hoplite
  /// Largest magnitude after normalization.
  package var targetPeak: Float = 0.25
  /// Sound that is lost or damaged inside a recording is an error, not a note.
  package var strict = false
  /// Length of the reference's pieces, in seconds. Only tests give another.
  package var shardSeconds = 60

  /// Seconds; a recording with less sound makes no window.
  package var minimumSeconds = 1.0

  package init() {}

  /// Less sound than this (1 s) at the end of a recording makes no window.
  package var minimumSamples: Int { sampleRate.hertz }
}
