import PerchCore

/// How close stored numbers must be to those that are computed again.
struct Tolerance: Sendable {
  /// Whether the same engine computes: then numbers are equal to the last bit.
  let isExact: Bool
  /// Whether embeddings were rounded to 16 bits.
  let isHalfPrecision: Bool

  /// The gate for a right network on any engine: so much of an embedding's rms may an element differ.
  static let gate = 1e-4

  /// How far an element may lie from that of a vector with this rms.
  private func allowed(rms: Double, of element: Float) -> Double {
    // Two sides of a rounding to 11 bits, or of its smallest step, may lie one step apart.
    let step = isHalfPrecision ? max(abs(Double(element)) * 0x1p-10, 0x1p-24) : 0
    return Self.gate * rms + step
  }

  /// The first element in which `stored` is too far from `computed`.
  func difference(_ stored: [Float], _ computed: [Float]) -> Int? {
    if isExact { return zip(stored, computed).firstIndex { $0.bitPattern != $1.bitPattern } }
    let squares = computed.reduce(0.0) { $0 + Double($1) * Double($1) }
    let rms = (squares / Double(max(computed.count, 1))).squareRoot()
    return zip(stored, computed).firstIndex { abs(Double($0) - Double($1)) > allowed(rms: rms, of: $1) }
  }

  /// Whether two distances are the same. Both vectors may be off by the gate, relative to their size, and the cosine
  /// by the sum of the two.
  func agree(distance stored: Double?, _ computed: Double?) -> Bool {
    guard let stored, let computed else { return stored == nil && computed == nil }
    if isExact { return stored.bitPattern == computed.bitPattern }
    return abs(stored - computed) <= 2 * Self.gate + (isHalfPrecision ? 0x1p-9 : 0)
  }

  /// What scores of one window may differ by: the gate, of the largest of them or of 1.
  func allowed(scores: [Float]) -> Double {
    let largest = scores.reduce(1.0) { max($0, abs(Double($1))) }
    return (Self.gate + (isHalfPrecision ? 0x1p-10 : 0)) * largest
  }

  /// For a person.
  var text: String { isExact ? "equal to the last bit" : "within \(Self.gate) of the rms" }
}

extension Sequence {
  /// Place of the first element that fulfils `condition`.
  fileprivate func firstIndex(where condition: (Element) -> Bool) -> Int? {
    for (index, element) in enumerated() where condition(element) { return index }
    return nil
  }
}
