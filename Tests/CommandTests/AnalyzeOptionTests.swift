import Foundation
import TestSupport
import Testing

/// What each option of `analyze` does, on the command line and in configuration files.
@Suite struct AnalyzeOptionTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("", to: "out/.keep")
    try folder.write(ToneFile.wav(seconds: 5), to: "in/a.wav")
  }

  private func analyze(_ arguments: [String]) throws -> Program.Outcome {
    try Program.run(
      ["analyze", "--weights", "seeded:perch_8", "--source", "in", "--output", "out"] + arguments, in: folder)
  }

  private func analyze(_ arguments: String...) throws -> Program.Outcome { try analyze(arguments) }

  private func lines(_ name: String) throws -> [String] {
    String(decoding: try folder.read("out/\(name)"), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func labels() throws -> [String] {
    try lines("classify_results.csv").dropFirst().map { String($0.split(separator: ",")[3]) }
  }

  private var tables: [String] {
    folder.files.filter { $0.hasPrefix("out/") && $0 != "out/.keep" }.map { String($0.dropFirst(4)) }
  }

  private func warnings(_ outcome: Program.Outcome) -> [String] {
    outcome.errors.split(separator: "\n").filter { $0.contains("[WARNING]") && !$0.contains("seeded weights") }
      .map { String($0.drop { $0 != "]" }.dropFirst(2)) }
  }

  // MARK: Switches

  static let switches: [([String], [String])] = [
    (["--embed"], ["embeddings.parquet"]),
    (["--embed", "TRUE"], ["embeddings.parquet"]),
    (["--embeddings_table_format", "columns"], ["embeddings.parquet"]),
    (["--embeddings_table_filetype", "csv"], ["embeddings.csv"]),
    (["--embeddings_output_path_type", "flat"], ["embeddings.parquet"]),
    (["--embeddings_output_path_template", "x/{analysis}{ext}"], ["x/embeddings.parquet"]),
    (["--classify"], ["classify_results.csv"]),
    (["--classify_filetype", "parquet"], ["classify_results.parquet"]),
    (["--classify_species_list", "unused.txt"], ["classify_results.csv"]),
    (["--perch_species_list", "none"], ["classify_results.csv"]),
    (["--perch_max_detections_per_window", "3"], ["classify_results.csv"]),
    (["--classify_output_path_type", "flat"], ["classify_results.csv"]),
    (["--classify_output_path_template", "y"], ["y.csv"]),
    (["--classify", "none", "--embed"], ["embeddings.parquet"]),
    (["--embed", "--save_db", "false", "--db_path", "x", "--dataset_name", "y"], ["embeddings.parquet"]),
    (["--embed", "--hoplite_log_level", "DEBUG", "--tf_log_level", "nonsense"], ["embeddings.parquet"]),
    (["--embed", "--classify_require_species_list", "false"], ["embeddings.parquet"]),
  ]

  @Test(arguments: switches) func optionsAskForTheirTables(arguments: [String], wanted: [String]) throws {
    let outcome = try analyze(arguments)
    #expect(outcome.exit == 0)
    #expect(warnings(outcome).isEmpty)
    #expect(tables == wanted)
  }

  @Test func whatIsSwitchedOffIsIgnoredAloud() throws {
    let outcome = try analyze(
      "--embed", "false", "--embeddings_table_format", "nonsense", "--classify", "--recognizer_output_path_type",
      "flat")
    #expect(outcome.exit == 0)
    #expect(
      warnings(outcome) == [
        "--embeddings_table_format: ignored, since embed is false",
        "--recognizer_output_path_type: ignored, since there are no recognizers",
      ])
    #expect(tables == ["classify_results.csv"])
    #expect(
      try warnings(
        analyze("--embed", "--logit_threshold", "x", "--classify", "false", "--classify_filetype", "csv")) == [
          "--classify_filetype: ignored, since classify is false",
          "--logit_threshold: ignored, since classify is off",
        ])
  }

  // MARK: Classes

  @Test func theBestClassesAreKept() throws {
    #expect(try analyze("--perch_max_detections_per_window", "3").exit == 0)
    let three = try labels()
    #expect(three.count == 3)
    #expect(try analyze("--classify").exit == 0)
    #expect(try labels().count == 10)
    let best = try #require(Double(lines("classify_results.csv")[1].split(separator: ",").last ?? ""))
    #expect(try Array(labels().prefix(3)) == three)
    #expect(try analyze("--classify", "--logit_threshold", "1e6").exit == 0)
    #expect(try labels().isEmpty)
    #expect(try analyze("--classify", "--logit_threshold", "none", "--logit-transform", "0.97,-1000").exit == 0)
    #expect(try labels() == three + labels().dropFirst(3))
    let moved = try #require(Double(lines("classify_results.csv")[1].split(separator: ",").last ?? ""))
    // Half a unit in the last place of a float32 near 1000, and the rounding of the score before.
    #expect(abs(moved - (0.97 * best - 1000)) <= 1e-4)
  }

  static let lists: [(option: String, configuration: String)] = [
    ("TYTO ALBA, Falco peregrinus\nfalco peregrinus", ""),
    ("species.txt", ""),
    ("", "perch_species_list: [Tyto alba, falco peregrinus]"),
    ("", "perch_species_list: beside.txt"),
    ("", "perch_species_list: \"tyto alba_Barn Owl,falco peregrinus\"\nclassify_require_species_list: true"),
  ]

  @Test(arguments: lists) func speciesAreFoundHoweverTheyAreGiven(option: String, configuration: String) throws {
    try folder.write("Tyto alba\n\n falco peregrinus \n", to: "species.txt")
    try folder.write("falco peregrinus\ntyto alba", to: "conf/beside.txt")
    try folder.write(configuration + "\nclassify: true\n", to: "conf/c.yml")
    let given = option.isEmpty ? [] : ["--perch_species_list", option]
    let outcome = try analyze(["--config_file", "conf/c.yml", "--logit_threshold", "none"] + given)
    #expect(outcome.exit == 0, "\(outcome.errors)")
    #expect(try labels().sorted() == ["falco peregrinus", "tyto alba"])
  }

  // MARK: Model and messages

  @Test func weightsOfAnotherModelAreRefused() throws {
    let outcome = try analyze("--embed", "--model_choice", "perch_v2")
    #expect(outcome.exit == 4)
    #expect(outcome.errors.hasPrefix("error: "))
    #expect(tables.isEmpty)
    #expect(try analyze("--embed", "--model_choice", "perch_8").exit == 0)
  }

  @Test(arguments: [("INFO", true), ("warning", true), ("ERROR", false), ("Critical", false)])
  func levelsOfMessages(level: String, isShown: Bool) throws {
    let outcome = try analyze("--embed", "--log_level", level)
    #expect(outcome.exit == 0)
    #expect(outcome.errors.contains("seeded weights") == isShown)
    #expect(try analyze("--embed", "-q", "--log_level", level).errors == "")
  }

  @Test func messagesGoToAFileToo() throws {
    try folder.write("before\n", to: "log.txt")
    let outcome = try analyze("--embed", "--log_file", "log.txt")
    #expect(outcome.errors.contains("seeded weights"))
    #expect(String(decoding: try folder.read("log.txt"), as: UTF8.self) == "before\n" + outcome.errors)
    #expect(try analyze("--classify", "--log_file", "None").exit == 0)
    #expect(!folder.files.contains("None"))
    try folder.write("no sound", to: "in/a.wav")
    let failed = try analyze("--embed", "--log_file", "log2.txt")
    #expect(String(decoding: try folder.read("log2.txt"), as: UTF8.self) == failed.errors)
    #expect(failed.errors.contains("error: in/a.wav"))
  }

  @Test func progressForMachines() throws {
    let outcome = try analyze("--embed", "--progress", "ndjson", "--log_level", "error")
    #expect(outcome.errors.contains(#""event":"done""#) && outcome.errors.contains(#""recording":"a.wav""#))
  }

  // MARK: Provenance

  @Test(arguments: [("header", true, false), ("sidecar", false, true), ("none", false, false)])
  func provenanceGoesWhereItIsWanted(place: String, inTable: Bool, beside: Bool) throws {
    #expect(try analyze("--classify", "--metadata", place, "--perch_max_detections_per_window", "4").exit == 0)
    let text = try lines("classify_results.csv").filter { $0.hasPrefix("#") }.joined()
    #expect(text.contains("# config_json: {") == inTable)
    #expect(tables.contains("classify_results.csv.json") == beside)
    if inTable {
      #expect(text.contains(#""logit_threshold":0.0,"logit_transform":"model","model_choice":"perch_8""#))
      #expect(text.contains(#""perch_max_detections_per_window":4"#))
    }
  }

  // MARK: Configuration files

  @Test func theCommandLineWins() throws {
    try folder.write(
      "source: nowhere\nembed: yes\nembeddings_table_filetype: parquet\nsourcemap_name: null\nworkers: 1\n",
      to: "c.yml")
    #expect(try analyze("--config_file", "c.yml", "--embeddings_table_filetype", "csv").exit == 0)
    #expect(tables == ["embeddings.csv"])
  }

  @Test func jsonWorksToo() throws {
    try folder.write(#"{"classify": true, "perch_max_detections_per_window": 2, "log_file": false}"#, to: "c.json")
    #expect(try analyze("--config_file", "c.json").exit == 0)
    #expect(try labels().count == 2)
  }

  @Test func recognizersStandBesideTheConfiguration() throws {
    let zeros = Data(count: 4 * 1280).base64EncodedString()
    func recognizer(_ name: String) -> String {
      #"{"classes": ["\#(name)"], "beta": "\#(zeros)", "beta_bias": "AACAPw=="}"#
    }
    try folder.write(recognizer("beside"), to: "conf/x.json")
    try folder.write(recognizer("here"), to: "x.json")
    try folder.write(recognizer("elsewhere"), to: "y.json")
    try folder.write("recognizers: [x.json, y.json]", to: "conf/c.yml")
    #expect(try analyze("--config_file", "conf/c.yml").exit == 0)
    #expect(
      try lines("recognizer_results.csv").dropFirst().map { $0.split(separator: ",")[3] } == [
        "beside", "elsewhere",
      ])
    #expect(try analyze("--config_file", "conf/c.yml", "--recognizers", "none", "--embed").exit == 0)
    #expect(tables == ["embeddings.parquet", "recognizer_results.csv"])
  }

  @Test func theDefaultsCanBeReadBack() throws {
    let printed = try Program.run(["config"], in: folder)
    #expect(printed.exit == 0 && printed.errors == "")
    let defaults = try #require(
      try JSONSerialization.jsonObject(with: Data(printed.output.utf8)) as? [String: Any])
    #expect(defaults["source"] as? String == "/mnt/input")
    #expect(defaults["perch_max_detections_per_window"] as? Int == 10)
    #expect(defaults["recognizers"] is NSNull)
    #expect(printed.output.hasPrefix("{\n  \"source\": \"/mnt/input\",\n  \"output\": \"/mnt/output\",\n"))
    try folder.write(printed.output, to: "c.json")
    #expect(try analyze("--config_file", "c.json", "--classify", "--model_choice", "perch_8").exit == 0)
    #expect(tables == ["classify_results.csv"])
  }

  @Test(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
  func theConfigurationOfTheExampleWorks() throws {
    let examples = try #require(TestFiles.shared).appending(path: "examples")
    try folder.write(Data(contentsOf: examples.appending(path: "koala.json")), to: "conf/koala.json")
    try folder.write(Data(contentsOf: examples.appending(path: "config-analyze.yml")), to: "conf/config.yml")
    let name = "20210428T100000+1000_Five-Rivers_909057"
    try folder.write(ToneFile.wav(seconds: 10), to: "recordings/site/\(name).wav")
    let outcome = try analyze(
      "--config_file", "conf/config.yml", "--source", "recordings", "--threshold", "none",
      "--embeddings_table_filetype", "csv")
    #expect(outcome.exit == 0, "\(outcome.errors)")
    let table = "Koala/site/\(name)/recognizer_results.csv"
    let folderName = try #require(tables.first { $0.hasSuffix("recognizer_results.csv") })
    #expect(folderName.lowercased() == table.lowercased())
    let rows = try lines(folderName)
    #expect(rows[0] == "source,channel,offset,label,score,audio_recording_id")
    let source = "https://api.acousticsobservatory.org.au/audio_recordings/909057/original"
    #expect(rows.dropFirst().map { $0.hasPrefix("\(source),0,") && $0.hasSuffix(",909057") } == [true, true])
    #expect(try lines("embeddings.csv").dropFirst().allSatisfy { $0.hasPrefix("\(source),0,") })
  }
}
