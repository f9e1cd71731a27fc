/// Which fold each window is held out in. Windows of one group are never in two folds: they share weather,
/// recorder and individual, and what is learned from one is known of the others.
package struct Folds: Equatable, Sendable {
  package let count: Int
  /// Of each window.
  package let assignment: [Int]
  package let groups: Int

  /// Groups, those with the rarest label first and then in an order drawn with `seed`, each to the fold that
  /// has least of that label. nil when a label has fewer than two groups, so that no fold could both train
  /// and test it.
  package init?(_ set: TrainingSet, count asked: Int, seed: UInt64) {
    var members: [String: [Int]] = [:]
    for (index, window) in set.windows.enumerated() { members[window.group, default: []].append(index) }
    let labels = set.labels.count
    var groupsOfLabel = [Int](repeating: 0, count: labels)
    let tallies = members.mapValues { windows in
      (0..<labels).map { k in windows.count { set.state($0, k).value > 0 && set.state($0, k).weight > 0 } }
    }
    for tally in tallies.values {
      for k in 0..<labels where tally[k] > 0 { groupsOfLabel[k] += 1 }
    }
    guard let least = groupsOfLabel.min(), least >= 2, members.count >= 2, asked >= 2 else { return nil }
    count = min(asked, members.count)
    groups = members.count
    let rarity = (0..<labels).sorted { (groupsOfLabel[$0], $0) < (groupsOfLabel[$1], $1) }
    let order = tallies.map { name, tally in
      (
        name: name, tally: tally, rarest: rarity.firstIndex { tally[$0] > 0 } ?? labels,
        draw: Self.draw(name, seed: seed)
      )
    }.sorted { a, b in
      if a.rarest != b.rarest { return a.rarest < b.rarest }
      return a.draw != b.draw ? a.draw < b.draw : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
    }
    var load = [[Int]](repeating: [Int](repeating: 0, count: labels + 1), count: count)
    var assignment = [Int](repeating: 0, count: set.windows.count)
    for group in order {
      // The last column counts all windows; groups without any label go by it.
      let column = group.rarest < labels ? rarity[group.rarest] : labels
      let fold = load.indices.min {
        (load[$0][column], load[$0][labels], $0) < (load[$1][column], load[$1][labels], $1)
      } ?? 0
      for window in members[group.name] ?? [] {
        assignment[window] = fold
        load[fold][labels] += 1
      }
      for k in 0..<labels { load[fold][k] += group.tally[k] }
    }
    self.assignment = assignment
  }

  /// FNV-1a (Fowler, Noll and Vo, 64 bits) over the seed and the name: a draw that depends on nothing else.
  private static func draw(_ name: String, seed: UInt64) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func take(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    for shift in stride(from: 0, to: 64, by: 8) { take(UInt8(truncatingIfNeeded: seed >> UInt64(shift))) }
    for byte in name.utf8 { take(byte) }
    return hash
  }

  package func training(_ fold: Int) -> [Int] { assignment.indices.filter { assignment[$0] != fold } }
  package func heldOut(_ fold: Int) -> [Int] { assignment.indices.filter { assignment[$0] == fold } }
}
