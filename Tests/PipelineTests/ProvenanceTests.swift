import Foundation
import PerchAudio
import PerchCore
import PerchPipeline
import PerchTables
import TestSupport
import Testing

@Suite struct ProvenanceTests {
  private static let model = ModelFacts(
    name: "perch_8", edition: "v8", digest: FileDigest(known: String(repeating: "0", count: 64)), embeddingSize: 1280,
    targetPeak: 0.25, weights: "trained, unverified", kernels: "x86-64-v3")
  private static let recording = InputFacts(
    source: "site1/audio.wav", digest: String(repeating: "1", count: 64), durationSeconds: 13,
    sampleRate: 44_100, channels: 1, start: nil)

  private func provenance(_ change: (inout GenerateOptions) -> Void = { _ in }) throws -> Provenance {
    var options = GenerateOptions()
    change(&options)
    return try Provenance(
      generate: try GenerateSettings(options), model: Self.model, recording: Self.recording,
      created: "2026-01-01T00:00:00Z")
  }

  @Test func keysStandInTheirOrder() throws {
    #expect(
      try provenance().entries.map(\.key) == [
        "format", "version", "model", "model_sha256", "embedding_dim", "embedding_encoding", "sample_rate",
        "window_seconds", "hop_seconds", "tail", "channels", "resampler", "normalization", "input",
        "input_sha256", "input_duration_seconds", "input_sample_rate", "input_channels", "created",
        "config_json", "weights", "compat", "kernels",
      ])
  }

  /// The example of the formats has this recording; only version and configuration are of its own time.
  @Test(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
  func isThatOfTheExample() throws {
    let file = try #require(TestFiles.shared).appending(path: "examples/audio.embeddings.csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    let lines = text.split(separator: "\n").prefix { $0.hasPrefix("#") }
    let ours = try provenance { $0.format = .csv }
    for line in lines {
      let parts = try #require(line.dropFirst(2).firstRange(of: ": "))
      let key = String(line.dropFirst(2)[..<parts.lowerBound])
      if ["version", "config_json"].contains(key) { continue }
      #expect(ours[key] == String(line[parts.upperBound...]), "\(key)")
    }
    #expect(lines.count == 20)
  }

  @Test func theEncodingSaysHowVectorsAreHeld() throws {
    func encoding(_ format: TableFormat, _ layout: EmbeddingLayout, _ precision: Precision) throws -> String? {
      try provenance { ($0.format, $0.layout, $0.precision) = (format, layout, precision) }["embedding_encoding"]
    }
    #expect(try encoding(.csv, .list, .float32) == "base64 float32 little-endian")
    #expect(try encoding(.parquet, .list, .float32) == "float32")
    #expect(try encoding(.parquet, .serialized, .float32) == "base64 float32 little-endian")
    #expect(try encoding(.csv, .columns, .float32) == "float32")
    #expect(try encoding(.parquet, .list, .float16) == "float32 rounded to float16")
  }

  @Test func theConfigurationIsOneLineWithSortedKeys() throws {
    let text = try provenance {
      $0.hop = 2.5
      $0.channel = .index(3)
    }["config_json"]
    #expect(
      text == #"{"channel":"3","compat":"none","embedding_model":"perch_8","hop_length_seconds":2.5,"#
        + #""layout":"list","normalization":"hoplite","precision":"float32","tail":"pad"}"#)
  }

  @Test func whatCannotChangeARowIsNotPartOfTheConfiguration() throws {
    let plain = try provenance()["config_json"]
    let other = try provenance {
      $0.jobs = 7
      $0.strict = true
      $0.metadata = .sidecar
      $0.weights = "elsewhere.h5"
    }["config_json"]
    #expect(plain == other)
  }

  @Test func namesAreEscapedInJSON() throws {
    let text = try GenerateSettings(GenerateOptions()).configurationJSON(model: "a\"b\\c\n\u{1}é")
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    #expect(object?["embedding_model"] as? String == "a\"b\\c\n\u{1}é")
    #expect(!text.contains("\n"))
  }

  @Test(arguments: [
    ("0", "1970-01-01T00:00:00Z"), ("1767225600", "2026-01-01T00:00:00Z"),
    ("253402300799", "9999-12-31T23:59:59Z"), ("951782400", "2000-02-29T00:00:00Z"),
  ])
  func theTimeIsThatOfSourceDateEpoch(epoch: String, text: String) throws {
    #expect(try CreationTime.text(environment: ["SOURCE_DATE_EPOCH": epoch]) == text)
  }

  @Test(arguments: ["", "now", "-1", "1.5", "253402300800", "99999999999999999999"])
  func otherEpochsAreRefused(epoch: String) {
    let error = #expect(throws: RunnerError.self) {
      try CreationTime.text(environment: ["SOURCE_DATE_EPOCH": epoch])
    }
    #expect(
      error?.description == "error: SOURCE_DATE_EPOCH: '\(epoch)' is not a number of seconds since 1970; "
        + "correct or unset the variable")
    #expect(error?.exit == .usage)
  }

  @Test func theClockIsUsedOtherwise() throws {
    let text = try CreationTime.text(environment: [:])
    #expect(text.count == 20 && text.hasSuffix("Z"))
  }
}
