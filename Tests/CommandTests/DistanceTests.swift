import Foundation
import PerchCore
import PerchTables
import SystemPackage
import TestSupport
import Testing

/// `distance` from the command line to the table.
@Suite struct DistanceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func distance(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(
      ["distance", "-q", "--weights", "seeded:perch_8"] + arguments, in: folder,
      environment: ["SOURCE_DATE_EPOCH": "0"])
  }

  private func rows(_ name: String) throws -> [EmbeddingRow] {
    var reader = try EmbeddingTableReader(FilePath(folder.path(name)))
    var rows: [EmbeddingRow] = []
    while let row = try reader.next() { rows.append(row) }
    return rows
  }

  @Test func aWindowIsAtNoDistanceFromItself() throws {
    try folder.write(ToneFile.wav(seconds: 13), to: "night.wav")
    try folder.write(ToneFile.wav(seconds: 5), to: "call.wav")
    let outcome = try distance("night.wav", "call.wav", "out")
    #expect(outcome.errors == "" && outcome.exit == 0)
    let rows = try rows("out/night.distances.parquet")
    #expect(rows.map(\.start) == [0, 5, 10])
    #expect(rows[0].distance == 0)
    for row in rows.dropFirst() {
      let distance = try #require(row.distance)
      #expect(distance > 0 && distance < 2)
    }
    let said = try Provenance(ofTable: FilePath(folder.path("out/night.distances.parquet")))
    #expect(said["format"] == "perch-runner distances 1")
    #expect(said["query"] == "call.wav")
    #expect(said["query_sha256"] == (try Digest.sha256(file: FilePath(folder.path("call.wav")))))
    let keys = said.entries.map(\.key)
    let place = try #require(keys.firstIndex(of: "query"))
    #expect(Array(keys[(place - 1)...(place + 2)]) == ["input_channels", "query", "query_sha256", "created"])
  }

  /// A table takes the place of the sound, on either side, and the numbers stay.
  @Test func tablesGiveTheSameDistances() throws {
    try folder.write(ToneFile.wav(seconds: 13), to: "night.wav")
    try folder.write(ToneFile.wav(seconds: 5), to: "call.wav")
    for name in ["night.wav", "call.wav"] {
      #expect(
        try Program.run(["generate", "-q", "--weights", "seeded:perch_8", name, "out"], in: folder).exit == 0)
    }
    #expect(try distance("night.wav", "call.wav", "a").exit == 0)
    let outcome = try Program.run(
      ["distance", "-q", "-F", "csv", "out/night.embeddings.parquet", "out/call.embeddings.parquet", "b"],
      in: folder)
    #expect(outcome.errors == "")
    #expect(try rows("a/night.distances.parquet") == rows("b/night.embeddings.distances.csv"))
  }

  @Test func severalQueriesHaveAColumnEach() throws {
    try folder.write(ToneFile.wav(seconds: 13), to: "night.wav")
    try folder.write(ToneFile.wav(seconds: 5), to: "one.wav")
    try folder.write(ToneFile.wav(seconds: 5, rate: 22_050), to: "two.wav")
    let outcome = try distance(
      "-F", "csv", "--no-embeddings", "--metadata", "none", "night.wav", "one.wav", "two.wav", "out")
    #expect(outcome.errors == "")
    let lines = String(decoding: try folder.read("out/night.distances.csv"), as: UTF8.self).split(separator: "\n")
    #expect(lines[0] == "source,channel,source_separation_channel,start,end,distance,distance_one,distance_two")
    #expect(lines.count == 4)
    for line in lines.dropFirst() {
      let fields = line.split(separator: ",").suffix(3).compactMap { Double($0) }
      #expect(fields.count == 3 && fields[0] == min(fields[1], fields[2]))
    }
    #expect(
      try distance("--top", "2", "-F", "csv", "--reduce", "none", "night.wav", "one.wav", "two.wav", "top").exit
        == 0)
    #expect(
      try Provenance(ofTable: FilePath(folder.path("top/night.distances.csv")))["query"]
        == #"["one.wav","two.wav"]"#)
  }

  @Test func aPartOfALongerRecordingCanBeTheQuery() throws {
    try folder.write(ToneFile.wav(seconds: 13), to: "night.wav")
    #expect(try distance("--query-start", "5", "--top", "1", "night.wav", "night.wav", "out").exit == 0)
    let rows = try rows("out/night.distances.parquet")
    #expect(rows.map(\.start) == [5])
    #expect(rows.map(\.distance) == [0])
  }

  @Test(arguments: [
    ("clip.wav", 4.0, "is 4.0 s long, a query is 5 s; cut it to 5 s or say with --query-start where they begin"),
    ("clip.wav", 6.0, "is 6.0 s long, a query is 5 s; cut it to 5 s or say with --query-start where they begin"),
  ])
  func otherLengthsAreRefused(_ name: String, _ seconds: Double, _ line: String) throws {
    try folder.write(ToneFile.wav(seconds: 13), to: "night.wav")
    try folder.write(ToneFile.wav(seconds: seconds), to: name)
    let outcome = try distance("night.wav", name, "out")
    #expect(outcome.errors == "error: \(name): \(line)\n")
    #expect(outcome.exit == 3)
    #expect(folder.files == [name, "night.wav"])
  }

  static let commandLines = [
    ErrorLineTests.Case(
      "distance a.wav b.wav",
      "error: command line: missing expected argument '<output-directory>'; see 'perch-runner distance --help'", 2),
    ErrorLineTests.Case(
      "distance a.wav b.wav out --top 0",
      "error: --top: 0 is not a number of rows between 1 and 1000000; give a smaller number, or leave it out", 2),
    ErrorLineTests.Case(
      "distance a.wav b.wav out --query-channel=-1",
      "error: --query-channel: -1 is not a channel; count channels from 0", 2),
    ErrorLineTests.Case(
      "search a.wav b.wav out --top 0",
      "error: --top: 0 is not a number of rows between 1 and 100000; give a smaller number", 2),
  ]

  @Test(arguments: commandLines) func wrongCommandLines(_ test: ErrorLineTests.Case) throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    let outcome = try Program.run(test.arguments, in: folder)
    #expect(outcome.errors == test.line + "\n")
    #expect(outcome.exit == test.exit)
    #expect(folder.files == ["a.wav"])
  }

  /// Each form of table in the field, against window 0 of the example: the distances of the example.
  @Test(
    .enabled(if: TestFiles.hasShared, "needs the shared reference data"),
    arguments: [
      "audio.embeddings.csv", "audio.embeddings.parquet", "audio.distances.csv", "audio.distances.parquet",
      "upstream.columns.csv", "upstream.columns.parquet", "upstream.serialized.csv", "upstream.serialized.parquet",
      "v1.columns.parquet",
    ])
  func everyTableOfTheExamples(_ name: String) throws {
    let examples = try #require(TestFiles.shared).appending(path: "examples")
    var reader = try EmbeddingTableReader(FilePath(examples.appending(path: "audio.distances.parquet").path))
    var expected: [Double: Double] = [:]
    var window: EmbeddingRow?
    while let row = try reader.next() {
      window = window ?? row
      expected[row.start] = row.distance
    }
    var query = try EmbeddingTableWriter(path: FilePath(folder.path("query.csv")), format: .csv, dimension: 1280)
    try query.append(try #require(window))
    try query.finish(Provenance())
    let outcome = try Program.run(
      ["distance", "-q", examples.appending(path: name).path, folder.path("query.csv"), "out"], in: folder)
    #expect(outcome.errors == "")
    let stem = try #require(FilePath(name).stem)
    let rows = try rows("out/\(stem).distances.parquet")
    #expect(rows.count >= 2)
    for row in rows {
      let want = try #require(expected[row.start])
      #expect(abs(try #require(row.distance) - want) <= 1e-6)
    }
  }
}
