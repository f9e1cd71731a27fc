import Foundation
import PerchCore
import SystemPackage
import Testing

/// What `verify` says of tables that it cannot prove: the line for each, the error and the exit code.
@Suite struct VerifyErrorTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(ToneFile.wav(seconds: 5), to: "night.wav")
  }

  /// Both streams tell of the one table: standard output begins with it, standard error with what is at fault.
  private func expectNotProved(
    _ arguments: String, _ table: String, at subject: String? = nil, _ cause: String, _ remedy: String,
    exit: Int32 = 3
  ) throws {
    let outcome = try folder.run("verify -q \(arguments) \(table)")
    let place = subject.map { "\(table): \($0)" } ?? table
    #expect(outcome.output == "not proved: \(place): \(cause)\n")
    #expect(outcome.errors == "error: \(subject ?? table): \(cause); \(remedy)\n")
    #expect(outcome.exit == exit)
  }

  private static let generate = "generate -q --weights seeded:perch_8"

  @Test func aRecordingThatHasChanged() throws {
    try folder.make("\(Self.generate) night.wav out")
    let before = try Digest.sha256(file: FilePath(folder.path("night.wav"))).prefix(12)
    try folder.write(ToneFile.wav(seconds: 6), to: "night.wav")
    let now = try Digest.sha256(file: FilePath(folder.path("night.wav"))).prefix(12)
    let table = "out/night.embeddings.parquet"
    try expectNotProved(
      "--root .", table, at: "./night.wav",
      "is not what \(table) was made from: its SHA-256 is \(now)…, the table says \(before)…",
      "name it with --input, or its folder with --root")
    try expectNotProved(
      "--input night.wav", table, at: "night.wav",
      "is not what \(table) was made from: its SHA-256 is \(now)…, the table says \(before)…",
      "name it with --input, or its folder with --root")
    try expectNotProved(
      "--input absent.wav", table, at: "absent.wav", "cannot be read: No such file or directory",
      "check the path and its permissions")
  }

  @Test(arguments: ["csv", "parquet"]) func aTableWithoutProvenance(_ format: String) throws {
    try folder.make("\(Self.generate) --metadata none -F \(format) night.wav out")
    try expectNotProved(
      "--root .", "out/night.embeddings.\(format)", "holds no provenance, so nothing says how it was made",
      "write tables with metadata")
  }

  @Test(arguments: [
    ("# kernels: ", "# kernel: ", "its provenance has no kernels"),
    ("\"tail\":\"pad\"", "\"tail\":\"cut\"", "its tail cannot be understood"),
    ("\"hop_length_seconds\":5.0", "\"hop_length_seconds\":-1", "its hop_length_seconds cannot be understood"),
    ("# config_json: {", "# config_json: [", "its config_json cannot be understood"),
    ("# embedding_dim: 1280", "# embedding_dim: -7", "its embedding_dim cannot be understood"),
  ])
  func aTableWithDamagedProvenance(_ before: String, _ after: String, _ cause: String) throws {
    try folder.make("\(Self.generate) -F csv night.wav out")
    let table = "out/night.embeddings.csv"
    let text = String(decoding: try folder.read(table), as: UTF8.self)
    try folder.write(text.replacingOccurrences(of: before, with: after), to: table)
    try expectNotProved("--root .", table, cause, "make the table again")
  }

  @Test func tablesOfAnotherKind() throws {
    try folder.make("\(Self.generate) -F csv night.wav out")
    try folder.make("distance -q out/night.embeddings.csv out/night.embeddings.csv out")
    try expectNotProved(
      "--root .", "out/night.embeddings.distances.parquet",
      "was made from a table of embeddings, not from a recording", "verify that table")
    try folder.write("a,b\n1,2\n", to: "other.csv")
    try expectNotProved(
      "--root .", "other.csv", "holds no provenance, so nothing says how it was made", "write tables with metadata")
    try expectNotProved("--root .", "absent.csv", "no such file", "check the path")
    let table = "out/night.embeddings.csv"
    let text = String(decoding: try folder.read(table), as: UTF8.self)
    try folder.write(text.replacingOccurrences(of: "embeddings 1\n", with: "embeddings 9\n"), to: table)
    try expectNotProved(
      "--root .", table, "is of the format 'perch-runner embeddings 9'",
      "give a table of generate, classify or distance")
  }

  @Test func otherWeights() throws {
    try SmallWeights().write(to: folder.path("small.h5"))
    try folder.make("generate -q --weights small.h5 night.wav out")
    let table = "out/night.embeddings.parquet"
    let digest = try Digest.sha256(file: FilePath(folder.path("small.h5"))).prefix(12)
    #expect(try folder.run("verify -q --root . --weights small.h5 \(table)").exit == 0)
    try expectNotProved(
      "--root . --weights seeded:perch_8", table, at: "seeded:perch_8",
      "is not what made \(table): its SHA-256 is seeded:perch_8:20260101, the table says \(digest)…",
      "name the weights that made it with --weights", exit: 4)
  }

  @Test func recognizersThatNobodyNames() throws {
    let beta = Data(count: 1280 * 4).base64EncodedString()
    func recognizer(_ name: String, _ bias: String) -> String {
      #"{"name":"\#(name)","classes":["Koala"],"beta":"\#(beta)","beta_bias":"\#(bias)"}"#
    }
    try folder.write(recognizer("koala", "AACAPw=="), to: "koala.json")
    try folder.write(recognizer("koala", "AAAAQA=="), to: "changed.json")
    try folder.write("classifiers:\n  - model_file: koala.json\n", to: "koala.yml")
    try folder.write("classifiers:\n  - model_file: changed.json\n", to: "changed.yml")
    try folder.make("classify -q --weights seeded:perch_8 -c koala.yml night.wav out")
    let digest = try Digest.sha256(file: FilePath(folder.path("koala.json"))).prefix(12)
    for options in ["--root .", "--root . -c changed.yml"] {
      try expectNotProved(
        options, "out/night.classifications.csv",
        "the recognizer 'koala' (SHA-256 \(digest)…) that scored it is not known",
        "name the configuration that classify had with --config", exit: 5)
    }
  }

  @Test func queriesThatAreNotThere() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "queries/call.wav")
    try folder.make("distance -q --weights seeded:perch_8 night.wav queries/call.wav out")
    let table = "out/night.distances.parquet"
    try expectNotProved(
      "--root .", table, "the query 'call.wav' is neither beside the recording nor beside the table",
      "name it with --query")
    #expect(try folder.run("verify -q --root . --query queries/call.wav \(table)").exit == 0)
  }

  /// Each has its line, and the rest goes on.
  @Test func severalTables() throws {
    try folder.make("\(Self.generate) night.wav out")
    let table = "out/night.embeddings.parquet"
    let outcome = try folder.run("verify -q --root . absent.csv \(table)")
    #expect(
      outcome.output
        == "not proved: absent.csv: no such file\nright: \(table): 1 of 1 windows equal to the last bit\n")
    #expect(outcome.errors == "error: verify: 1 of 2 tables are not proved to be right; see the lines above\n")
    #expect(outcome.exit == 3)
  }

  static let commandLines = [
    ErrorLineTests.Case(
      "verify", "error: command line: missing expected argument '<file> ...'; see 'perch-runner verify --help'", 2),
    ErrorLineTests.Case(
      "verify --windows 0 a.csv",
      "error: --windows: 0 is not a number of windows between 1 and 1000000; give another number", 2),
    ErrorLineTests.Case(
      "verify --input night.wav a.csv b.csv",
      "error: --input: one recording cannot be that of 2 tables; name the folder of the recordings with --root", 2),
    ErrorLineTests.Case(
      "verify --seed x a.csv",
      "error: command line: the value 'x' is invalid for '--seed <n>'; see 'perch-runner verify --help'", 2),
  ]

  @Test(arguments: commandLines) func wrongCommandLines(_ test: ErrorLineTests.Case) throws {
    let outcome = try folder.run(test.arguments.joined(separator: " "))
    #expect(outcome.errors == test.line + "\n")
    #expect(outcome.output == "")
    #expect(outcome.exit == test.exit)
  }
}
