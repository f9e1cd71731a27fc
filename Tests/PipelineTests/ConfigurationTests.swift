import Foundation
import PerchAudio
import PerchCore
import PerchPipeline
import Testing

@Suite struct ConfigurationTests {
  @Test(arguments: [
    ("", nil, nil), ("# nothing\n", nil, nil), ("---\n", nil, nil), ("{}", nil, nil), ("null", nil, nil),
    ("hop_length_seconds: 5", 5, nil), ("hop_length_seconds: 5.0", 5, nil), ("hop_length_seconds: 2.5\n", 2.5, nil),
    ("hop_length_seconds: 3.125e-5", 3.125e-5, nil), ("embedding_model: perch_8", nil, .perch8),
    (#"{"hop_length_seconds": 2.5, "embedding_model": "perch_v2"}"#, 2.5, .perchV2),
    ("classifiers:\n  - name: koala\n    model: AAAA\nhop_length_seconds: 7", 7, nil),
  ] as [(String, Double?, ModelName?)])
  func isRead(text: String, hop: Double?, model: ModelName?) throws {
    let configuration = try Configuration.parse(text, file: "c.yml")
    #expect(configuration.hop?.seconds == hop)
    #expect(configuration.embeddingModel == model)
    #expect(configuration.notes == [])
  }

  private static let number = "give the seconds between window starts, such as 2.5"

  @Test(arguments: [
    (
      "hop_length_second: 5",
      "error: c.yml:1: unknown key 'hop_length_second', did you mean 'hop_length_seconds'; "
        + "known keys: classifiers, embedding_model, hop_length_seconds"
    ),
    (
      "\nxyz: 5",
      "error: c.yml:2: unknown key 'xyz'; known keys: classifiers, embedding_model, hop_length_seconds"
    ),
    (
      "hop_size_s: 5",
      "error: c.yml:1: unknown key 'hop_size_s'; known keys: classifiers, embedding_model, hop_length_seconds"
    ),
    ("hop_length_seconds: five", "error: c.yml:1: hop_length_seconds is not a number; give seconds, such as 2.5"),
    ("hop_length_seconds: '5'", "error: c.yml:1: hop_length_seconds is not a number; give seconds, such as 2.5"),
    ("hop_length_seconds: [5]", "error: c.yml:1: hop_length_seconds is not a number; give seconds, such as 2.5"),
    ("hop_length_seconds: .nan", "error: c.yml:1: hop_length_seconds is not a number; give seconds, such as 2.5"),
    (
      "hop_length_seconds: 0",
      "error: c.yml:1: a hop of 0.0 s is not between one sample (1/32000 s) and 1e9 s; \(number)"
    ),
    (
      "hop_length_seconds: -5",
      "error: c.yml:1: a hop of -5.0 s is not between one sample (1/32000 s) and 1e9 s; \(number)"
    ),
    (
      "hop_length_seconds: 1e300",
      "error: c.yml:1: a hop of 1e+300 s is not between one sample (1/32000 s) and 1e9 s; \(number)"
    ),
    (
      "hop_length_seconds: 5\nhop_size: 5",
      "error: c.yml:2: hop_length_seconds is already given in line 1; keep only hop_length_seconds"
    ),
    (
      "embedding_model: birdnet",
      "error: c.yml:1: embedding_model is not a known model; write perch_8 or perch_v2"
    ),
    (
      "bit_depth: 16",
      "error: c.yml:1: 'bit_depth' is a key of version 1; remove it, or give --precision float16"
    ),
    (
      "classifier: x.keras",
      "error: c.yml:1: 'classifier' is a key of version 1; write classifiers: with model_file:"
    ),
    (
      "segment_length: 60",
      "error: c.yml:1: 'segment_length' is a key of version 1; "
        + "recordings are not cut any more; remove it, or give --compat reference"
    ),
    (
      "max_segments: -1",
      "error: c.yml:1: 'max_segments' is a key of version 1; recordings are read to their end; remove it"
    ),
    ("skip_if_file_exists: true", "error: c.yml:1: 'skip_if_file_exists' is a key of version 1; remove it"),
    (
      "inherit: b.yml",
      "error: c.yml:1: 'inherit' is a key of version 1; copy the keys of the other file into this one"
    ),
    ("- 1\n- 2", "error: c.yml:1: not a list of keys with values; write lines such as 'key: value'"),
    ("just text", "error: c.yml:1: not a list of keys with values; write lines such as 'key: value'"),
    ("? [a]\n: 1", "error: c.yml:1: a key is not a word; write it as 'key: value'"),
    (
      "a: b: c",
      "error: c.yml:1: not valid YAML: mapping values are not allowed in this context; correct the line"
    ),
    (
      "hop_length_seconds: 1\nhop_length_seconds: 2",
      "error: c.yml: not valid YAML: 'hop_length_seconds' is given twice; correct the line"
    ),
  ])
  func isRefused(text: String, line: String) throws {
    let error = #expect(throws: RunnerError.self) { try Configuration.parse(text, file: "c.yml") }
    #expect(error?.description == line)
    #expect(error?.exit == .usage)
  }

  @Test func theOldNameOfTheHopIsTakenWithAWarning() throws {
    let configuration = try Configuration.parse("\nhop_size: 2.5", file: "c.yml")
    #expect(configuration.hop?.seconds == 2.5)
    #expect(
      configuration.notes
        == [Note(.warning, "c.yml:2", "hop_size is an old name; write hop_length_seconds")])
  }

  /// Nested far beyond what any stack holds, and aliases that would unfold to 10⁹ words.
  @Test(arguments: [
    String(repeating: "[", count: 200_000), String(repeating: "a: {", count: 100_000),
    String(repeating: "- ", count: 100_000),
    (1...9).reduce("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n") { text, i in
      text + "a\(i): &a\(i) [\(Array(repeating: "*a\(i - 1)", count: 10).joined(separator: ","))]\n"
    },
  ])
  func bombsAreRefused(text: String) {
    let error = #expect(throws: RunnerError.self) { try Configuration.parse(text, file: "c.yml") }
    #expect(error?.exit == .usage)
  }

  @Test func theFileIsReadFromDisk() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("hop_length_seconds: 1".utf8).write(to: file)
    #expect(try Configuration.read(file.path).hop?.seconds == 1)
    try Data([0x68, 0xFF, 0xFE]).write(to: file)
    let error = #expect(throws: RunnerError.self) { try Configuration.read(file.path) }
    #expect(
      error?.description
        == "error: \(file.path): the configuration file is not UTF-8 text; save it as UTF-8")
  }
}
