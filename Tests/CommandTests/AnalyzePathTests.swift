import Foundation
import TestSupport
import Testing

/// Which recordings `analyze` takes, what their rows call them, and where these go.
@Suite struct AnalyzePathTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("", to: "out/.keep")
    for name in ["b/x.wav", "a/y.wav", "a/x.WAV", "a/deep/z.wav"] {
      try folder.write(ToneFile.wav(seconds: 5), to: "in/\(name)")
    }
    try folder.write("text", to: "in/a/notes.txt")
  }

  private func analyze(_ arguments: [String]) throws -> Program.Outcome {
    try Program.run(
      ["analyze", "--weights", "seeded:perch_8", "--source", "in", "--output", "out"] + arguments, in: folder)
  }

  private func analyze(_ arguments: String...) throws -> Program.Outcome { try analyze(arguments) }

  private var tables: [String] {
    folder.files.filter { $0.hasPrefix("out/") && $0 != "out/.keep" }.map { String($0.dropFirst(4)) }
  }

  private func sources(_ name: String) throws -> [String] {
    String(decoding: try folder.read("out/\(name)"), as: UTF8.self).split(separator: "\n").dropFirst()
      .map { String($0.prefix { $0 != "," }) }
  }

  private func warnings(_ outcome: Program.Outcome) -> [String] {
    outcome.errors.split(separator: "\n").filter { $0.contains("[WARNING]") && !$0.contains("seeded weights") }
      .map { String($0.drop { $0 != "]" }.dropFirst(2)) }
  }

  private static let csv = ["--embeddings_table_filetype", "csv"]

  // MARK: Recordings

  @Test func theShallowestFolderWithRecordingsIsTaken() throws {
    let outcome = try analyze(Self.csv)
    #expect(
      warnings(outcome) == ["in: 1 in deeper folders are left out; --file_glob takes them in"])
    #expect(try sources("embeddings.csv") == ["a/x.WAV", "a/y.wav", "b/x.wav"])
  }

  static let globs: [(String, [String])] = [
    ("**/*", ["a/deep/z.wav", "a/x.WAV", "a/y.wav", "b/x.wav"]),
    ("*/*", ["a/x.WAV", "a/y.wav", "b/x.wav"]),
    ("a/**/*.wav", ["a/deep/z.wav", "a/y.wav"]),
    ("*/[!y].*", ["a/x.WAV", "b/x.wav"]),
    ("[b-c]/?.w*v", ["b/x.wav"]),
    ("./a/y.wav", ["a/y.wav"]),
    ("False", ["a/x.WAV", "a/y.wav", "b/x.wav"]),
  ]

  @Test(arguments: globs) func patternsChooseFiles(pattern: String, wanted: [String]) throws {
    let outcome = try analyze(Self.csv + ["--file_glob", pattern])
    #expect(outcome.exit == 0, "\(outcome.errors)")
    #expect(try sources("embeddings.csv") == wanted)
  }

  // MARK: Paths of tables

  static let types: [(String, [String: [String]])] = [
    ("flat", ["embeddings.csv": ["a/x.WAV", "a/y.wav", "b/x.wav"]]),
    ("nested", ["a/embeddings.csv": ["a/x.WAV", "a/y.wav"], "b/embeddings.csv": ["b/x.wav"]]),
    ("flat_filestem", ["x.csv": ["a/x.WAV", "b/x.wav"], "y.csv": ["a/y.wav"]]),
    ("nested_filestem", ["a/x.csv": ["a/x.WAV"], "a/y.csv": ["a/y.wav"], "b/x.csv": ["b/x.wav"]]),
  ]

  @Test(arguments: types) func typesOfPaths(type: String, wanted: [String: [String]]) throws {
    for option in ["--output_path_type", "--embeddings_output_path_type"] {
      let outcome = try analyze(Self.csv + ["--file_glob", "*/*", option, type])
      #expect(outcome.exit == 0)
      #expect(tables == wanted.keys.sorted())
      for (name, sources) in wanted { #expect(try self.sources(name) == sources) }
    }
  }

  static let templates: [(String, [String])] = [
    (
      "{embeddings_table_format}//{parents}/{filestem}_{analysis}{ext}",
      [
        "serialized/a/x_embeddings.csv", "serialized/a/y_embeddings.csv", "serialized/b/x_embeddings.csv",
      ]
    ),
    (#"all\{analysis}"#, ["all/embeddings.csv"]),
    ("fixed.csv", ["fixed.csv"]),
    ("fixed", ["fixed.csv"]),
    ("{filestem}{ext}", ["x.csv", "y.csv"]),
  ]

  @Test(arguments: templates) func templatesOfPaths(template: String, wanted: [String]) throws {
    let outcome = try analyze(
      Self.csv + ["--file_glob", "*/*", "--embeddings_output_path_template", template])
    #expect(outcome.exit == 0)
    #expect(warnings(outcome).isEmpty)
    #expect(tables == wanted)
  }

  @Test func anotherExtensionIsKeptAloud() throws {
    let outcome = try analyze(
      Self.csv + ["--file_glob", "b/*", "--embeddings_output_path_template", "{filestem}.txt"])
    #expect(
      warnings(outcome) == ["embeddings: the path template ends in '.txt'; the table's own extension follows it"])
    #expect(tables == ["x.txt.csv"])
  }

  @Test func everyRecognizerCanHaveItsOwnTable() throws {
    let zeros = Data(count: 4 * 1280).base64EncodedString()
    let all = ["My frog (v1)", "owl"].map {
      #"{"name": "\#($0)", "classes": ["\#($0)"], "beta": "\#(zeros)", "beta_bias": "AACAPw=="}"#
    }
    try folder.write("[\(all.joined(separator: ","))]", to: "r.json")
    let outcome = try analyze(
      "--recognizers", "r.json", "--file_glob", "*/x.*", "--recognizer_output_path_template",
      "{classifier_name}/{parents}/{filestem}/{analysis}{ext}")
    #expect(outcome.exit == 0)
    #expect(
      tables == [
        "My_frog_v1/a/x/recognizer_results.csv", "My_frog_v1/b/x/recognizer_results.csv",
        "owl/a/x/recognizer_results.csv", "owl/b/x/recognizer_results.csv",
      ])
    let row = String(decoding: try folder.read("out/My_frog_v1/b/x/recognizer_results.csv"), as: UTF8.self)
    #expect(row == "source,channel,offset,label,score\nb/x.wav,0,0.0,My frog (v1),1.0\n")
  }

  /// More tables than files may be open at a time, whose recordings come in turns.
  @Test func manyTablesThatWaitForEachOther() throws {
    let sound = ToneFile.wav(seconds: 1)
    for index in 10..<30 {
      for site in ["m", "n"] { try folder.write(sound, to: "many/\(site)/r\(index).wav") }
    }
    #expect(try analyze(Self.csv + ["--source", "many", "--output_path_type", "flat_filestem"]).exit == 0)
    #expect(tables == (10..<30).map { "r\($0).csv" })
    for index in 10..<30 { #expect(try sources("r\(index).csv") == ["m/r\(index).wav", "n/r\(index).wav"]) }
    #expect(folder.unfinishedFiles.isEmpty)
  }

  // MARK: Sources

  static let mappings: [([String], [String])] = [
    (
      [
        "--sourcemap_template", "{site}/{x}/{n}{n}", "--file_metadata", #"{"site": "s", "n": 1}"#,
        "--file_metadata_pattern", #"(?P<x>\w)\."#,
      ], ["s/x/11", "s/y/11"]
    ),
    // What the name says wins.
    (
      [
        "--sourcemap_template", "{x}", "--file_metadata", #"{"x": "common"}"#, "--file_metadata_pattern",
        #"^(?P<x>y)"#,
      ], ["common", "y"]
    ),
    (
      [
        "--sourcemap_name", "baw_original", "--file_metadata", #"{"domain": "d"}"#, "--file_metadata_pattern",
        #"(?<audio_recording_id>.)\."#,
      ], ["d/audio_recordings/x/original", "d/audio_recordings/y/original"]
    ),
    (
      ["--sourcemap_name", "ecosounds_original", "--file_metadata_pattern", "^(?<audio_recording_id>.)"],
      [
        "https://api.ecosounds.org/audio_recordings/x/original",
        "https://api.ecosounds.org/audio_recordings/y/original",
      ]
    ),
  ]

  @Test(arguments: mappings) func sourcesAreRewritten(arguments: [String], wanted: [String]) throws {
    let outcome = try analyze(Self.csv + ["--file_glob", "a/?.*"] + arguments)
    #expect(outcome.exit == 0, "\(outcome.errors)")
    #expect(try sources("embeddings.csv") == wanted)
  }

  /// Rows are sorted by what stands in them, not by the files' names.
  @Test func rowsFollowTheirSources() throws {
    let outcome = try analyze(
      Self.csv + [
        "--sourcemap_template", "{end}{start}", "--file_metadata_pattern", "(?<start>.)\\.(?<end>.)", "--file_glob",
        "a/*",
      ])
    #expect(outcome.exit == 0, "\(outcome.errors)")
    #expect(try sources("embeddings.csv") == ["Wx", "wy"])
  }

  @Test func recordingsWithoutANumberHaveNone() throws {
    let outcome = try analyze(
      "--classify", "--perch_max_detections_per_window", "1", "--file_glob", "*/*", "--file_metadata_pattern",
      "(?<audio_recording_id>y)")
    #expect(outcome.exit == 0, "\(outcome.errors)")
    let rows = String(decoding: try folder.read("out/classify_results.csv"), as: UTF8.self).split(separator: "\n")
    #expect(rows[0] == "source,channel,offset,label,score,audio_recording_id")
    #expect(
      rows.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false).last } == ["", "y", ""])
  }

  @Test func oneRecordingNeedsNoPattern() throws {
    let outcome = try analyze(
      Self.csv + [
        "--file_glob", "b/*", "--sourcemap_name", "a2o_original", "--file_metadata", #"{"audio_recording_id": 12}"#,
        "--classify",
      ])
    #expect(outcome.exit == 0)
    #expect(
      try sources("embeddings.csv") == ["https://api.acousticsobservatory.org.au/audio_recordings/12/original"])
    #expect(try Set(sources("classify_results.csv")).count == 1)
  }
}
