/// Where a row stands: tables in the order they are searched, rows from 0. Decides between equal scores.
package struct RowPosition: Hashable, Comparable, Sendable {
  package let table: Int
  package let row: Int

  package init(table: Int, row: Int) {
    self.table = table
    self.row = row
  }

  package static func < (a: RowPosition, b: RowPosition) -> Bool { (a.table, a.row) < (b.table, b.row) }
}

/// The best of all rows that were offered: highest score first, then first position. Since that is a total
/// order, the list does not depend on the order of the offers, nor on how they were shared among workers.
package struct TopList<Item: Sendable>: Sendable {
  package struct Entry: Sendable {
    package let score: Double
    package let position: RowPosition
    package let item: Item

    fileprivate func isBetter(than other: Entry) -> Bool {
      score != other.score ? score > other.score : position < other.position
    }
  }

  private let capacity: Int
  /// A heap: no entry is better than those below it, so the worst is first.
  private var heap: [Entry] = []

  /// - Parameter capacity: entries that are kept, at least 1.
  package init(capacity: Int) {
    precondition(capacity > 0, "a list keeps something")
    self.capacity = capacity
  }

  /// A score below this will not be kept; −∞ while there is room.
  package var limit: Double { heap.count == capacity ? heap[0].score : -.infinity }

  /// Entries, best first.
  package var sorted: [Entry] { heap.sorted { $0.isBetter(than: $1) } }

  /// - Parameter item: is asked for only when the entry is kept.
  package mutating func offer(score: Double, position: RowPosition, item: () -> Item) {
    if score < limit { return }
    if heap.count < capacity {
      heap.append(Entry(score: score, position: position, item: item()))
      rise(heap.count - 1)
    } else if score > limit || position < heap[0].position {
      heap[0] = Entry(score: score, position: position, item: item())
      sink()
    }
  }

  package mutating func merge(_ other: TopList) {
    for entry in other.heap { offer(score: entry.score, position: entry.position) { entry.item } }
  }

  private mutating func rise(_ start: Int) {
    var place = start
    while place > 0, heap[(place - 1) / 2].isBetter(than: heap[place]) {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func sink() {
    var place = 0
    while true {
      var worst = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count {
        if heap[worst].isBetter(than: heap[child]) { worst = child }
      }
      if worst == place { return }
      heap.swapAt(place, worst)
      place = worst
    }
  }
}
