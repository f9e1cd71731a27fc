/// Which of a number of windows are looked at: chosen at random, each set of that size being as likely as any other.
struct WindowChoice {
  private var left: Int
  private var wanted: Int
  private var generator: SplitMix64

  /// - Parameters:
  ///   - wanted: how many; all when there are no more.
  ///   - count: of how many.
  init(_ wanted: Int, of count: Int, seed: UInt64) {
    self.wanted = min(wanted, count)
    left = count
    generator = SplitMix64(state: seed)
  }

  var isDone: Bool { wanted == 0 }

  /// Whether the next window is one of them. Knuth, The Art of Computer Programming, volume 2, algorithm 3.4.2 S.
  mutating func takesNext() -> Bool {
    guard left > 0 else { return false }
    let takes = Int.random(in: 0..<left, using: &generator) < wanted
    left -= 1
    if takes { wanted -= 1 }
    return takes
  }
}

/// The generator of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014): a seed gives
/// the same windows on every machine.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
