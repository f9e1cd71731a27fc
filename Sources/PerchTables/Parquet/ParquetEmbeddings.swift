/// Embeddings in a Parquet table. Holds one page of each column that is read.
struct ParquetEmbeddings: EmbeddingSource {
  private let parquet: ParquetFile
  private let columns: EmbeddingColumns
  private let payload: EmbeddingPayload
  private var groups: ArraySlice<RowGroup>
  private var rowsLeft = 0
  private var group: GroupReader?
  /// Of the group: a reader for each value of a vector.
  private var spread: [ColumnReader<Float>] = []
  private var rowNumber = 0
  /// Rows read ahead from a table with a column for each value: going down a column for some rows is far
  /// faster than across more than a thousand columns for each.
  private var ahead = RowsAhead()

  private struct RowsAhead {
    static let count = 64

    /// Row after row.
    var values: [Float] = []
    var next = 0
    var rows = 0
  }

  /// The readers of one row group.
  private struct GroupReader {
    var source: ColumnReader<String>?
    var channel: ColumnReader<Double>?
    var start: ColumnReader<Double>
    var end: ColumnReader<Double>?
    var distance: ColumnReader<Double>?
    var list: ColumnReader<Float>?
    var text: ColumnReader<String>?
  }

  init(_ parquet: ParquetFile, dimension: Int?) throws(TableFault) {
    self.parquet = parquet
    columns = try EmbeddingColumns(names: parquet.columns.map(\.name))
    payload = EmbeddingPayload(dimension: dimension)
    groups = parquet.rowGroups[...]
    var flat = [columns.source, columns.channel, columns.start, columns.end, columns.distance].compactMap { $0 }
    if case .spread(let indices) = columns.vectors { flat += indices }
    for index in flat where !parquet.columns[index].isFlat {
      throw .notEmbeddings("holds lists in column \(parquet.columns[index].name)")
    }
  }

  /// Values of each embedding, where the schema tells.
  var dimension: Int? {
    if case .spread(let indices) = columns.vectors { return indices.count }
    return nil
  }

  mutating func next(into row: inout RawEmbedding) throws(TableFault) -> Bool {
    while rowsLeft == 0 {
      guard let next = groups.popFirst() else { return false }
      rowsLeft = next.rowCount
      if rowsLeft > 0 { group = try open(next) }
    }
    rowsLeft -= 1
    rowNumber += 1
    row.source = try group?.source?.next() ?? nil
    row.end = try group?.end?.next() ?? nil
    row.distance = try group?.distance?.next() ?? nil
    row.channel = try readChannel()
    guard let start = try group?.start.next() else { throw .row(rowNumber, "has no start") }
    row.start = start
    row.hasHalfStart = parquet.columns[columns.start].isHalfPrecision
    try readVector(into: &row.vector)
    return true
  }

  private mutating func readChannel() throws(TableFault) -> Int32 {
    if columns.channel == nil { return 0 }
    guard let value = try group?.channel?.next() ?? nil, let channel = Int32(exactly: value), channel >= 0
    else { throw .row(rowNumber, "has no channel number") }
    return channel
  }

  private mutating func readVector(into vector: inout [Float]) throws(TableFault) {
    var isThere = true
    switch columns.vectors {
    case .spread(let indices):
      if ahead.next == ahead.rows { try readAhead(indices) }
      vector.removeAll(keepingCapacity: true)
      vector += ahead.values[ahead.next * indices.count..<(ahead.next + 1) * indices.count]
      ahead.next += 1
    case .whole where group?.list != nil: isThere = try group?.list?.nextList(into: &vector) ?? false
    case .whole:
      if let text = try group?.text?.next() ?? nil {
        do throws(TableFault) {
          _ = try payload.decode(Array(text.utf8)[...], mayBeShifted: false, into: &vector)
        } catch .malformed(let text) {
          throw .row(rowNumber, text)
        }
      } else {
        isThere = false
      }
    }
    if !isThere { throw .row(rowNumber, "has no embedding") }
  }

  /// Reads the next rows of the group, this one first, column by column.
  private mutating func readAhead(_ indices: [Int]) throws(TableFault) {
    let count = min(RowsAhead.count, rowsLeft + 1)
    if ahead.values.count != RowsAhead.count * indices.count {
      ahead.values = [Float](repeating: 0, count: RowsAhead.count * indices.count)
    }
    // Taken out for as long, so that rows and readers can both be written to.
    var spread: [ColumnReader<Float>] = []
    swap(&spread, &self.spread)
    defer { swap(&spread, &self.spread) }
    var values = ahead.values.mutableSpan
    for place in indices.indices {
      let read = try spread[place].next(count, into: &values, from: place, step: indices.count)
      if read < count {
        throw .row(rowNumber + read, "has no value in column \(parquet.columns[indices[place]].name)")
      }
    }
    ahead.next = 0
    ahead.rows = count
  }

  private mutating func open(_ group: RowGroup) throws(TableFault) -> GroupReader {
    func numbers(_ index: Int?) throws(TableFault) -> ColumnReader<Double>? {
      guard let index else { return nil }
      return try ColumnReader(parquet.columns[index], of: group, in: parquet)
    }
    var readers = GroupReader(start: try ColumnReader(parquet.columns[columns.start], of: group, in: parquet))
    if let source = columns.source {
      readers.source = try ColumnReader(parquet.columns[source], of: group, in: parquet)
    }
    readers.channel = try numbers(columns.channel)
    readers.end = try numbers(columns.end)
    readers.distance = try numbers(columns.distance)
    switch columns.vectors {
    case .spread(let indices):
      spread.removeAll(keepingCapacity: true)
      for index in indices {
        spread.append(try ColumnReader(parquet.columns[index], of: group, in: parquet))
      }
    case .whole(let index):
      let column = parquet.columns[index]
      switch column.maximumRepetition {
      case 0: readers.text = try ColumnReader(column, of: group, in: parquet)
      case 1: readers.list = try ColumnReader(column, of: group, in: parquet)
      default: throw .notEmbeddings("holds lists of lists in column \(column.name)")
      }
    }
    return readers
  }
}
