/// Embeddings in a CSV table.
struct CSVEmbeddings: EmbeddingSource {
  private var reader: CSVReader
  private let columns: EmbeddingColumns
  private let payload: EmbeddingPayload
  private var record = CSVRecord()

  init(_ reader: CSVReader, dimension: Int?) throws(TableFault) {
    self.reader = reader
    columns = try EmbeddingColumns(names: reader.names)
    payload = EmbeddingPayload(dimension: dimension)
  }

  mutating func next(into row: inout RawEmbedding) throws(TableFault) -> Bool {
    guard try reader.next(into: &record) else { return false }
    do throws(TableFault) {
      if try readVector(into: &row) { return true }
      row.source = try columns.source.map { (index) throws(TableFault) in try text(index) }
      row.channel = try columns.channel.map { (index) throws(TableFault) in try channel(index) } ?? 0
      row.start = try number(columns.start)
      row.end = try columns.end.map { (index) throws(TableFault) in try number(index) }
      row.distance = try columns.distance.flatMap { (index) throws(TableFault) in
        record[index].isEmpty ? nil : try number(index)
      }
      row.hasHalfStart = false
      return true
    } catch .malformed(let text) {
      throw .row(reader.rowCount, text)
    }
  }

  /// Reads the vector; true when the row was shifted and is complete with it.
  private func readVector(into row: inout RawEmbedding) throws(TableFault) -> Bool {
    switch columns.vectors {
    case .spread(let indices):
      row.vector.removeAll(keepingCapacity: true)
      for index in indices {
        guard let value = Float(try text(index)) else { throw notANumber(index) }
        row.vector.append(value)
      }
    case .whole(let index):
      let shifted = try payload.decode(
        record[index], mayBeShifted: columns.mayBeShifted, into: &row.vector)
      guard let shifted, let source = columns.channel else { return false }
      row.source = try text(source)
      row.channel = try channel(columns.start)
      row.start = shifted.start
      row.end = nil
      row.distance = nil
      row.hasHalfStart = shifted.isHalf
      return true
    }
    return false
  }

  private func text(_ index: Int) throws(TableFault) -> String {
    guard let text = record.text(index) else {
      throw .malformed("column \(reader.names[index]) is not UTF-8 text")
    }
    return text
  }

  private func number(_ index: Int) throws(TableFault) -> Double {
    guard let value = Double(try text(index)) else { throw notANumber(index) }
    return value
  }

  private func channel(_ index: Int) throws(TableFault) -> Int32 {
    guard let channel = Int32(exactly: try number(index)), channel >= 0 else { throw notANumber(index) }
    return channel
  }

  private func notANumber(_ index: Int) -> TableFault {
    let text = String(decoding: record[index].prefix(40), as: UTF8.self)
    return .malformed("column \(reader.names[index]) holds '\(text)', not a number")
  }
}
