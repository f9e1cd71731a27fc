#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import PerchCore

/// The low-pass filter of a rational resampler, split into one row of taps for each output phase.
///
/// The filter is the default of `scipy.signal.resample_poly`: a sinc cut off at the lower Nyquist
/// frequency under a Kaiser window of β = 5, ten zero crossings on each side, gain 1 at 0 Hz. With
/// `m = max(up, down)` and centre `c = 10·m`:
///
///     p[i] = sinc((i − c)/m) · I₀(β·√(1 − ((i − c)/c)²)) / I₀(β)      0 ≤ i ≤ 20·m
///     h[i] = up · p[i] / Σp
///
/// Row r holds `h[r + k·up]` with k falling, so that it is multiplied with input in rising time.
package struct PolyphaseBank: Sendable {
  /// Rates that are accepted: the length of the filter grows with the rate, and beyond these no
  /// recorder is known.
  package static let acceptedRates = SampleRate(hertz: 1_000)...SampleRate(hertz: 1_000_000)

  /// Zero crossings of the sinc on each side.
  static let zeroCrossings = 10
  /// Shape of the Kaiser window.
  static let beta = 5.0

  package let up: Int
  package let down: Int
  /// Taps of a row, filled with zeros in front to a multiple of 8 (the kernel's step).
  let taps: Int
  /// `[up][taps]`.
  let rows: [Float]

  /// Half the length of the filter, in steps of 1 / (up · input rate).
  package var centre: Int { Self.zeroCrossings * max(up, down) }

  /// - Precondition: `source` is one of `acceptedRates`.
  package init(from source: SampleRate, to target: SampleRate) {
    precondition(Self.acceptedRates.contains(source), "the reader checks the rate of a recording")
    let divisor = Self.greatestCommonDivisor(source.hertz, target.hertz)
    up = target.hertz / divisor
    down = source.hertz / divisor

    let length = 2 * Self.zeroCrossings * max(up, down) + 1
    let needed = (length + up - 1) / up
    taps = (needed + 7) / 8 * 8
    let half = Self.halfPrototype(up: up, down: down)
    let middle = half.count - 1
    var rows = [Float](repeating: 0, count: up * taps)
    for phase in 0..<up {
      for k in 0..<needed where phase + k * up < length {
        rows[phase * taps + taps - 1 - k] = Float(half[middle - abs(phase + k * up - middle)])
      }
    }
    self.rows = rows
  }

  /// `h[0...c]`; the other half mirrors it.
  private static func halfPrototype(up: Int, down: Int) -> [Double] {
    let m = Double(max(up, down))
    let centre = zeroCrossings * max(up, down)
    var half = [Double](repeating: 0, count: centre + 1)
    var sum = 0.0
    for i in 0...centre {
      let distance = Double(centre - i)
      let angle = Double.pi * distance / m
      let sinc = i == centre ? 1 : sin(angle) / angle
      let ratio = distance / Double(centre)
      half[i] = sinc * besselI0(beta * (1 - ratio * ratio).squareRoot())
      sum += i == centre ? half[i] : 2 * half[i]
    }
    let gain = Double(up) / sum
    for i in half.indices { half[i] *= gain }
    return half
  }

  /// Modified Bessel function of order 0 by its power series Σ ((x/2)ᵏ / k!)²
  /// (Abramowitz & Stegun 9.6.12). For x ≤ 5 the terms fall below 1e-17 of the sum before k = 30.
  private static func besselI0(_ x: Double) -> Double {
    let quarterSquare = x * x / 4
    var term = 1.0
    var sum = 1.0
    var k = 1.0
    while term > sum * 1e-17 {
      term *= quarterSquare / (k * k)
      sum += term
      k += 1
    }
    return sum
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
