import PerchCore

/// How a batch goes about its recordings. Nothing here changes a row of a table.
package struct BatchChoices: Equatable, Sendable {
  /// Do again what is done already.
  package var overwrites = false
  /// Stop at the first recording that fails.
  package var failsFast = false
  /// Take an output for done when it is newer than its recording, without hashing that.
  package var trustsTimes = false
  package var shard: Shard?

  package init() {}
}

/// One of several parts of a set of recordings, for as many machines.
package struct Shard: Hashable, Sendable {
  /// Counted from 1.
  package let index: Int
  package let count: Int

  /// More parts than anybody has machines for are a slip.
  private static let maximumCount = 100_000

  /// - Parameter text: as in `3/8`.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1] else { return nil }
    self.init(index, of: count)
  }

  package init?(_ index: Int, of count: Int) {
    guard (1...Self.maximumCount).contains(count), (1...count).contains(index) else { return nil }
    self.index = index
    self.count = count
  }

  /// As in file names: `3-of-8`.
  package var text: String { "\(index)-of-\(count)" }

  /// Whether a recording belongs to this part. That depends on its name alone, so it stays there whatever else is
  /// added or removed, on every machine and in every order of listing.
  package func holds(_ source: String) -> Bool { fnv1a(source) % UInt64(count) == UInt64(index - 1) }
}
