/// SplitMix64 of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014): a seed gives
/// the same numbers on every machine.
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    defer { state &+= Self.golden }
    return Self.number(0, after: state)
  }

  /// Number `index` of the generator that begins at `state`.
  @inlinable package static func number(_ index: Int, after state: UInt64) -> UInt64 {
    var z = state &+ UInt64(index + 1) &* golden
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 2⁶⁴ over the golden ratio, odd.
  @inlinable package static var golden: UInt64 { 0x9E37_79B9_7F4A_7C15 }
}

/// The 64-bit FNV-1a hash (Fowler, Noll, Vo) of a text's UTF-8 bytes.
package func fnv1a(_ text: String) -> UInt64 {
  text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}
