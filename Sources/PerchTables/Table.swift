import PerchCore
import SystemPackage

/// The file formats of a table.
package enum TableFormat: String, CaseIterable, Sendable {
  case csv, parquet

  /// `csv` or `parquet` in any letter case; nil for other text.
  package init?(anyCase text: String) { self.init(rawValue: text.lowercased()) }
}

/// Where the provenance of a table is kept.
package enum MetadataPlacement: String, CaseIterable, Sendable {
  /// In the table's own file.
  case header
  /// In `<table>.json` beside it.
  case sidecar
  case none
}

/// What the cells of a column hold.
package enum ColumnType: Sendable {
  case text, int32, int64, float, double
  /// A float32 vector: a LIST in Parquet, Base64 of its little-endian bytes in CSV.
  case floats
}

/// Name and type of a column.
package struct Column: Equatable, Sendable {
  package let name: String
  package let type: ColumnType
  /// Whether a cell may be null.
  package let isNullable: Bool
  /// Whether few different texts are expected: Parquet then stores each once.
  package let isRepetitive: Bool

  package init(_ name: String, _ type: ColumnType, isNullable: Bool = false, isRepetitive: Bool = false) {
    self.name = name
    self.type = type
    self.isNullable = isNullable
    self.isRepetitive = isRepetitive
  }
}

/// One value of a row.
package enum Cell: Equatable, Sendable {
  case text(String)
  case int32(Int32)
  case int64(Int64)
  case float(Float)
  case double(Double)
  case floats([Float])
  case null

  /// Whether the cell may stand in `column`: of its type, and finite.
  func fault(in column: Column) -> TableFault? {
    switch (self, column.type) {
    case (.null, _) where column.isNullable: nil
    case (.text, .text), (.int32, .int32), (.int64, .int64): nil
    case (.float(let value), .float) where value.isFinite: nil
    case (.double(let value), .double) where value.isFinite: nil
    case (.floats(let values), .floats) where values.allSatisfy(\.isFinite): nil
    case (.float, .float), (.double, .double), (.floats, .floats):
      .unwritable("column \(column.name) was given a value that is not finite")
    default: .unwritable("column \(column.name) was given a cell of another type")
    }
  }
}

/// A table format's way from rows to bytes.
protocol TableEncoder: Sendable {
  /// Encodes one row, whose cells have been checked, and writes what is ready.
  mutating func append(_ row: [Cell], to file: inout AtomicFile) throws(RunnerError)
  /// Writes what is left, with `provenance` where the format keeps it, and returns what stands before all.
  mutating func finish(_ provenance: Provenance?, to file: inout AtomicFile) throws(RunnerError) -> [UInt8]
}

/// Writes a table of any columns row by row; memory does not grow with the number of rows.
///
/// The file appears under its final name when `finish` returns; dropped before, it leaves nothing.
package struct TableWriter: ~Copyable {
  private let path: FilePath
  private let columns: [Column]
  private let placement: MetadataPlacement
  private var file: AtomicFile
  private var encoder: any TableEncoder

  /// Throws exit 6 when `path` cannot be written.
  package init(
    path: FilePath, columns: [Column], format: TableFormat, metadata: MetadataPlacement
  ) throws(RunnerError) {
    self.path = path
    self.columns = columns
    placement = metadata
    file = try AtomicFile(path, headComesLast: format == .csv && metadata == .header)
    switch format {
    case .csv: encoder = CSVEncoder(columns)
    case .parquet: encoder = ParquetEncoder(columns)
    }
  }

  /// A table as text for other programs, which takes no provenance.
  init(path: FilePath, columns: [Column], dialect: TextDialect) throws(RunnerError) {
    self.path = path
    self.columns = columns
    placement = .none
    file = try AtomicFile(path)
    encoder = CSVEncoder(columns, dialect: dialect)
  }

  /// Writes a row: one cell for each column, in order. Throws exit 6 when the disk is full, exit 1 for a
  /// cell that does not fit its column or is not finite.
  package mutating func append(_ row: [Cell]) throws(RunnerError) {
    guard row.count == columns.count else {
      throw RunnerError(.unwritable("a row has \(row.count) cells, not \(columns.count)"), table: path)
    }
    for (cell, column) in zip(row, columns) {
      if let fault = cell.fault(in: column) { throw RunnerError(fault, table: path) }
    }
    try encoder.append(row, to: &file)
  }

  /// Ends the table and gives it its final name.
  package consuming func finish(_ provenance: Provenance) throws(RunnerError) {
    let head = try encoder.finish(placement == .header ? provenance : nil, to: &file)
    if placement == .sidecar {
      // First, so that a table never stands without the provenance it was promised. Nor may an older table stand
      // beside the provenance of this one, if the run is killed in between: it would be taken for this one.
      var sidecar = try AtomicFile(Sidecar.path(of: path))
      try sidecar.write(Sidecar.text(of: provenance))
      OutputFolder.remove(path)
      try sidecar.commit()
    }
    try file.commit(head: head)
  }
}
