import Foundation
import PerchCore
import PerchTables
import SystemPackage
import TestSupport
import Testing

/// Parquet files as pyarrow, polars and duckdb write them (`Readers/write_variants.py`).
@Suite(.enabled(if: Python.hasReaders, "needs Python with the modules of requirements-host.txt"))
struct ForeignParquetTests {
  private static let dimension = 24
  private static let rows = 60

  /// Written once for all tests.
  private static let written = Result {
    let folder = try TemporaryFolder()
    let result = try Python.run(script: "write_variants.py", [folder.path.string])
    if result.status != 0 { throw Failure(output: result.output) }
    return folder
  }

  private struct Failure: Error { let output: String }

  private static let codecs = ["none", "snappy"].flatMap { codec in
    ["v1", "v2"].flatMap { version in ["dictionary", "plain"].map { "\(codec)-\(version)-\($0)" } }
  }
  private static let names =
    codecs.map { "list-\($0)" } + codecs.map { "columns-\($0)" } + [
      "list-small-pages", "list-row-groups", "list-required", "list-large", "list-fixed-size", "list-item",
      "list-double", "list-index-checksum", "list-split", "list-no-arrow-schema", "list-old-format",
      "list-further-columns", "list-polars", "list-polars-snappy", "list-duckdb", "columns-double",
      "columns-float-offset", "serialized-string", "serialized-large_string",
    ]

  @Test(arguments: names) func readsRows(name: String) throws {
    let rows = try Rows.read(try ForeignParquetTests.written.get().file(name + ".parquet"))
    #expect(rows.count == ForeignParquetTests.rows)
    for (index, row) in rows.enumerated() {
      let want = Rows.row(index, dimension: ForeignParquetTests.dimension)
      #expect(hasSameBits(row.embedding, want.embedding))
      #expect(row.source == want.source && row.channel == want.channel)
      #expect(row.start == want.start && row.end == want.end && row.distance == nil)
    }
  }

  @Test(arguments: ["half-columns", "half-columns-split"]) func readsHalfPrecision(name: String) throws {
    let rows = try Rows.read(try ForeignParquetTests.written.get().file(name + ".parquet"))
    #expect(rows.count == ForeignParquetTests.rows)
    for (index, row) in rows.enumerated() {
      let want = (0..<ForeignParquetTests.dimension).map {
        Float((index * ForeignParquetTests.dimension + $0) % 2048) / 64 - 16
      }
      #expect(row.embedding == want)
      #expect(row.start == Rows.row(index, dimension: 0).start)
    }
  }

  @Test func readsListsOfTwoLevels() throws {
    let path = try ForeignParquetTests.written.get().file("two-level.parquet")
    let rows = try Rows.read(path)
    #expect(rows.count == ForeignParquetTests.rows)
    for (index, row) in rows.enumerated() {
      let want = Rows.row(index, dimension: ForeignParquetTests.dimension)
      #expect(hasSameBits(row.embedding, want.embedding))
      #expect(row.start == want.start && row.channel == 0 && row.source == "two-level.parquet")
    }
  }

  @Test func readsNoRows() throws {
    var reader = try EmbeddingTableReader(try ForeignParquetTests.written.get().file("list-empty.parquet"))
    #expect(try reader.next() == nil)
    #expect(reader.dimension == nil)
  }

  @Test(arguments: [
    ("zstd", "compression ZSTD"), ("gzip", "compression GZIP"), ("brotli", "compression BROTLI"),
    ("lz4", "compression LZ4_RAW"), ("DELTA_BINARY_PACKED", "encoding DELTA_BINARY_PACKED"),
    ("DELTA_BYTE_ARRAY", "encoding DELTA_BYTE_ARRAY"),
    ("DELTA_LENGTH_BYTE_ARRAY", "encoding DELTA_LENGTH_BYTE_ARRAY"),
  ]) func namesWhatItDoesNotRead(name: String, part: String) throws {
    let path = try ForeignParquetTests.written.get().file("refused-\(name).parquet")
    expectRefusal(
      path,
      "uses \(part), which is not supported; write it again with plain pages and no or Snappy compression")
  }

  @Test(arguments: [
    ("null-element", "damaged table: column embedding has a null in a list; copy it or write it again"),
    ("null-list", "row 5: has no embedding; copy it or write it again"),
    ("results", "holds labels and scores, not embeddings; give a CSV or Parquet table of embeddings"),
    ("text", "damaged table: column f0000 does not hold numbers; copy it or write it again"),
    (
      "lists-of-lists",
      "holds lists of lists in column embedding; give a CSV or Parquet table of embeddings"
    ),
  ]) func namesWhatIsMissing(name: String, line: String) throws {
    expectRefusal(try ForeignParquetTests.written.get().file("refused-\(name).parquet"), line)
  }
}

/// Expects that reading `path` to its end fails with exit 3 and this line.
func expectRefusal(_ path: FilePath, _ line: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let error = #expect(throws: RunnerError.self, sourceLocation: sourceLocation) { try Rows.read(path) }
  #expect(error?.description == "error: \(path): \(line)", sourceLocation: sourceLocation)
  #expect(error?.exit == .input, sourceLocation: sourceLocation)
}

/// The examples of every table that users have.
@Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
struct ExampleTableTests {
  private func example(_ name: String) throws -> FilePath {
    FilePath(try #require(TestFiles.shared).appending(path: "examples").appending(path: name).path)
  }

  /// The rule of the examples' README.
  private func vector(_ row: Int) -> [Float] { (0..<1280).map { Float((37 * $0 + 101 * row) % 256 - 128) / 1024 } }

  @Test(arguments: [
    ("audio.embeddings.csv", 3), ("audio.embeddings.parquet", 3), ("audio.distances.csv", 3),
    ("audio.distances.parquet", 3), ("upstream.serialized.csv", 2), ("upstream.serialized.parquet", 2),
    ("upstream.columns.csv", 2), ("upstream.columns.parquet", 2), ("v1.columns.parquet", 2),
  ]) func holdsTheRule(name: String, count: Int) throws {
    let rows = try Rows.read(try example(name))
    #expect(rows.count == count)
    for (index, row) in rows.enumerated() {
      #expect(row.embedding == vector(index))
      #expect(row.source == "site1/audio.wav" && row.channel == 0 && row.start == Double(index) * 5)
      #expect(row.end == (index == 2 ? 13 : Double(index) * 5 + 5))
      #expect((row.distance != nil) == name.contains("distances"))
    }
  }

  /// Our writer, given the rows and provenance of an example, makes the example again.
  @Test(arguments: ["audio.embeddings.csv", "audio.distances.csv"]) func writesTheExample(name: String) throws {
    let folder = try TemporaryFolder()
    let provenance = try Provenance(ofTable: try example(name))
    var writer = try EmbeddingTableWriter(
      path: folder.file(name), format: .csv, dimension: 1280,
      distances: name.contains("distances") ? ["distance"] : [])
    for row in try Rows.read(try example(name)) { try writer.append(row) }
    try writer.finish(provenance)
    #expect(try bytes(of: folder.file(name)) == bytes(of: try example(name)))
  }

  @Test func formatsShareTheirProvenance() throws {
    var csv = try Provenance(ofTable: try example("audio.embeddings.csv"))
    csv.set("embedding_encoding", "float32")
    #expect(try Provenance(ofTable: try example("audio.embeddings.parquet")) == csv)
    #expect(
      try Provenance(ofTable: try example("audio.classifications.parquet"))["format"] == "perch-runner events 1")
  }

  @Test(arguments: [
    "audio.classifications.csv", "audio.classifications.parquet", "upstream.recognizer_results.csv",
    "upstream.classify_results.parquet",
  ]) func refusesResults(name: String) throws {
    expectRefusal(
      try example(name),
      "holds labels and scores, not embeddings; give a CSV or Parquet table of embeddings")
  }

  @Test(arguments: ["koala.json", "audio.labels.txt", "config-classify.yml", "batch-list.csv"])
  func isNoTable(name: String) throws {
    #expect(TableFormat.ofEmbeddings(at: try example(name)) == nil)
    #expect(throws: RunnerError.self) { try EmbeddingTableReader(try example(name)) }
  }
}
