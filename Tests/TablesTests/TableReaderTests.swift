import Foundation
import PerchCore
import PerchTables
import SystemPackage
import Testing

/// A table read by the columns it was written with gives the cells that were written.
@Suite struct TableReaderTests {
  private static let columns = [
    Column("name", .text, isRepetitive: true), Column("small", .int32), Column("large", .int64),
    Column("time", .double), Column("score", .float), Column("vector", .floats),
    Column("word", .text, isNullable: true), Column("distance", .double, isNullable: true),
  ]

  private static let rows: [[Cell]] = [
    [
      .text("a, \"b\""), .int32(-1), .int64(1 << 40), .double(0.1), .float(0.1),
      .floats([0.1, -0.0, Float.leastNonzeroMagnitude]),
      .text("x|y"), .double(1e-300),
    ],
    [
      .text("Zebra"), .int32(.max), .int64(-7), .double(-2.5), .float(-3.4e38), .floats([1, 2, 3]), .null, .null,
    ],
  ]

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ format: TableFormat, _ rows: [[Cell]]) throws -> FilePath {
    let path = folder.file("table.\(format.rawValue)")
    var writer = try TableWriter(path: path, columns: Self.columns, format: format, metadata: .header)
    for row in rows { try writer.append(row) }
    var provenance = Provenance()
    provenance.set("format", "test")
    try writer.finish(provenance)
    return path
  }

  @Test(arguments: TableFormat.allCases) func cellsComeBack(_ format: TableFormat) throws {
    var reader = try TableReader(try write(format, Self.rows), columns: Self.columns)
    #expect(reader.provenance["format"] == "test")
    for row in Self.rows {
      let read = try #require(try reader.next())
      #expect(read == row)
      // −0 is equal to 0, and must come back as it was.
      guard case .floats(let values) = read[5], case .floats(let wanted) = row[5] else { continue }
      #expect(values.map(\.bitPattern) == wanted.map(\.bitPattern))
    }
    #expect(try reader.next() == nil)
    #expect(reader.rowCount == 2)
  }

  @Test(arguments: TableFormat.allCases) func otherColumnsAreRefused(_ format: TableFormat) throws {
    let path = try write(format, Self.rows)
    func refusal(_ columns: [Column]) -> String? {
      do {
        _ = try TableReader(path, columns: columns)
        return nil
      } catch {
        #expect(error.exit == .input)
        return error.cause
      }
    }
    var renamed = Self.columns
    renamed[3] = Column("moment", .double)
    #expect(refusal(renamed) == "damaged table: column 4 is 'time', not 'moment'")
    #expect(refusal(Array(Self.columns.dropLast())) == "damaged table: it has 8 columns, not 7")
    #expect(
      refusal(Self.columns + [Column("more", .text)]) == "damaged table: it has 8 columns, not 9")
  }

  /// A text where numbers are due, a null where there may be none.
  @Test(arguments: TableFormat.allCases) func valuesThatDoNotBelongThereAreRefused(_ format: TableFormat) throws {
    let path = try write(format, Self.rows)
    for (index, type) in [(0, ColumnType.double), (0, .int32), (0, .floats)] {
      var columns = Self.columns
      columns[index] = Column(columns[index].name, type)
      #expect(throws: RunnerError.self) {
        var reader = try TableReader(path, columns: columns)
        while try reader.next() != nil {}
      }
    }
    var columns = Self.columns
    columns[7] = Column("distance", .double)
    var reader = try TableReader(path, columns: columns)
    #expect(try reader.next() != nil)
    #expect(throws: RunnerError.self) { try reader.next() }
  }

  /// Wherever a file is cut off: an error or fewer rows, never a crash, and in Parquet always an error.
  @Test(arguments: TableFormat.allCases) func aTableThatIsCutOff(_ format: TableFormat) throws {
    let path = try write(format, Self.rows)
    let whole = try Data(contentsOf: URL(filePath: path.string))
    for length in stride(from: 0, to: whole.count, by: 3) {
      try whole.prefix(length).write(to: URL(filePath: path.string))
      var count = 0
      do throws(RunnerError) {
        var reader = try TableReader(path, columns: Self.columns)
        while try reader.next() != nil { count += 1 }
        #expect(format == .csv && count <= Self.rows.count, "cut to \(length) bytes")
      } catch {
        #expect(error.exit == .input)
      }
    }
  }

  @Test(arguments: TableFormat.allCases) func flippedBits(_ format: TableFormat) throws {
    let path = try write(format, Self.rows)
    let whole = Array(try Data(contentsOf: URL(filePath: path.string)))
    var random = SplitMix(state: 20_260_101)
    for _ in 0..<1000 {
      var bytes = whole
      let place = Int.random(in: bytes.indices, using: &random)
      bytes[place] ^= UInt8.random(in: 1...255, using: &random)
      try Data(bytes).write(to: URL(filePath: path.string))
      var count = 0
      do throws(RunnerError) {
        var reader = try TableReader(path, columns: Self.columns)
        while try reader.next() != nil, count < 1000 { count += 1 }
      } catch {
        try #require(error.exit == .input, "\(error)")
      }
      #expect(count < 1000)
    }
  }
}
