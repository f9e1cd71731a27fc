/// The name that a mistyped one was probably meant to be.
enum NearestName {
  /// The member of `names` with the fewest edits to `typed`, if they are few for its length.
  static func of(_ typed: String, in names: [String]) -> String? {
    let ranked = names.map { (name: $0, edits: edits(typed, $0)) }
    guard let best = ranked.min(by: { $0.edits < $1.edits }), best.edits <= max(2, typed.count / 3) else {
      return nil
    }
    return best.name
  }

  /// Levenshtein distance: insertions, deletions and replacements of characters.
  static func edits(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let replaced = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
      }
    }
    return row[b.count]
  }
}
