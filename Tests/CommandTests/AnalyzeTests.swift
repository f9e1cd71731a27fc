import Foundation
import TestSupport
import Testing

/// `analyze` from the command line to its tables.
@Suite struct AnalyzeTests {
  private let folder: TemporaryFolder
  /// Of the perch_8 that nothing was trained for: each run loads it anew, in a fraction of a second.
  private static let weights = ["--weights", "seeded:perch_8", "--source", "in", "--output", "out"]

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("", to: "out/.keep")
    for name in ["site1/a.wav", "site1/b.wav", "site2/a.wav"] {
      try folder.write(ToneFile.wav(seconds: name.hasSuffix("b.wav") ? 11 : 5), to: "in/\(name)")
    }
  }

  private func analyze(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(["analyze"] + Self.weights + arguments, in: folder, environment: ["SOURCE_DATE_EPOCH": "0"])
  }

  private func lines(_ name: String) throws -> [String] {
    String(decoding: try folder.read("out/\(name)"), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The cells of one column.
  private func column(_ index: Int, of name: String) throws -> [String] {
    try lines(name).dropFirst().map {
      String($0.split(separator: ",", omittingEmptySubsequences: false)[index])
    }
  }

  private var tables: [String] {
    folder.files.filter { $0.hasPrefix("out/") && $0 != "out/.keep" }.map { String($0.dropFirst(4)) }
  }

  private func recognizer(_ name: String, label: String = "c", bias: String = "AACAPw==", more: String = "")
    -> String
  {
    let zeros = Data(count: 4 * 1280).base64EncodedString()
    return #"{"name": "\#(name)", "classes": ["\#(label)"], "beta": "\#(zeros)", "beta_bias": "\#(bias)"\#(more)}"#
  }

  private func warnings(_ outcome: Program.Outcome) -> [String] {
    outcome.errors.split(separator: "\n").filter { $0.contains("[WARNING]") && !$0.contains("seeded weights") }
      .map { String($0.drop { $0 != "]" }.dropFirst(2)) }
  }

  // MARK: Tables

  @Test func oneRunWritesAllTables() throws {
    try folder.write(recognizer("one"), to: "one.json")
    let outcome = try analyze(
      "--embed", "--embeddings_table_filetype", "csv", "--classify", "--recognizers", "one.json")
    #expect(outcome.exit == 0)
    #expect(warnings(outcome).isEmpty)
    #expect(tables == ["classify_results.csv", "embeddings.csv", "recognizer_results.csv"])
    let places = ["site1/a.wav 0.0", "site1/b.wav 0.0", "site1/b.wav 5.0", "site2/a.wav 0.0"]
    #expect(
      try zip(column(0, of: "embeddings.csv"), column(2, of: "embeddings.csv")).map { "\($0) \($1)" } == places)
    #expect(
      try lines("recognizer_results.csv") == ["source,channel,offset,label,score"]
        + places.map { "\($0.replacing(" ", with: ",0,")),c,1.0" })
    let classes = try zip(column(0, of: "classify_results.csv"), column(2, of: "classify_results.csv"))
    #expect(classes.map { "\($0) \($1)" } == places.flatMap { Array(repeating: $0, count: 10) })
    let scores = try column(4, of: "classify_results.csv").compactMap(Double.init)
    for window in stride(from: 0, to: 40, by: 10) {
      #expect(Array(scores[window..<window + 10]) == scores[window..<window + 10].sorted(by: >))
    }
  }

  @Test(arguments: [("--embed", "embeddings.parquet"), ("--classify", "classify_results.csv")])
  func oneSwitchIsEnough(option: String, table: String) throws {
    #expect(try analyze(option).exit == 0)
    #expect(tables == [table])
  }

  @Test(arguments: ["1", "2", "3"]) func workersChangeNothing(workers: String) throws {
    #expect(try analyze("--embed", "--classify", "--workers", workers).exit == 0)
    let first = (try folder.read("out/embeddings.parquet"), try folder.read("out/classify_results.csv"))
    #expect(try analyze("--embed", "--classify", "--workers", "1").exit == 0)
    #expect(try folder.read("out/embeddings.parquet") == first.0)
    #expect(try folder.read("out/classify_results.csv") == first.1)
  }

  @Test func theReferenceRoundsAndDropsTails() throws {
    func vectors(_ arguments: String...) throws -> [[Float]] {
      let arguments = ["analyze"] + Self.weights + ["--embeddings_table_format", "columns"] + arguments
      #expect(
        try Program.run(arguments + ["--embeddings_table_filetype", "csv"], in: folder).exit == 0)
      return try lines("embeddings.csv").dropFirst().map {
        $0.split(separator: ",").dropFirst(3).compactMap { Float($0) }
      }
    }
    func isRounded(_ vector: [Float]) -> Bool { vector.allSatisfy { Float(Float16($0)) == $0 } }
    let reference = try vectors()
    #expect(reference.count == 4 && reference.allSatisfy { $0.count == 1280 && isRounded($0) })
    let ours = try vectors("--compat", "none")
    // 11 s give a padded third window.
    #expect(ours.count == 5 && !ours.contains(where: isRounded))
    #expect(try vectors("--precision", "float32").contains { !isRounded($0) })
  }

  @Test func rowsOfOneLabelAndScoreStandOnce() throws {
    try folder.write(recognizer("one"), to: "one.json")
    try folder.write("[\(recognizer("two")), \(recognizer("three", bias: "AAAAQA=="))]", to: "more.json")
    #expect(try analyze("--recognizers", "one.json, more.json").exit == 0)
    #expect(
      try column(4, of: "recognizer_results.csv") == Array(repeating: ["1.0", "2.0"], count: 4).flatMap(\.self))
    #expect(try analyze("--recognizers", "one.json,more.json", "--compat", "none").exit == 0)
    #expect(try lines("recognizer_results.csv").first == "source,channel,offset,label,score,recognizer")
    #expect(
      try column(5, of: "recognizer_results.csv")
        == Array(repeating: ["one", "two", "three"], count: 5).flatMap(\.self))
  }

  @Test func thresholdsOfRecognizersCount() throws {
    try folder.write(recognizer("one", more: #", "threshold": 1.5"#), to: "one.json")
    #expect(try analyze("--recognizers", "one.json").exit == 0)
    #expect(try lines("recognizer_results.csv") == ["source,channel,offset,label,score"])
    #expect(try analyze("--recognizers", "one.json", "--threshold", "-1").exit == 0)
    #expect(try lines("recognizer_results.csv").count == 5)
  }

  @Test(.enabled(if: Python.has("pyarrow"), "needs pyarrow")) func withoutARowTheTypesStay() throws {
    try folder.write(recognizer("one", more: #", "threshold": 1.5"#), to: "one.json")
    try #require(
      try analyze("--recognizers", "one.json", "--recognizer_results_filetype", "parquet").exit == 0)
    let script = """
      import sys, pyarrow.parquet as pq
      table = pq.read_table(sys.argv[1])
      print(table.num_rows, [f"{f.name} {f.type}" for f in table.schema])
      """
    let result = try Python.run(["-c", script, folder.path("out/recognizer_results.parquet")])
    #expect(
      result.output
        == "0 ['source string', 'channel int64', 'offset double', 'label string', 'score float']\n")
  }

  @Test func tablesThatNobodyWantsEmptyAreLeftOut() throws {
    try folder.write(
      recognizer("one", more: #", "threshold": 1.5, "run_config": {"save_empty": false}"#), to: "one.json")
    #expect(try analyze("--recognizers", "one.json").exit == 0)
    #expect(tables.isEmpty)
  }

  @Test func settingsBesideRecognizersAreTheReferencesFault() throws {
    try folder.write(#"{"recognizers": [\#(recognizer("one"))], "run_config": {"threshold": 1.5}}"#, to: "one.json")
    let outcome = try analyze("--recognizers", "one.json")
    #expect(
      warnings(outcome) == [
        "one.json: run_config beside the recognizers is ignored, as the reference does; --compat none honours it"
      ])
    #expect(try lines("recognizer_results.csv").count == 5)
    #expect(try warnings(analyze("--recognizers", "one.json", "--compat", "none")).isEmpty)
    #expect(try lines("recognizer_results.csv").count == 1)
  }

  // MARK: Bad recordings

  @Test func aBadRecordingCostsOnlyItself() throws {
    try folder.write("no sound", to: "in/site1/bad.wav")
    // Ends in the middle: what is there counts.
    try folder.write(ToneFile.wav(seconds: 0.5), to: "in/site1/short.wav")
    let outcome = try analyze("--embed", "--embeddings_table_filetype", "csv")
    #expect(outcome.exit == 7)
    let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("error: ") }
    try #require(errors.count == 2)
    #expect(errors[0].hasPrefix("error: in/site1/bad.wav: "))
    #expect(errors[1] == "error: in: 1 of 5 recordings failed; see the lines above")
    #expect(warnings(outcome).contains { $0.contains("shorter than 1 s") })
    #expect(
      try column(0, of: "embeddings.csv") == ["site1/a.wav", "site1/b.wav", "site1/b.wav", "site2/a.wav"])
    #expect(folder.unfinishedFiles.isEmpty)
  }

  @Test func aBadFileAloneIsTheError() throws {
    try folder.write("no sound", to: "in/bad.wav")
    let outcome = try Program.run(
      ["analyze", "--weights", "seeded:perch_8", "--source", "in/bad.wav", "--output", "out", "--embed"], in: folder
    )
    #expect(outcome.exit == 3)
    #expect(outcome.errors.split(separator: "\n").last?.hasPrefix("error: in/bad.wav: ") == true)
    #expect(tables.isEmpty)
  }

  @Test func whereEveryRecordingIsBadThereIsNoTable() throws {
    try folder.write("no sound", to: "bad/a.wav")
    #expect(try analyze("--source", "bad", "--embed").exit == 7)
    #expect(tables.isEmpty)
  }

  @Test func aFileIsItsOwnSource() throws {
    #expect(
      try analyze("--source", "in/site1/b.wav", "--classify", "--perch_max_detections_per_window", "1").exit == 0)
    #expect(try column(0, of: "classify_results.csv") == ["b.wav", "b.wav"])
  }

  @Test func theLastOfTwoRunsWins() throws {
    #expect(try analyze("--classify").exit == 0)
    let first = try folder.read("out/classify_results.csv")
    #expect(try analyze("--classify", "--perch_max_detections_per_window", "1").exit == 0)
    #expect(try folder.read("out/classify_results.csv") != first)
  }
}
