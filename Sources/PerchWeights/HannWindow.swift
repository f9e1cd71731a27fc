import Glibc

/// The Hann window, 0.5 − 0.5 cos(2π n / N).
package enum HannWindow {
  /// `length` coefficients divided by their sum; N is `length − 1` for the symmetric form and `length`
  /// for the periodic one.
  package static func coefficients(_ form: FrontendSettings.Window, length: Int) -> [Double] {
    let period =
      switch form {
      case .hannSymmetric: Double(length - 1)
      case .hannPeriodic: Double(length)
      }
    let raw = (0..<length).map { 0.5 - 0.5 * cos(2 * Double.pi * Double($0) / period) }
    let sum = raw.reduce(0, +)
    return raw.map { $0 / sum }
  }
}

extension FrontendSettings {
  /// The window `[windowLength]` that these settings describe.
  package var windowCoefficients: [Double] { HannWindow.coefficients(window, length: windowLength) }
}
