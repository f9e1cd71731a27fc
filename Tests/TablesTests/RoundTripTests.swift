import Foundation
import PerchCore
import PerchTables
import SystemPackage
import TestSupport
import Testing

struct RoundTripTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  struct Variant: CustomTestStringConvertible, Sendable {
    let format: TableFormat
    let layout: EmbeddingLayout
    let rows: Int
    let metadata: MetadataPlacement
    let hasDistance: Bool

    var testDescription: String { "\(format) \(layout) \(rows) rows \(metadata) distance \(hasDistance)" }

    /// The size of 28 hours of sound.
    static let long: [Variant] = TableFormat.allCases.map {
      Variant(format: $0, layout: .list, rows: 20_000, metadata: .header, hasDistance: false)
    }

    static let all: [Variant] = TableFormat.allCases.flatMap { format in
      EmbeddingLayout.allCases.flatMap { layout in
        [
          Variant(format: format, layout: layout, rows: 0, metadata: .header, hasDistance: false),
          Variant(format: format, layout: layout, rows: 1, metadata: .sidecar, hasDistance: false),
          Variant(format: format, layout: layout, rows: 150, metadata: .header, hasDistance: true),
          Variant(format: format, layout: layout, rows: 37, metadata: .none, hasDistance: false),
        ]
      }
    }
  }

  private static let dimension = 12

  private func write(_ variant: Variant, to path: FilePath) throws {
    try Rows.write(
      variant.rows, dimension: RoundTripTests.dimension, to: path, format: variant.format,
      layout: variant.layout, metadata: variant.metadata, hasDistance: variant.hasDistance)
  }

  @Test(arguments: Variant.all) func readsWhatItWrote(variant: Variant) throws {
    let path = folder.file("table")
    try write(variant, to: path)
    #expect(try folder.names == (variant.metadata == .sidecar ? ["table", "table.json"] : ["table"]))
    var reader = try EmbeddingTableReader(path)
    #expect(reader.format == variant.format)
    #expect(reader.provenance == (variant.metadata == .none ? Provenance() : Rows.provenance))
    #expect(try Provenance(ofTable: path) == reader.provenance)
    #expect(TableFormat.ofEmbeddings(at: path) == variant.format)
    for index in 0..<variant.rows {
      let want = Rows.row(index, dimension: RoundTripTests.dimension, hasDistance: variant.hasDistance)
      let row = try #require(try reader.next())
      #expect(hasSameBits(row.embedding, want.embedding))
      #expect(row.source == want.source && row.channel == want.channel)
      #expect(row.start == want.start && row.end == want.end && row.distance == want.distance)
    }
    #expect(try reader.next() == nil)
    #expect(reader.notes.isEmpty)
  }

  @Test(arguments: Variant.all) func sameRowsMakeTheSameBytes(variant: Variant) throws {
    try write(variant, to: folder.file("a"))
    try write(variant, to: folder.file("b"))
    #expect(try bytes(of: folder.file("a")) == bytes(of: folder.file("b")))
  }

  @Test(
    .enabled(if: Python.hasReaders, "needs Python with the modules of requirements-host.txt"),
    arguments: Variant.all + Variant.long)
  func othersReadWhatItWrote(variant: Variant) throws {
    let path = folder.file("table.\(variant.format)")
    try write(variant, to: path)
    let result = try Python.run(
      script: "read_tables.py",
      [
        path.string, variant.format.rawValue, variant.layout.rawValue, String(variant.rows),
        String(RoundTripTests.dimension), variant.metadata.rawValue, variant.hasDistance ? "1" : "0",
      ])
    #expect(result.status == 0 && result.output.hasSuffix("read\n"), "\(result.output)")
  }

  /// The size of 14 hours of sound. Row groups are 8 MiB, of which the writer holds a group as pages and
  /// once more as one piece, and the reader some pages: far below the 117 MiB of all rows.
  @Test(arguments: TableFormat.allCases) func longTablesTakeLittleMemory(format: TableFormat) throws {
    let rows = 20_000
    let dimension = 1536
    let path = folder.file("long")
    // Of few different rows, so that the test's time goes to the table.
    let embeddings = (0..<16).map { Rows.embedding($0, dimension: dimension) }
    let before = try residentPeak(reset: true)
    var writer = try EmbeddingTableWriter(path: path, format: format, dimension: dimension)
    for index in 0..<rows {
      try writer.append(
        source: "a.wav", channel: 0, start: Double(index) * 5, end: Double(index) * 5 + 5,
        embedding: embeddings[index % 16])
    }
    try writer.finish(Rows.provenance)
    var reader = try EmbeddingTableReader(path)
    var count = 0
    var equal = 0
    while let row = try reader.next() {
      if row.start == Double(count) * 5, hasSameBits(row.embedding, embeddings[count % 16]) { equal += 1 }
      count += 1
    }
    #expect(count == rows && equal == rows)
    // Other tests run in this process at the same time; theirs are tables of kilobytes.
    let growth = try residentPeak(reset: false) - before
    #expect(growth < 80 << 20, "\(growth >> 20) MiB")
  }

  /// Peak of this process's memory in bytes, counted from now on after a reset.
  private func residentPeak(reset: Bool) throws -> Int {
    if reset { try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8) }
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
  }

  /// 9 MB of vectors are two row groups; all readers of Parquet see one table.
  @Test(.enabled(if: Python.hasReaders, "needs Python with the modules of requirements-host.txt"))
  func othersReadSeveralRowGroups() throws {
    let path = folder.file("groups.parquet")
    try Rows.write(1600, dimension: 1536, to: path, format: .parquet)
    let result = try Python.run(
      script: "read_tables.py", [path.string, "parquet", "list", "1600", "1536", "header", "0"])
    #expect(result.status == 0 && result.output.hasSuffix("read\n"), "\(result.output)")
  }

  @Test(arguments: ["csv", "CSV", "Csv"]) func formatsInAnyCase(text: String) {
    #expect(TableFormat(anyCase: text) == .csv)
    #expect(TableFormat(anyCase: text + "x") == nil)
  }

  /// A table of other columns, as the event table will be.
  @Test func writesColumnsOfEveryType() throws {
    let columns = [
      Column("label", .text), Column("n", .int32), Column("id", .int64), Column("score", .float),
      Column("start", .double, isNullable: true), Column("v", .floats),
    ]
    let path = folder.file("events.csv")
    var writer = try TableWriter(path: path, columns: columns, format: .csv, metadata: .none)
    try writer.append([.text("#a\rb"), .int32(-1), .int64(1 << 40), .float(0.1), .null, .floats([1, -0.5])])
    try writer.append([.text(""), .int32(0), .int64(0), .float(3e-9), .double(1e22), .floats([])])
    try writer.finish(Rows.provenance)
    #expect(
      try text(of: path) == """
        label,n,id,score,start,v
        "#a\rb",-1,1099511627776,0.1,,AACAPwAAAL8=
        ,0,0,3e-09,1e+22,

        """)
  }

  @Test func refusesCellsNoTableMayHold() throws {
    let path = folder.file("out.csv")
    func expectFault(_ cells: [Cell], _ cause: String) throws {
      let columns = [Column("score", .float), Column("v", .floats)]
      var writer = try TableWriter(path: path, columns: columns, format: .csv, metadata: .none)
      let error = #expect(throws: RunnerError.self) { try writer.append(cells) }
      #expect(error?.description == "error: \(path): \(cause); this is a fault of perch-runner, please report it")
      #expect(error?.exit == .internalFault)
    }
    try expectFault([.float(.nan), .floats([])], "column score was given a value that is not finite")
    try expectFault([.float(1), .floats([1, .infinity])], "column v was given a value that is not finite")
    try expectFault([.null, .floats([])], "column score was given a cell of another type")
    try expectFault([.double(1), .floats([])], "column score was given a cell of another type")
    try expectFault([.float(1)], "a row has 1 cells, not 2")
    for layout in EmbeddingLayout.allCases {
      var writer = try EmbeddingTableWriter(path: path, format: .parquet, layout: layout, dimension: 1)
      #expect(throws: RunnerError.self) {
        try writer.append(source: "a", channel: 0, start: 0, end: 5, embedding: [.nan])
      }
      #expect(throws: RunnerError.self) {
        try writer.append(source: "a", channel: 0, start: 0, end: 5, embedding: [1, 2])
      }
    }
    #expect(try folder.names == [])
  }
}
