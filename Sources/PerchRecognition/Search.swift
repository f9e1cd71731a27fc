import PerchTensor

/// A window as a search result names it.
package struct WindowPlace: Equatable, Sendable {
  package let source: String
  package let channel: Int32
  /// Seconds; nil for a matrix, whose rows have no times.
  package let start: Double?

  package init(source: String, channel: Int32, start: Double?) {
    self.source = source
    self.channel = channel
    self.start = start
  }
}

/// One worker's part of a search: the best rows for each query among those that it was given.
package struct SearchPart: Sendable {
  package private(set) var lists: [TopList<WindowPlace>]
  /// Rows that cannot be compared: zeros (cosine only), or numbers that are not finite.
  package private(set) var undefinedRows = 0
  package private(set) var rows = 0

  /// - Parameter top: rows that are kept for each query.
  package init(queries: Int, top: Int) {
    lists = Array(repeating: TopList(capacity: top), count: queries)
  }

  package mutating func merge(_ other: SearchPart) {
    for query in lists.indices { lists[query].merge(other.lists[query]) }
    undefinedRows += other.undefinedRows
    rows += other.rows
  }

  fileprivate mutating func offer(
    _ query: Int, _ score: Double, _ position: RowPosition, _ place: () -> WindowPlace
  ) -> Double {
    lists[query].offer(score: score, position: position, item: place)
    return lists[query].limit
  }

  fileprivate mutating func count(rows: Int, undefined: Int) {
    self.rows += rows
    undefinedRows += undefined
  }
}

/// A worker of a search, with scratch memory of its own.
package struct SearchWorker {
  package private(set) var part: SearchPart
  private var scan: RowScan

  package init(_ queries: QueryVectors, score: SimilarityScore, top: Int) {
    part = SearchPart(queries: queries.count, top: top)
    scan = RowScan(queries, score: score)
  }

  /// Searches `count` rows of one table.
  ///
  /// - Parameters:
  ///   - rows: `count` vectors, one after the other.
  ///   - first: position of the first of them.
  ///   - place: names row i of these; asked for only when it is among the best so far.
  package mutating func search(
    _ rows: RawSpan, of number: RowNumber, count: Int, first: RowPosition, place: (Int) -> WindowPlace
  ) {
    let before = scan.undefinedRows
    scan.scan(rows, of: number, count: count) { query, row, score in
      part.offer(query, score, RowPosition(table: first.table, row: first.row + row)) { place(row) }
    }
    part.count(rows: count, undefined: scan.undefinedRows - before)
  }

  /// The same for float32 rows in an array.
  package mutating func search(
    _ rows: borrowing [Float], count: Int, first: RowPosition, place: (Int) -> WindowPlace
  ) {
    let before = scan.undefinedRows
    scan.scan(rows) { query, row, score in
      part.offer(query, score, RowPosition(table: first.table, row: first.row + row)) { place(row) }
    }
    part.count(rows: count, undefined: scan.undefinedRows - before)
  }
}
