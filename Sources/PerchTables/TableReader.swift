import PerchCore
import SystemPackage

/// Reads a table whose columns are known row by row, as the cells that a `TableWriter` was given. Parquet or CSV is
/// told by the content. Memory does not grow with the number of rows.
package struct TableReader: Sendable {
  package let path: FilePath
  /// What made the table, from its header or its sidecar; empty where it does not say.
  package let provenance: Provenance
  /// Rows given so far.
  package private(set) var rowCount = 0
  private let columns: [Column]
  /// One of the two.
  private var csv: CSVCells?
  private var parquet: ParquetCells?

  /// - Parameter columns: all columns of the table, in order, with what they hold. Vectors (`floats`) may be Base64
  ///   text in either format.
  /// - Throws: exit 3 when `path` is no readable table or has other columns.
  package init(_ path: FilePath, columns: [Column]) throws(RunnerError) {
    self.path = path
    self.columns = columns
    do throws(TableFault) {
      let opened = try OpenTable(path)
      provenance = opened.provenance
      switch opened.content {
      case .csv(let reader):
        try Self.check(reader.names, against: columns)
        csv = CSVCells(reader, columns)
      case .parquet(let parquet):
        try Self.check(parquet.columns.map(\.name), against: columns)
        self.parquet = try ParquetCells(parquet, columns)
      }
    } catch {
      throw RunnerError(error, table: path)
    }
  }

  /// The next row; nil at the end.
  /// - Throws: exit 3 when the table is damaged.
  package mutating func next() throws(RunnerError) -> [Cell]? {
    do throws(TableFault) {
      let row = csv == nil ? try parquet?.next() ?? nil : try csv?.next() ?? nil
      guard let row else { return nil }
      rowCount += 1
      for (cell, column) in zip(row, columns) where cell.fault(in: column) != nil {
        throw .row(rowCount, "column \(column.name) holds no value that belongs there")
      }
      return row
    } catch {
      throw RunnerError(error, table: path)
    }
  }

  private static func check(_ names: [String], against columns: [Column]) throws(TableFault) {
    for (index, (name, column)) in zip(names, columns).enumerated() where name != column.name {
      throw .malformed("column \(index + 1) is '\(name)', not '\(column.name)'")
    }
    if names.count != columns.count { throw .malformed("it has \(names.count) columns, not \(columns.count)") }
  }
}

/// Rows of a CSV table.
private struct CSVCells: Sendable {
  private var reader: CSVReader
  private let columns: [Column]
  private var record = CSVRecord()

  init(_ reader: CSVReader, _ columns: [Column]) {
    self.reader = reader
    self.columns = columns
  }

  mutating func next() throws(TableFault) -> [Cell]? {
    guard try reader.next(into: &record) else { return nil }
    var row: [Cell] = []
    row.reserveCapacity(columns.count)
    for (index, column) in columns.enumerated() {
      guard let cell = try cell(index, column) else {
        let text = String(decoding: record[index].prefix(40), as: UTF8.self)
        throw .row(reader.rowCount, "column \(column.name) holds '\(text)'")
      }
      row.append(cell)
    }
    return row
  }

  /// nil for what is no value of the column.
  private func cell(_ index: Int, _ column: Column) throws(TableFault) -> Cell? {
    if column.isNullable, record[index].isEmpty { return .null }
    guard let text = record.text(index) else { return nil }
    switch column.type {
    case .text: return .text(text)
    case .int32: return Int32(text).map { .int32($0) }
    case .int64: return Int64(text).map { .int64($0) }
    case .float: return Float(text).map { .float($0) }
    case .double: return Double(text).map { .double($0) }
    case .floats:
      var values: [Float] = []
      do throws(TableFault) {
        _ = try EmbeddingPayload(dimension: nil).decode(record[index], mayBeShifted: false, into: &values)
      } catch .malformed(let text) {
        throw .row(reader.rowCount, text)
      }
      return .floats(values)
    }
  }
}

/// Rows of a Parquet table.
private struct ParquetCells: Sendable {
  private let parquet: ParquetFile
  private let columns: [Column]
  private var groups: ArraySlice<RowGroup>
  private var rowsLeft = 0
  private var readers: [CellReader] = []
  private var rowNumber = 0

  init(_ parquet: ParquetFile, _ columns: [Column]) throws(TableFault) {
    self.parquet = parquet
    self.columns = columns
    groups = parquet.rowGroups[...]
    for (stored, column) in zip(parquet.columns, columns)
    where stored.maximumRepetition > (column.type == .floats ? 1 : 0) {
      throw .malformed("column \(column.name) is of another type")
    }
  }

  mutating func next() throws(TableFault) -> [Cell]? {
    while rowsLeft == 0 {
      guard let group = groups.popFirst() else { return nil }
      rowsLeft = group.rowCount
      if rowsLeft == 0 { continue }
      readers = []
      for (stored, column) in zip(parquet.columns, columns) {
        readers.append(try CellReader(stored, as: column.type, of: group, in: parquet))
      }
    }
    rowsLeft -= 1
    rowNumber += 1
    var row: [Cell] = []
    row.reserveCapacity(columns.count)
    for index in columns.indices {
      guard let cell = try readers[index].next() else {
        throw .row(rowNumber, "column \(columns[index].name) holds no value that belongs there")
      }
      row.append(cell)
    }
    return row
  }
}

/// The values of one column of a row group as cells. One of the readers is there.
private struct CellReader: Sendable {
  private let type: ColumnType
  private var texts: ColumnReader<String>?
  private var numbers: ColumnReader<Double>?
  private var floats: ColumnReader<Float>?

  init(
    _ column: ParquetColumn, as type: ColumnType, of group: RowGroup, in parquet: ParquetFile
  ) throws(TableFault) {
    self.type = type
    switch type {
    case .text: texts = try ColumnReader(column, of: group, in: parquet)
    case .int32, .int64, .double: numbers = try ColumnReader(column, of: group, in: parquet)
    case .floats where column.isFlat: texts = try ColumnReader(column, of: group, in: parquet)
    case .float, .floats: floats = try ColumnReader(column, of: group, in: parquet)
    }
  }

  /// nil for what is no value of the column's type.
  mutating func next() throws(TableFault) -> Cell? {
    switch type {
    case .text: return (try texts?.next() ?? nil).map { .text($0) } ?? .null
    case .int32:
      guard let number = try numbers?.next() ?? nil else { return .null }
      return Int32(exactly: number).map { .int32($0) }
    case .int64:
      guard let number = try numbers?.next() ?? nil else { return .null }
      return Int64(exactly: number).map { .int64($0) }
    case .double: return (try numbers?.next() ?? nil).map { .double($0) } ?? .null
    case .float: return (try floats?.next() ?? nil).map { .float($0) } ?? .null
    case .floats:
      var values: [Float] = []
      if let text = try texts?.next() ?? nil {
        _ = try EmbeddingPayload(dimension: nil).decode(Array(text.utf8)[...], mayBeShifted: false, into: &values)
      } else {
        _ = try floats?.nextList(into: &values)
      }
      return values.isEmpty ? .null : .floats(values)
    }
  }
}
