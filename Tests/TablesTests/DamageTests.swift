import Foundation
import PerchCore
import PerchTables
import SystemPackage
import TestSupport
import Testing

/// Whatever is in a file, reading it ends: with rows, or with one error line of exit 3.
struct DamageTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let kinds = TableFormat.allCases.flatMap { format in
    EmbeddingLayout.allCases.map { (format, $0) }
  }

  private func table(_ format: TableFormat, _ layout: EmbeddingLayout) throws -> [UInt8] {
    try Rows.write(5, dimension: 4, to: folder.file("whole"), format: format, layout: layout, hasDistance: true)
    return try bytes(of: folder.file("whole"))
  }

  /// Number of rows, or nil for a proper refusal. A row bound stands for "does not hang".
  private func read(_ path: FilePath) throws -> Int? {
    do throws(RunnerError) {
      var reader = try EmbeddingTableReader(path)
      var count = 0
      while try reader.next() != nil, count < 100_000 { count += 1 }
      return count
    } catch {
      try #require(error.exit == .input, "\(error)")
      return nil
    }
  }

  @Test(arguments: kinds) func truncatedAnywhere(format: TableFormat, layout: EmbeddingLayout) throws {
    let whole = try table(format, layout)
    for count in whole.indices {
      let rows = try read(try folder.write(whole[..<count], to: "cut"))
      // A Parquet file without its footer is none; CSV may end after any whole row.
      if format == .parquet { #expect(rows == nil, "\(count) of \(whole.count) bytes") }
      #expect(rows ?? 0 <= 5)
    }
    #expect(try read(folder.file("whole")) == 5)
  }

  @Test(arguments: kinds) func flippedBits(format: TableFormat, layout: EmbeddingLayout) throws {
    let whole = try table(format, layout)
    var random = SplitMix(state: 20_260_101)
    var refused = 0
    for round in 0..<4000 {
      var bytes = whole
      for _ in 0...(round % 3) {
        let place = Int.random(in: bytes.indices, using: &random)
        bytes[place] ^= UInt8.random(in: 1...255, using: &random)
      }
      if try read(try folder.write(bytes, to: "flipped")) == nil { refused += 1 }
    }
    // Damage in numbers cannot be seen, damage in structure must be.
    #expect(refused > 0 && refused < 4000)
  }

  /// Every byte of a footer, and of the page headers, in turn as the largest and smallest there is.
  @Test(arguments: EmbeddingLayout.allCases) func extremeBytes(layout: EmbeddingLayout) throws {
    let whole = try table(.parquet, layout)
    var refused = 0
    for place in whole.indices {
      for value: UInt8 in [0x00, 0x7F, 0x80, 0xFF] {
        var bytes = whole
        bytes[place] = value
        if try read(try folder.write(bytes, to: "extreme")) == nil { refused += 1 }
      }
    }
    #expect(refused > whole.count)
  }

  /// The same for what pyarrow writes: Snappy, dictionaries and nullable columns.
  @Test(.enabled(if: Python.hasReaders, "needs Python with the modules of requirements-host.txt"))
  func flippedBitsOfOtherWriters() throws {
    let result = try Python.run(script: "write_variants.py", [folder.path.string])
    try #require(result.status == 0, "\(result.output)")
    var random = SplitMix(state: 7)
    for name in ["list-snappy-v1-dictionary", "list-snappy-v2-plain", "half-columns-split", "list-duckdb"] {
      let whole = try bytes(of: folder.file(name + ".parquet"))
      var refused = 0
      for _ in 0..<1500 {
        var bytes = whole
        bytes[Int.random(in: bytes.indices, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
        if try read(try folder.write(bytes, to: "flipped")) == nil { refused += 1 }
      }
      #expect(refused > 0)
    }
  }

  @Test func linesOfErrors() throws {
    let header = "source,channel,start,end,embedding\n"
    let give = "give a CSV or Parquet table of embeddings"
    let again = "copy it or write it again"
    let lines: [(String, String)] = [
      ("", "is empty; \(give)"),
      ("# a: b\n", "is empty; \(give)"),
      ("PAR1", "the file ends within the Parquet footer; \(again)"),
      ("PAR1xxxxxxxxxxxx", "the file ends within the Parquet footer; \(again)"),
      (
        "PARE",
        "uses encryption, which is not supported; write it again with plain pages and no or Snappy compression"
      ),
      ("a,b\n1,2\n", "has neither a column 'start' nor 'offset'; \(give)"),
      ("source,start\na,1\n", "has no column of embeddings; \(give)"),
      (header + "a,0,0.0\n", "row 1: has 3 fields, the header line has 5; \(again)"),
      (header + "a,x,0.0,5.0,AACAPw==\n", "row 1: column channel holds 'x', not a number; \(again)"),
      (header + "a,-1,0.0,5.0,AACAPw==\n", "row 1: column channel holds '-1', not a number; \(again)"),
      (header + "a,0,,5.0,AACAPw==\n", "row 1: column start holds '', not a number; \(again)"),
      (header + "a,0,nan,5.0,AACAPw==\n", "row 1: has a time or distance that is not finite; \(again)"),
      (header + "a,0,0.0,5.0,AACAPw=\n", "row 1: the embedding is not Base64 text; \(again)"),
      (
        header + "a,0,0.0,5.0,AACAPwA=\n",
        "row 1: the embedding has 5 bytes, which is no whole number of values; \(again)"
      ),
      (header + "a,0,0.0,5.0,AACAfw==\n", "row 1: has an embedding that is not finite; \(again)"),
      (
        header + "a,0,0.0,5.0,AACAPw==\na,0,5.0,9.0,AACAPwAAgD8=\n",
        "row 2: has an embedding of 2 values, not 1; \(again)"
      ),
      (header + "\"a,0,0.0,5.0,AACAPw==\n", "the file ends within a quoted field; \(again)"),
    ]
    for (content, line) in lines {
      expectRefusal(try folder.write(content.utf8, to: "table"), line)
    }
    expectRefusal(folder.file("absent"), "no such file; check the path")
    expectRefusal(folder.path, "is a folder; \(give)")
  }
}

/// Small generator with a known sequence (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014), so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
