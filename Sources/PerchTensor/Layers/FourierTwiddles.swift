import Glibc

/// Roots of unity in the order in which the transform reads them (Sources/PerchKernels/MelEnergies.swift).
enum FourierTwiddles {
  /// For a real transform of `length` points, a power of two, computed as a complex one of half of them:
  /// per pass of radix 8 or 4 and position w, w², … (7 or 3 of them), then (cos, sin) of 2π·k/length for
  /// k = 0 … length / 2.
  static func factors(length: Int) -> [Double] {
    var factors: [Double] = []
    var rest = length / 2
    while rest >= 4 {
      let radix = rest >= 8 && rest != 16 ? 8 : 4
      for position in 0..<rest / radix {
        for multiple in 1..<radix {
          let (c, s) = root(position * multiple, of: rest)
          factors += [c, -s]
        }
      }
      rest /= radix
    }
    for k in 0...length / 2 {
      let (c, s) = root(k, of: length)
      factors += [c, s]
    }
    return factors
  }

  private static func root(_ k: Int, of length: Int) -> (cosine: Double, sine: Double) {
    let angle = 2 * Double.pi * Double(k) / Double(length)
    return (cos(angle), sin(angle))
  }
}
