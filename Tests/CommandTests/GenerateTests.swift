import Foundation
import PerchCore
import PerchTables
import SystemPackage
import Testing

/// `generate` from the command line to the table. All run on seeded weights, whose numbers mean nothing
/// and are the same everywhere.
@Suite struct GenerateTests {
  private let folder: TemporaryFolder
  private static let weights = ["--weights", "seeded:perch_8"]
  private static let warning =
    "[WARNING] perch_8: seeded weights: nothing was trained for them, the embeddings mean nothing; "
    + "they are for trials"

  init() throws { folder = try TemporaryFolder() }

  private func generate(
    _ arguments: String..., environment: [String: String] = ["SOURCE_DATE_EPOCH": "0"]
  ) throws -> Program.Outcome {
    try Program.run(["generate"] + Self.weights + arguments, in: folder, environment: environment)
  }

  private func rows(_ name: String) throws -> [EmbeddingRow] {
    var reader = try EmbeddingTableReader(FilePath(folder.path(name)))
    var rows: [EmbeddingRow] = []
    while let row = try reader.next() { rows.append(row) }
    return rows
  }

  private func provenance(_ name: String) throws -> Provenance {
    try EmbeddingTableReader(FilePath(folder.path(name))).provenance
  }

  @Test func aTableComesOutWhereItShould() throws {
    try folder.write(ToneFile.wav(seconds: 13), to: "night.wav")
    let outcome = try generate("night.wav", "new/out")
    #expect(outcome.exit == 0)
    #expect(outcome.output == "")
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 1)
    #expect(lines.first?.dropFirst(9) == Self.warning[...])
    let clock = String(lines.first?.prefix(9) ?? "").map { $0.isNumber ? "0" : $0 }
    #expect(String(clock) == "00:00:00 ")
    #expect(folder.files == ["new/out/night.embeddings.parquet", "night.wav"])
    let rows = try rows("new/out/night.embeddings.parquet")
    #expect(rows.map(\.start) == [0, 5, 10])
    #expect(rows.map(\.end) == [5, 10, 13])
    #expect(rows.allSatisfy { $0.source == "night.wav" && $0.channel == 0 && $0.embedding.count == 1280 })
    #expect(Set(rows.map(\.embedding)).count == 3)
  }

  @Test func provenanceSaysWhatWasDone() throws {
    try folder.write(ToneFile.wav(seconds: 13, rate: 22_050, channels: 2), to: "20260102_030405.wav")
    let outcome = try generate("-q", "--hop", "2.5", "-F", "CSV", "20260102_030405.wav", "out")
    #expect(outcome.errors == "")
    let said = try provenance("out/20260102_030405.embeddings.csv")
    let expected: KeyValuePairs = [
      "format": "perch-runner embeddings 1", "version": programVersion, "model": "perch_8 (seeded)",
      "model_sha256": "seeded:perch_8:20260101", "embedding_dim": "1280",
      "embedding_encoding": "base64 float32 little-endian", "sample_rate": "32000", "window_seconds": "5.0",
      "hop_seconds": "2.5", "tail": "pad", "channels": "first", "resampler": "polyphase",
      "normalization": "mean 0, peak 0.25", "input": "20260102_030405.wav",
      "input_sha256": try Digest.sha256(file: FilePath(folder.path("20260102_030405.wav"))),
      "input_duration_seconds": "13.0", "input_sample_rate": "22050", "input_channels": "2",
      "created": "1970-01-01T00:00:00Z",
      "config_json": #"{"channel":"first","compat":"none","embedding_model":"perch_8","hop_length_seconds":2.5,"#
        + #""layout":"list","normalization":"hoplite","precision":"float32","tail":"pad"}"#,
      "weights": "seeded 20260101", "compat": "none", "kernels": said["kernels"] ?? "",
      "recording_start": "2026-01-02T03:04:05", "recording_start_source": "file name",
    ]
    #expect(said.entries.map(\.key) == expected.map(\.key))
    for (key, value) in expected { #expect(said[key] == value, "\(key)") }
  }

  @Test(arguments: ["csv", "parquet"])
  func theBytesDoNotDependOnTheWorkers(format: String) throws {
    try folder.write(ToneFile.wav(seconds: 41, rate: 44_100), to: "a.wav")
    for jobs in ["1", "2", "5"] {
      #expect(try generate("-q", "-F", format, "--jobs", jobs, "--hop", "1.5", "a.wav", jobs).exit == 0)
    }
    let one = try folder.read("1/a.embeddings.\(format)")
    #expect(try folder.read("2/a.embeddings.\(format)") == one)
    #expect(try folder.read("5/a.embeddings.\(format)") == one)
    // The last of the starts 0, 1.5 … 36 ends with the sound.
    #expect(try rows("1/a.embeddings.\(format)").count == 25)
  }

  @Test func optionsReachTheWindows() throws {
    try folder.write(ToneFile.wav(seconds: 12.5, channels: 2), to: "a.wav")
    func starts(_ arguments: String...) throws -> [String] {
      let outcome = try Program.run(
        ["generate"] + Self.weights + ["-q", "-F", "csv", "a.wav", "out"] + arguments, in: folder)
      #expect(outcome.exit == 0, "\(outcome.errors)")
      return try rows("out/a.embeddings.csv").map { "\($0.channel)@\($0.start)" }
    }
    #expect(try starts() == ["0@0.0", "0@5.0", "0@10.0"])
    #expect(try starts("--tail", "drop") == ["0@0.0", "0@5.0"])
    #expect(try starts("--compat", "reference") == ["0@0.0", "0@5.0"])
    #expect(try starts("--channel", "1", "--hop", "10") == ["1@0.0", "1@10.0"])
    #expect(try starts("--channel", "all", "--tail", "drop") == ["0@0.0", "1@0.0", "0@5.0", "1@5.0"])
    try folder.write("hop_length_seconds: 2.5", to: "c.yml")
    #expect(try starts("-c", "c.yml", "--tail", "drop") == ["0@0.0", "0@2.5", "0@5.0", "0@7.5"])
    #expect(try starts("-c", "c.yml", "--tail", "drop", "--hop", "7.5") == ["0@0.0", "0@7.5"])
  }

  @Test func float16IsRoundingOfFloat32() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    #expect(try generate("-q", "a.wav", "plain").exit == 0)
    #expect(try generate("-q", "--precision", "float16", "a.wav", "half").exit == 0)
    let plain = try #require(try rows("plain/a.embeddings.parquet").first)
    let half = try #require(try rows("half/a.embeddings.parquet").first)
    #expect(half.embedding == plain.embedding.map { Float(Float16($0)) })
    #expect(half.embedding != plain.embedding)
  }

  @Test func namesOfVersionOneWork() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    try folder.write("hop_size: 5", to: "c.yml")
    let outcome = try generate("--source", "a.wav", "--output", "deep/table.CSV", "--config_file", "c.yml")
    #expect(outcome.exit == 0)
    #expect(outcome.errors.contains("[WARNING] c.yml:1: hop_size is an old name; write hop_length_seconds\n"))
    #expect(try rows("deep/table.CSV").count == 1)
  }

  @Test func inAFolderABadRecordingCostsOnlyItself() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "in/site/a.wav")
    try folder.write("not sound", to: "in/b.wav")
    try folder.write(ToneFile.wav(seconds: 6), to: "in/c.wav")
    let outcome = try generate("-q", "in", "out")
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first?.hasPrefix("error: in/b.wav: ") == true)
    #expect(lines.last == "error: in: 1 of 3 recordings failed; see out/batch-report.csv")
    #expect(outcome.exit == 7)
    #expect(
      folder.files.filter { $0.hasPrefix("out") }
        == [
          "out/.batch.lock", "out/batch-report.csv", "out/c.embeddings.parquet", "out/site/a.embeddings.parquet",
        ])
    #expect(try rows("out/site/a.embeddings.parquet").map(\.source) == ["site/a.wav"])
  }

  @Test func withoutWeightsItSaysHowToGetThem() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    let outcome = try Program.run(["generate", "a.wav", "out"], in: folder)
    #expect(outcome.exit == 4)
    #expect(outcome.errors.hasPrefix("error: perch_v2.h5: no such weights in "))
    #expect(outcome.errors.hasSuffix("or try --weights seeded:perch_v2\n"))
    #expect(outcome.errors.count { $0 == "\n" } == 1)
    #expect(folder.files == ["a.wav"])
  }

  @Test func aFailedRunKeepsTheOldTable() throws {
    try folder.write("damaged", to: "a.wav")
    try folder.write("old", to: "out/a.embeddings.parquet")
    #expect(try generate("-q", "a.wav", "out").exit == 3)
    #expect(try folder.read("out/a.embeddings.parquet") == Data("old".utf8))
    #expect(folder.unfinishedFiles == [])
  }

  @Test func anOutputThatIsAFileIsRefused() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    try folder.write("", to: "out")
    let outcome = try generate("-q", "a.wav", "out")
    #expect(outcome.exit == 6)
    #expect(
      outcome.errors == "error: out: a part of the path is not a folder; choose another output folder\n")
  }

  @Test(arguments: [(SIGINT, 130, "interrupted"), (SIGTERM, 143, "terminated")])
  func aSignalLeavesNothingUnfinished(signal: Int32, exit: Int32, word: String) throws {
    try folder.write(ToneFile.wav(seconds: 600), to: "a.wav")
    let arguments = ["generate"] + Self.weights + ["-q", "--hop", "0.05", "a.wav", "out"]
    let outcome = try Program.run(arguments, in: folder) { process in
      // Until the table is being written there is nothing to clean up.
      let deadline = ContinuousClock.now + .seconds(60)
      while folder.unfinishedFiles.isEmpty, process.isRunning, ContinuousClock.now < deadline { usleep(2000) }
      #expect(folder.unfinishedFiles == ["out/a.embeddings.parquet.inprogress"])
      kill(process.processIdentifier, signal)
    }
    #expect(outcome.exit == exit)
    #expect(
      outcome.errors == "error: \(word): what was unfinished is removed; run the same command again\n")
    #expect(folder.files == ["a.wav"])
  }

  @Test func progressIsForProgramsWhenAsked() throws {
    try folder.write(ToneFile.wav(seconds: 10), to: "a.wav")
    let outcome = try generate("--log-level", "error", "--progress", "ndjson", "a.wav", "out")
    let last = try #require(outcome.errors.split(separator: "\n").last)
    let object = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
    #expect(object?["event"] as? String == "done")
    #expect(object?["windows"] as? Int == 2)
    #expect(object?["sound_seconds"] as? Double == 10)
  }
}
