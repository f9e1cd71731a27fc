import PerchCore

/// How the elements of one seeded tensor follow from its name and the seed: bit-exact in any language
/// with wrapping 64-bit integers and IEEE floats.
enum SeededRecipe: Equatable, Sendable {
  /// offset + scale · x with x uniform in [−1, 1).
  case affine(offset: Float, scale: Float)
  /// c · x with c = √(3 · gain / fan): variance gain / fan.
  case scaled(fan: Int, gain: Double)
  /// The same with gain 1, each output channel's mean removed in integers: otherwise the constant part of
  /// the input would turn all activations into one direction.
  case centred(fan: Int)

  /// Elements of the tensor `path`, row-major.
  func values(path: String, count: Int, seed: UInt64) -> [Float] {
    let stream = IntegerStream(path: path, seed: seed)
    switch self {
    case .affine(let offset, let scale):
      return (0..<count).map { offset + scale * (Float(stream[$0]) * Self.unit) }
    case .scaled(let fan, let gain):
      let scale = Self.scale(fan: fan, gain: gain)
      return (0..<count).map { scale * (Float(stream[$0]) * Self.unit) }
    case .centred(let fan):
      return Self.centred(stream, count: count, fan: fan)
    }
  }

  /// Integers stand for multiples of 2⁻²³.
  private static let unit: Float = 0x1p-23

  private static func scale(fan: Int, gain: Double) -> Float {
    Float((3 * gain / Double(fan)).squareRoot())
  }

  private static func centred(_ stream: IntegerStream, count: Int, fan: Int) -> [Float] {
    let channels = count / fan
    let scale = scale(fan: fan, gain: 1)
    var means = [Int](repeating: 0, count: channels)
    var index = 0
    for _ in 0..<fan {
      for channel in 0..<channels {
        means[channel] += stream[index]
        index += 1
      }
    }
    for channel in 0..<channels {
      // Rounded down, also below zero.
      let (quotient, remainder) = means[channel].quotientAndRemainder(dividingBy: fan)
      means[channel] = remainder < 0 ? quotient - 1 : quotient
    }
    var values = [Float](repeating: 0, count: count)
    index = 0
    for _ in 0..<fan {
      for channel in 0..<channels {
        values[index] = scale * (Float(stream[index] - means[channel]) * unit)
        index += 1
      }
    }
    return values
  }
}

/// Random access to the 24-bit integers of one tensor: SplitMix64 (Steele et al. 2014) started from the
/// FNV-1a hash of its path.
private struct IntegerStream {
  private let key: UInt64

  init(path: String, seed: UInt64) { key = fnv1a(path) ^ (seed &* SplitMix64.golden) }

  /// Integer `index`, from −2²³ to 2²³ − 1.
  subscript(index: Int) -> Int { Int(SplitMix64.number(index, after: key) >> 40) - (1 << 23) }
}

extension SeededWeights {
  /// The first `count` integers, from −2²³ to 2²³ − 1, of the stream that belongs to `name`.
  package static func integers(_ name: String, count: Int) -> [Int] {
    let stream = IntegerStream(path: name, seed: seed)
    return (0..<count).map { stream[$0] }
  }
}
