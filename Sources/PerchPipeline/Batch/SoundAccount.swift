import PerchAudio
import PerchCore

/// What became of the sound of a recording: what came in is what was used and what was lost, to the microsecond.
///
/// Whole microseconds and not seconds in floating point: their sums are exact, and so are the decimals they print
/// as.
package struct SoundAccount: Equatable, Sendable {
  package struct Loss: Equatable, Sendable {
    package enum Cause: String, CaseIterable, Sendable {
      /// Between windows: the hop is longer than a window, or the reference's way of cutting left it out.
      case gaps
      /// After the last window, and too short for one more.
      case tail
      /// Promised by the header, and not to be decoded.
      case unreadable
      /// All there is known to be of a recording without an output.
      case failed
    }

    package let cause: Cause
    package let microseconds: Int
  }

  package let microsecondsIn: Int
  /// Those that are not zero.
  package let losses: [Loss]

  package var microsecondsOut: Int { losses.reduce(microsecondsIn) { $0 - $1.microseconds } }

  package init(microsecondsIn: Int, losses: [Loss]) {
    self.microsecondsIn = microsecondsIn
    self.losses = losses.filter { $0.microseconds != 0 }
  }

  /// A recording without an output.
  static func failed(_ microseconds: Int) -> SoundAccount {
    SoundAccount(microsecondsIn: microseconds, losses: [Loss(cause: .failed, microseconds: microseconds)])
  }

  /// A recording that was read to its end.
  ///
  /// - Parameters:
  ///   - decoded: frames of the file at `rate`.
  ///   - unreadable: frames that its header promises beyond them.
  init(decoded: Int, unreadable: Int, rate: SampleRate, coverage: WindowCoverage) {
    let held = Self.microseconds(decoded, rate)
    let lost = Self.microseconds(unreadable, rate)
    // Resampling rounds the length up by less than a sample.
    let reached = min(held, Self.microseconds(coverage.end, WindowCoverage.rate))
    let gaps = min(reached, Self.microseconds(coverage.gaps, WindowCoverage.rate))
    self.init(
      microsecondsIn: held + lost,
      losses: [
        Loss(cause: .gaps, microseconds: gaps), Loss(cause: .tail, microseconds: held - reached),
        Loss(cause: .unreadable, microseconds: lost),
      ])
  }

  /// To the nearest.
  static func microseconds(_ frames: Int, _ rate: SampleRate) -> Int {
    // A header may claim any number of frames; nobody recorded for a thousand years.
    let (seconds, rest) = max(0, frames).quotientAndRemainder(dividingBy: max(1, rate.hertz))
    return min(seconds, 1 << 35) * 1_000_000 + (rest * 1_000_000 + rate.hertz / 2) / max(1, rate.hertz)
  }

  /// The same of a header's claim, which is made of whole frames.
  static func microseconds(seconds: Double) -> Int { Int((min(max(seconds, 0), 0x1p35) * 1e6).rounded()) }
}

/// Which of the samples that windows are cut from lie in a window.
struct WindowCoverage {
  static let rate = SampleRate(hertz: 32_000)

  /// One past the last sample of sound in a window.
  private(set) var end = 0
  /// Samples before `end` in no window.
  private(set) var gaps = 0

  /// - Parameter position: windows come by their starts.
  mutating func add(_ position: WindowPosition) {
    gaps += max(0, position.start.value - end)
    end = max(end, position.start.value + position.validSamples)
  }
}
