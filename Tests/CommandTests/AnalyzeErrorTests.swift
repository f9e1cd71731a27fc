import Foundation
import TestSupport
import Testing

/// Wrong options and configurations of `analyze`: the exact line and the exit code; nothing is written.
@Suite struct AnalyzeErrorTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(ToneFile.wav(seconds: 5), to: "in/a.wav")
    try folder.write("", to: "out/keep")
    for (name, scale) in [("one", 0), ("two", 0), ("wide", 1)] {
      try folder.write(Self.recognizer(name, dimension: 1280 + 256 * scale), to: "\(name).json")
    }
    try folder.write(Self.recognizer("a b", dimension: 1280), to: "blank.json")
    try folder.write(Self.recognizer("a_b", dimension: 1280), to: "line.json")
    try folder.write(Self.recognizer("???", dimension: 1280), to: "signs.json")
  }

  /// All weights 0.
  static func recognizer(_ name: String, dimension: Int, more: String = "") -> String {
    let zeros = Data(count: 4 * dimension).base64EncodedString()
    return #"{"name": "\#(name)", "classes": ["c"], "beta": "\#(zeros)", "beta_bias": "AACAPw=="\#(more)}"#
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let arguments: [String]
    let line: String
    let exit: Int32

    init(_ arguments: String, _ line: String, _ exit: Int32 = 2) {
      self.arguments = arguments.split(separator: " ").map(String.init)
      self.line = "error: " + line
      self.exit = exit
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let values = [
    Case("", "analyze: nothing is asked for; give --embed, --classify or --recognizers"),
    Case("--embed false", "analyze: nothing is asked for; give --embed, --classify or --recognizers"),
    Case("--embed maybe", "--embed: 'maybe' is neither true nor false; give true or false"),
    Case("--classify 1", "--classify: '1' is neither true nor false; give true or false"),
    Case(
      "--save_db", "--save_db: databases of perch-hoplite are not written; leave it out; --embed writes a table"),
    Case("--save_db perhaps", "--save_db: 'perhaps' is neither true nor false; give true or false"),
    Case(
      "--embed --model_choice birdnet",
      "--model_choice: 'birdnet' is not one of perch_8, perch_v2; give one of them"),
    Case(
      "--embeddings_table_format list",
      "--embeddings_table_format: 'list' is not one of serialized, columns; give one of them"),
    Case(
      "--embeddings_table_filetype xml",
      "--embeddings_table_filetype: 'xml' is not one of csv, parquet; give one of them"),
    Case("--classify_filetype xml", "--classify_filetype: 'xml' is not one of csv, parquet; give one of them"),
    Case(
      "--recognizers one.json --recognizer_results_filetype xml",
      "--recognizer_results_filetype: 'xml' is not one of csv, parquet; give one of them"),
    Case(
      "--embed --output_path_type deep",
      "--output_path_type: 'deep' is not one of flat, nested, flat_filestem, nested_filestem; give one of them"),
    Case(
      "--embeddings_output_path_type deep",
      "--embeddings_output_path_type: 'deep' is not one of flat, nested, flat_filestem, nested_filestem; "
        + "give one of them"
    ),
    Case(
      "--classify_output_path_type deep",
      "--classify_output_path_type: 'deep' is not one of flat, nested, flat_filestem, nested_filestem; "
        + "give one of them"
    ),
    Case(
      "--recognizers one.json --recognizer_output_path_type deep",
      "--recognizer_output_path_type: 'deep' is not one of flat, nested, flat_filestem, nested_filestem; "
        + "give one of them"
    ),
    Case(
      "--embed --workers many", "--workers: 'many' is not a number of threads between 1 and 1024; give one, or auto"
    ),
    Case("--embed --workers 0", "--workers: '0' is not a number of threads between 1 and 1024; give one, or auto"),
    Case("--embed --compat exact", "--compat: 'exact' is not one of none, reference; give one of them"),
    Case("--embed --precision int8", "--precision: 'int8' is not one of float32, float16; give one of them"),
    Case("--embed --metadata foot", "--metadata: 'foot' is not one of header, sidecar, none; give one of them"),
    Case(
      "--embed --log_level loud",
      "--log_level: 'loud' is not one of debug, info, warning, error, critical; give one of them"),
    Case(
      "--perch_max_detections_per_window 0",
      "--perch_max_detections_per_window: '0' is not a number of classes between 1 and 1000000; give one such as 10"
    ),
    Case(
      "--perch_max_detections_per_window ten",
      "--perch_max_detections_per_window: 'ten' is not a number of classes between 1 and 1000000; "
        + "give one such as 10"
    ),
    Case(
      "--classify --logit_threshold low",
      "--logit_threshold: 'low' is neither a number nor none; give the least score that is kept"),
    Case(
      "--recognizers one.json --threshold low",
      "--threshold: 'low' is neither a number nor none; give the least score that is kept"),
    Case(
      "--classify --logit_transform 0,1",
      "--logit_transform: '0,1' is neither model, none nor a slope above 0 and an intercept; "
        + "give two numbers such as 0.97,-10"
    ),
    Case(
      "--classify_require_species_list",
      "--classify_require_species_list: there is no list of species; give it with --perch_species_list"),
    Case("--perch_species_list ,", "--perch_species_list: the list is empty; name a species, or leave it out"),
    Case(
      "--perch_species_list australian_birds_01",
      "--perch_species_list: the list australian_birds_01 is not part of this program; "
        + "name a text file with its species"
    ),
    Case(
      "--perch_species_list unicorn --weights seeded:perch_8",
      "--perch_species_list: perch_8 has no class 'unicorn'; see 'perch-runner labels --model perch_8'"),
    Case(
      "--embed --file_glob /in/*",
      "--file_glob: '/in/*' is not a pattern for paths below the source; give one such as */*.wav"),
    Case(
      "--embed --file_glob ../*",
      "--file_glob: '../*' is not a pattern for paths below the source; give one such as */*.wav"),
    Case("--embed --file_glob *.mp3", "in: holds no recordings of that pattern; check --source and --file_glob", 3),
    Case(
      "--embed --source absent",
      "absent: cannot be read: No such file or directory; check the path and its permissions", 3),
    Case("--embed --source out", "out: holds no recordings; check --source and --file_glob", 3),
    Case(
      "--embed --output absent",
      "absent: is no folder that the tables could go to; make it, or name another with --output"),
    Case(
      "--embed --config_file none.yml",
      "none.yml: the configuration file cannot be read: No such file or directory; "
        + "check the path and its permissions"
    ),
    Case(
      "--embed --weights absent.h5",
      "absent.h5: no such file; name a weights file (.h5) or use --weights seeded:perch_v2 for a trial", 4),
    Case("--embed --log_file in", "in: the log file cannot be written: Is a directory; name another file", 6),
    Case("--workers 1 more", "command line: unexpected argument 'more'; see 'perch-runner analyze --help'"),
  ]

  static let templates = [
    Case(
      "--embeddings_output_path_template /a",
      "--embeddings_output_path_template: '/a' is an absolute path; give a path below the output folder"),
    Case(
      "--embeddings_output_path_template a/../b",
      "--embeddings_output_path_template: 'a/../b' leaves the output folder with '..'; give a path below it"),
    Case(
      "--embeddings_output_path_template {classifier_name}",
      "--embeddings_output_path_template: '{classifier_name}' is not a token of this path; "
        + "use {parents}, {filestem}, {ext}, {analysis}, {embeddings_table_format}"),
    Case(
      "--embeddings_output_path_template {a",
      "--embeddings_output_path_template: '{a' has a brace without its partner; write {token}"),
    Case(
      "--classify_output_path_template {x}",
      "--classify_output_path_template: '{x}' is not a token of this path; "
        + "use {parents}, {filestem}, {ext}, {analysis}"
    ),
    Case(
      "--recognizers one.json --recognizer_output_path_template {x}",
      "--recognizer_output_path_template: '{x}' is not a token of this path; "
        + "use {parents}, {filestem}, {ext}, {analysis}, {classifier_name}"),
    Case(
      "--embeddings_output_path_template a --embeddings_output_path_type flat",
      "--embeddings_output_path_template: embeddings_output_path_type is given too; give one of the two"),
    Case(
      "--classify --recognizers one.json --output_path_type flat_filestem",
      "out/a.csv: would be a table of both recognizer_results and classify_results; "
        + "put {analysis} into the path templates"
    ),
    Case(
      "--recognizers blank.json,line.json --recognizer_output_path_template {classifier_name}",
      "a_b: would name the tables of both 'a b' and 'a_b'; rename one of the two recognizers"),
    Case(
      "--recognizers signs.json --recognizer_output_path_template {classifier_name}",
      "???: the recognizer's name has no letter that may stand in a path; rename it, or leave {classifier_name} out"
    ),
  ]

  static let recognizers = [
    Case(
      "--recognizers absent.json",
      "absent.json: the recognizer cannot be read: No such file or directory; check the path and its permissions"),
    Case(
      "--recognizers one.json,one.json",
      "one.json: two recognizers have the name 'one'; give one of them another name"),
    Case(
      "--recognizers one.json,wide.json",
      "wide.json: recognizer 'wide' takes the 1536 values of perch_v2, but recognizer 'one' takes the 1280 values of "
        + "perch_8; classify with each in a run of its own", 5),
    Case(
      "--recognizers one.json --model_choice perch_v2",
      "one.json: recognizer 'one' takes the 1280 values of perch_8, but perch_v2 was asked for, which gives 1536; "
        + "leave the model out, or use another recognizer", 5),
    Case(
      "--recognizers one.json --weights seeded:perch_v2",
      "perch_v2: has embeddings of 1536 values, but recognizer 'one' takes the 1280 values of perch_8; "
        + "use recognizers and embeddings of one model", 5),
    Case(
      "--recognizers in/a.wav",
      "in/a.wav: is neither recognizer JSON nor a Keras archive, it begins with the bytes 52 49 46 46; "
        + "give recognizer JSON or a Keras archive", 5),
  ]

  static let sources = [
    Case(
      "--embed --sourcemap_name here",
      "--sourcemap_name: 'here' is not one of baw_original, ecosounds_original, a2o_original; give one of them"),
    Case(
      "--embed --sourcemap_name a2o_original --sourcemap_template x",
      "--sourcemap_template: sourcemap_name is given too; give one of the two"),
    Case(
      "--embed --sourcemap_name a2o_original",
      "--sourcemap_name: nothing says what '{audio_recording_id}' is; "
        + "give it with file_metadata or file_metadata_pattern"
    ),
    Case(
      "--embed --sourcemap_template {a",
      "--sourcemap_template: '{a' has a brace without its partner; write {token}"),
    Case(
      "--embed --file_metadata [1]",
      "--file_metadata: is not a JSON object; write an object such as {\"site\": \"north\"}"),
    Case(
      "--embed --file_metadata {",
      "--file_metadata: is not JSON: a name is expected; write an object such as {\"site\": \"north\"}"),
    Case("--embed --file_metadata {\"a\":null}", "--file_metadata: 'a' is null; give it a value, or leave it out"),
    Case("--embed --file_metadata {\"a\":[1]}", "--file_metadata: 'a' is not one value; give it one value"),
    Case(
      "--embed --file_metadata {\"1a\":2}",
      "--file_metadata: '1a' is not a name of letters, digits and '_'; give it another name"),
    Case(
      "--embed --file_metadata_pattern (",
      "--file_metadata_pattern: '(' is not a regular expression; correct it, or give canonical_filename"),
    Case(
      "--embed --sourcemap_name a2o_original --file_metadata_pattern canonical_filename",
      "a.wav: its name does not say what '{audio_recording_id}' of the source template is; "
        + "correct file_metadata_pattern, or rename the file"),
  ]

  @Test(arguments: values + templates + recognizers + sources) func isToldInOneLine(_ wrong: Case) throws {
    let before = folder.files
    let outcome = try Program.run(["analyze", "--source", "in", "--output", "out"] + wrong.arguments, in: folder)
    let lines = outcome.errors.split(separator: "\n").filter { !$0.contains("[WARNING]") }
    #expect(lines.joined(separator: "\n") == wrong.line)
    #expect(outcome.exit == wrong.exit)
    #expect(outcome.output == "")
    #expect(folder.files == before)
  }

  static let configurations: [(text: String, line: String)] = [
    ("embedd: true", "c.yml:1: unknown key 'embedd', did you mean 'embed'; "),
    ("embed: [true]", "c.yml:1: embed: is not one value; write one value"),
    ("source: in\nembed: 2", "c.yml:2: embed: '2' is neither true nor false; give true or false"),
    ("- embed", "c.yml:1: not a list of keys with values; write lines such as 'key: value'"),
    (
      "embed: true\nworkers: x",
      "c.yml:2: workers: 'x' is not a number of threads between 1 and 1024; give one, or auto"
    ),
    (
      "recognizers: {a: b}",
      "c.yml:1: recognizers: is an object, not a path; save the recognizer as a file and name that"
    ),
    ("recognizers: [{a: b}]", "c.yml:1: recognizers: holds more than texts; write a list of texts"),
    (
      "embed: true\nfile_metadata: {a: }",
      "c.yml:2: file_metadata: a key has no value, or more than one; write one value for each key"
    ),
    ("embed: true\nfile_metadata: [a]", "c.yml:2: file_metadata: is a list, not an object; write keys with values"),
    ("perch_species_list: {a: b}", "c.yml:1: perch_species_list: is an object, not a list; write a list of names"),
    (
      "embed: true\nlog_level: loud",
      "c.yml:2: log_level: 'loud' is not one of debug, info, warning, error, critical; give one of them"
    ),
  ]

  @Test(arguments: configurations) func configurationsAreToldByLine(text: String, line: String) throws {
    try folder.write(text, to: "c.yml")
    let outcome = try Program.run(
      ["analyze", "--config_file", "c.yml", "--source", "in", "--output", "out"], in: folder)
    #expect(outcome.errors.hasPrefix("error: " + line), "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(outcome.exit == 2)
  }

  @Test func severalRecordingsNeedAPattern() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "in/b.wav")
    let outcome = try Program.run(
      ["analyze", "--source", "in", "--output", "out", "--embed", "--sourcemap_template", "x"], in: folder)
    #expect(
      outcome.errors == "error: in: the source template gives all 2 recordings one source; "
        + "give file_metadata_pattern, which tells them apart by their names\n")
    #expect(outcome.exit == 2)
  }

  @Test func twoRecordingsMayNotHaveOneSource() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "in/ab.wav")
    let outcome = try Program.run(
      [
        "analyze", "--source", "in", "--output", "out", "--embed", "--sourcemap_template", "s/{x}",
        "--file_metadata_pattern", "^(?P<x>.)",
      ], in: folder)
    #expect(
      outcome.errors == "error: s/a: would be the source of both a.wav and ab.wav; "
        + "correct the source template or file_metadata_pattern\n")
    #expect(outcome.exit == 2)
  }
}
