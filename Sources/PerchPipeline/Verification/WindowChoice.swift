import PerchCore

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
