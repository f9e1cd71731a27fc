import Foundation
import PerchCore
import PerchTables
import SystemPackage
import Testing

/// `search` from the command line to the table of results.
@Suite struct SearchTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func search(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(["search"] + arguments, in: folder, environment: ["SOURCE_DATE_EPOCH": "0"])
  }

  private func lines(_ name: String) throws -> [String] {
    String(decoding: try folder.read(name), as: UTF8.self).split(separator: "\n").map(String.init)
      .filter { !$0.hasPrefix("#") }
  }

  private func table(
    _ name: String, _ vectors: [[Float]], format: TableFormat = .parquet, layout: EmbeddingLayout = .list,
    model: String? = nil
  ) throws {
    var writer = try EmbeddingTableWriter(
      path: FilePath(folder.path(name)), format: format, layout: layout, dimension: vectors[0].count)
    for (index, vector) in vectors.enumerated() {
      try writer.append(
        source: "\(name).wav", channel: 0, start: 5 * Double(index), end: 5 * Double(index + 1), embedding: vector)
    }
    var provenance = Provenance()
    if let model { provenance.set("model", model) }
    try writer.finish(provenance)
  }

  private func matrix(_ name: String, _ vectors: [[Float]]) throws {
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(vectors.count), \(vectors[0].count)), }"
    header += String(repeating: " ", count: 128 - 11 - header.utf8.count) + "\n"
    var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]) + Data(header.utf8)
    for value in vectors.joined() {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    try folder.write(data, to: name)
  }

  @Test func theBestOfAFolderComeInOrder() throws {
    try table("all/b.parquet", [[1, 0, 0], [0, 2, 0], [1, 1, 0]])
    try table("all/a/c.csv", [[3, 0, 0], [0, 0, 1]], format: .csv)
    try table("all/d.parquet", [[-1, 0, 0], [0, 0, 0]], layout: .columns)
    try matrix("all/e.npy", [[1, 0, 0], [.nan, 0, 0]])
    try folder.write("label,score\nx,1\n", to: "all/other.csv")
    try matrix("query.npy", [[2, 0, 0]])
    let outcome = try search("--top", "5", "--metadata", "none", "all", "query.npy", "out")
    #expect(outcome.exit == 0)
    #expect(outcome.errors.hasSuffix("[WARNING] all: 2 of 9 embeddings are zero or not finite and left out\n"))
    #expect(
      try lines("out/all.search.csv") == [
        "query,rank,source,channel,start,score,table,row",
        "query.npy,1,all/a/c.csv.wav,0,0.0,1.0,a/c.csv,0",
        "query.npy,2,all/b.parquet.wav,0,0.0,1.0,b.parquet,0",
        "query.npy,3,e.npy,0,,1.0,e.npy,0",
        "query.npy,4,all/b.parquet.wav,0,10.0,\(1 / 2.0.squareRoot()),b.parquet,2",
        "query.npy,5,all/a/c.csv.wav,0,5.0,0.0,a/c.csv,1",
      ])
    #expect(
      try search("-q", "--top", "2", "--score", "dot", "--metadata", "none", "all", "query.npy", "dot").exit == 0)
    #expect(try lines("dot/all.search.csv")[1] == "query.npy,1,all/a/c.csv.wav,0,0.0,6.0,a/c.csv,0")
  }

  /// Rows in 16 tables and a matrix, so that workers share them in many ways; many rows tie.
  @Test func theBytesDoNotDependOnTheWorkers() throws {
    var state: UInt32 = 7
    func vector() -> [Float] {
      (0..<48).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return Float(Int(state >> 29) - 4)
      }
    }
    let kinds = (0..<40).map { _ in vector() }
    for index in 0..<16 { try table("all/\(index).parquet", (0..<50).map { kinds[($0 * 7 + index) % 40] }) }
    try matrix("all/m.npy", (0..<500).map { kinds[$0 % 40] })
    try matrix("query.npy", (0..<7).map { kinds[$0] })
    for jobs in ["1", "2", "5"] {
      #expect(try search("--jobs", jobs, "--top", "60", "all", "query.npy", jobs).errors == "")
    }
    let one = try folder.read("1/all.search.csv")
    #expect(try folder.read("2/all.search.csv") == one)
    #expect(try folder.read("5/all.search.csv") == one)
    #expect(try lines("1/all.search.csv").count == 1 + 7 * 60)
  }

  @Test func aClipFindsItsWindow() throws {
    try folder.write(ToneFile.wav(seconds: 13), to: "night.wav")
    try folder.write(ToneFile.wav(seconds: 5), to: "call.wav")
    let weights = ["--weights", "seeded:perch_8"]
    #expect(try Program.run(["generate", "-q"] + weights + ["night.wav", "all"], in: folder).exit == 0)
    // Distances of a recording are its embeddings again.
    #expect(
      try Program.run(["distance", "-q"] + weights + ["night.wav", "call.wav", "all"], in: folder).exit == 0)
    let outcome = try Program.run(["search", "-q"] + weights + ["all", "call.wav", "out"], in: folder)
    #expect(outcome.errors == "")
    let lines = try lines("out/all.search.csv")
    #expect(lines.count == 4)
    #expect(lines[1] == "call.wav,1,night.wav,0,0.0,1.0,night.embeddings.parquet,0")
  }

  private func error(_ arguments: String...) throws -> String {
    let outcome = try Program.run(["search", "-q"] + arguments, in: folder)
    #expect(outcome.exit == 3)
    #expect(!folder.files.contains { $0.hasPrefix("out") })
    return outcome.errors
  }

  @Test func whatCannotBeSearched() throws {
    try matrix("query.npy", [[2, 0, 0]])
    try matrix("zero.npy", [[0, 0, 0]])
    try matrix("wide.npy", [[1, 0, 0, 0]])
    try table("three.parquet", [[1, 0, 0]], model: "perch_8 (v8)")
    try table("four.parquet", [[1, 0, 0, 0]])
    try table("other.parquet", [[1, 0, 0]], model: "perch_v2 (seeded)")
    try folder.write("x", to: "empty/readme.txt")
    let remedy = "compare embeddings of one model"
    let absent = "cannot be read: No such file or directory; check the path and its permissions"
    #expect(try error("absent", "query.npy", "out") == "error: absent: \(absent)\n")
    #expect(
      try error("empty", "query.npy", "out")
        == "error: empty: holds no tables of embeddings (csv, npy, parquet); "
        + "name another folder, or the file itself\n"
    )
    #expect(
      try error("wide.npy", "query.npy", "out")
        == "error: wide.npy: has rows of 4 values, the query of 3; \(remedy)\n")
    #expect(
      try error("four.parquet", "query.npy", "out")
        == "error: four.parquet: has embeddings of 4 values, the query query.npy of 3; \(remedy)\n")
    #expect(
      try error("other.parquet", "three.parquet", "out")
        == "error: other.parquet: has embeddings of perch_v2 (seeded), the query three.parquet of perch_8 (v8); "
        + "\(remedy)\n")
    #expect(
      try error("three.parquet", "zero.npy", "out")
        == "error: zero.npy: its embedding is zero or not finite, so nothing can be compared with it; "
        + "give another query\n")
    #expect(
      try error("three.parquet", "query.npy", "wide.npy", "out")
        == "error: wide.npy: has 4 values, query.npy has 3; give queries of one model\n")
  }
}
