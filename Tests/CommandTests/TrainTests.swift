import Foundation
import PerchCore
import PerchTables
import SystemPackage
import TestSupport
import Testing

/// `train` as a user runs it.
@Suite struct TrainTests {
  /// Two classes in 12 recordings, and labels for them; `seed` shuffles the rows of both files.
  static func write(to folder: TemporaryFolder, seed: UInt64 = 0) throws {
    var rows: [(source: String, start: Double, label: String, embedding: [Float])] = []
    var state: UInt64 = 7
    func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
    }
    for recording in 0..<12 {
      let isKoala = recording % 3 == 0
      for window in 0..<3 {
        let embedding = (0..<1280).map { j in next() + (j < 40 ? (isKoala ? 0.35 : -0.35) : 0) }
        rows.append(("r\(recording).wav", Double(window) * 5, isKoala ? "Koala" : "noise", embedding))
      }
    }
    if seed > 0 {
      var draw = seed
      for index in rows.indices.reversed() {
        draw = draw &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        rows.swapAt(index, Int(draw >> 33) % (index + 1))
      }
    }
    var table = try EmbeddingTableWriter(
      path: FilePath(folder.path("e.parquet")), format: .parquet, dimension: 1280)
    for row in rows {
      try table.append(
        source: row.source, channel: 0, start: row.start, end: row.start + 5, embedding: row.embedding)
    }
    try table.finish(Provenance())
    let labels = (seed > 0 ? rows.reversed() : rows).map { "\($0.source),0,\($0.start),\($0.label)" }
    try folder.write("source,channel,start,label\n\(labels.joined(separator: "\n"))\n", to: "labels.csv")
  }

  private struct Recognizer: Decodable {
    let classifier_name: String
    let classes: [String]
    let beta: String
    let beta_bias: String
    let threshold: [Double]
  }

  private static func train(_ arguments: String, in folder: TemporaryFolder) throws -> Program.Outcome {
    try Program.run(
      ["train"] + arguments.split(separator: " ").map(String.init), in: folder,
      environment: ["SOURCE_DATE_EPOCH": "1700000000"])
  }

  @Test func writesFourFilesThatAgree() throws {
    let folder = try TemporaryFolder()
    try Self.write(to: folder)
    let outcome = try Self.train("--embeddings e.parquet --name koala labels.csv out", in: folder)
    #expect(outcome.exit == 0, "\(outcome.errors)")
    #expect(outcome.output == "")
    #expect(
      folder.files == [
        "e.parquet", "labels.csv", "out/koala.json", "out/koala.metadata.json", "out/koala.predictions.csv",
        "out/koala.report.html",
      ])
    let data = try folder.read("out/koala.json")
    let recognizer = try JSONDecoder().decode(Recognizer.self, from: data)
    #expect(recognizer.classifier_name == "koala")
    #expect(recognizer.classes == ["Koala"])
    #expect(recognizer.threshold == [0])
    let beta = Self.floats(try #require(Data(base64Encoded: recognizer.beta)))
    let bias = Self.floats(try #require(Data(base64Encoded: recognizer.beta_bias)))
    #expect(beta.count == 1280)
    // It separates what it was trained on.
    var reader = try EmbeddingTableReader(FilePath(folder.path("e.parquet")))
    while let row = try reader.next() {
      let score = zip(row.embedding, beta).reduce(Double(bias[0])) { $0 + Double($1.0) * Double($1.1) }
      let number = try #require(Int(row.source.dropFirst().prefix { $0.isNumber }))
      #expect((score > 0) == (number % 3 == 0))
    }
    let metadata = try #require(
      try JSONSerialization.jsonObject(with: folder.read("out/koala.metadata.json")) as? [String: Any])
    #expect(metadata["created_at"] as? String == "2023-11-14T22:13:20Z")
    let training = try #require(metadata["training"] as? [String: Any])
    #expect(try #require(training["gradient_max_abs"] as? Double) <= 1e-8)
    let part = try #require(metadata["recognizer"] as? [String: Any])
    #expect(part["sha256"] as? String == Digest.sha256([UInt8](data)))
    let lines = String(decoding: try folder.read("out/koala.predictions.csv"), as: UTF8.self)
      .split(separator: "\n")
    #expect(lines.first == "source,channel,start,fold,label,value,score")
    #expect(lines.count == 37)
  }

  /// What is trained here is read here, and scores as its numbers say: the sums in float32 of 1,280 products err
  /// by at most 1,280·2⁻²⁴ of the sum of their sizes.
  @Test func classifyReadsWhatWasTrained() throws {
    let folder = try TemporaryFolder()
    try Self.write(to: folder)
    #expect(try Self.train("--embeddings e.parquet --name koala labels.csv out", in: folder).exit == 0)
    try folder.write("classifiers:\n  - model_file: out/koala.json\n", to: "c.yml")
    let outcome = try Program.run(
      ["classify", "-q", "-c", "c.yml", "--threshold", "none", "--format", "csv", "e.parquet", "events"], in: folder)
    try #require(outcome.exit == 0, "\(outcome.errors)")
    let recognizer = try JSONDecoder().decode(Recognizer.self, from: try folder.read("out/koala.json"))
    let beta = Self.floats(try #require(Data(base64Encoded: recognizer.beta)))
    let bias = Double(Self.floats(try #require(Data(base64Encoded: recognizer.beta_bias)))[0])
    let lines = String(decoding: try folder.read("events/e.classifications.csv"), as: UTF8.self)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }.dropFirst()
    var rows = lines.makeIterator()
    var reader = try EmbeddingTableReader(FilePath(folder.path("e.parquet")))
    var count = 0
    while let row = try reader.next() {
      let line = rows.next()
      let fields = try #require(line).split(separator: ",", omittingEmptySubsequences: false)
      let products = zip(row.embedding, beta).map { Double($0) * Double($1) }
      let bound = 1280 * 0x1p-24 * products.reduce(abs(bias)) { $0 + abs($1) }
      #expect(fields[0] == row.source && fields[6] == "Koala")
      let score = try #require(Double(fields[7]))
      #expect(abs(score - products.reduce(bias, +)) <= bound)
      count += 1
    }
    let rest = rows.next()
    #expect(count == 36 && rest == nil)
  }

  @Test func sameBytesForAnyThreadsAndOrder() throws {
    let names = ["n.json", "n.metadata.json", "n.predictions.csv", "n.report.html"]
    var first: [Data]?
    for (jobs, seed) in [(1, 0), (2, 0), (4, 0), (2, 3), (1, 9)] as [(Int, UInt64)] {
      let folder = try TemporaryFolder()
      try Self.write(to: folder, seed: seed)
      let outcome = try Self.train("--embeddings e.parquet --name n --jobs \(jobs) labels.csv out", in: folder)
      #expect(outcome.exit == 0, "\(outcome.errors)")
      let files = try names.map { try folder.read("out/\($0)") }
      if let first { #expect(files == first, "\(jobs) threads, order \(seed)") } else { first = files }
    }
  }

  @Test func theReportIsOneFileThatFetchesNothing() throws {
    let folder = try TemporaryFolder()
    try Self.write(to: folder)
    let labels = String(decoding: try folder.read("labels.csv"), as: UTF8.self)
    // A quoted field, as RFC 4180 has it.
    let quoted = labels.replacing("Koala", with: "\"<b>\"\"Koala\"\" & Co\"")
    try folder.write(quoted, to: "labels.csv")
    let outcome = try Self.train("--embeddings e.parquet labels.csv out", in: folder)
    #expect(outcome.exit == 0, "\(outcome.errors)")
    let page = String(decoding: try folder.read("out/out.report.html"), as: UTF8.self)
    #expect(page.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
    #expect(page.contains("content=\"default-src &#39;none&#39;; style-src &#39;nonce-report&#39;\""))
    #expect(page.contains("&lt;b&gt;&quot;Koala&quot; &amp; Co"))
    #expect(!page.contains("<b>"))
    #expect(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"))
    #expect(page.ranges(of: "<svg ").count == page.ranges(of: "role=\"img\" aria-label=").count)
    #expect(page.ranges(of: "<svg ").count == 5)
  }

  @Test func selectionsBecomeWindows() throws {
    let folder = try TemporaryFolder()
    try folder.write(ToneFile.wav(seconds: 20), to: "night.wav")
    let header = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tSpecies"
    try folder.write(
      """
      \(header)\r
      1\tWaveform 1\t1\t1.0\t2.0\tKoala\r
      1\tSpectrogram 1\t1\t1.0\t2.0\tKoala\r
      2\tSpectrogram 1\t1\t9.8\t10.2\tKoala\r
      3\tSpectrogram 1\t1\t16.0\t17.0\t\r

      """, to: "night.Table.1.selections.txt")
    let outcome = try Self.train(
      "--weights seeded:perch_8 --c 1 night.Table.1.selections.txt out", in: folder)
    #expect(outcome.exit == 0, "\(outcome.errors)")
    // The second selection lies half in each of two windows.
    #expect(try Self.values(folder) == ["0.0=1.0", "5.0=1.0", "10.0=1.0", "15.0=0.0"])
  }

  @Test func audacityLabelsBecomeWindows() throws {
    let folder = try TemporaryFolder()
    try folder.write(ToneFile.wav(seconds: 20), to: "night.wav")
    try folder.write("0.5\t1.5\tKoala\n\\\t200\t900\n12.0\t12.0\tKoala\n6.0\t7.0\tnoise\n", to: "night.txt")
    let outcome = try Self.train("--weights seeded:perch_8 --c 1 night.txt out", in: folder)
    #expect(outcome.exit == 0, "\(outcome.errors)")
    #expect(try Self.values(folder) == ["0.0=1.0", "5.0=0.0", "10.0=1.0"])
  }

  @Test func foldersNameClasses() throws {
    let folder = try TemporaryFolder()
    for (name, seconds) in [("Koala", 6.0), ("Koala,Owl", 3.0), ("Background", 3.5), ("-Owl", 4.0)] {
      try folder.write(ToneFile.wav(seconds: seconds), to: "clips/\(name)/a.wav")
    }
    let outcome = try Self.train("--weights seeded:perch_8 --c 1 clips out", in: folder)
    #expect(outcome.exit == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("taken as negatives, not as classes: Background (--negative)"))
    let lines = String(decoding: try folder.read("out/out.predictions.csv"), as: UTF8.self)
      .split(separator: "\n").dropFirst().map { line in
        line.replacing("\"Koala,Owl/a.wav\"", with: "both").split(separator: ",", omittingEmptySubsequences: false)
      }
    let known = lines.map { "\($0[0]) \($0[2]) \($0[4])=\($0[5])" }
    #expect(
      known == [
        "-Owl/a.wav 0.0 Koala=", "-Owl/a.wav 0.0 Owl=0.0", "Background/a.wav 0.0 Koala=0.0",
        "Background/a.wav 0.0 Owl=0.0", "both 0.0 Koala=1.0", "both 0.0 Owl=1.0", "Koala/a.wav 0.0 Koala=1.0",
        "Koala/a.wav 0.0 Owl=0.0", "Koala/a.wav 5.0 Koala=1.0", "Koala/a.wav 5.0 Owl=0.0",
      ])
  }

  @Test func aSoftmaxHasAConfusionMatrixAndBackground() throws {
    let folder = try TemporaryFolder()
    try Self.write(to: folder)
    let outcome = try Self.train(
      "--embeddings e.parquet --objective multinomial --threshold max-f1 labels.csv out", in: folder)
    #expect(outcome.exit == 0, "\(outcome.errors)")
    let recognizer = try JSONDecoder().decode(Recognizer.self, from: folder.read("out/out.json"))
    #expect(recognizer.classes == ["Koala", "background"])
    let page = String(decoding: try folder.read("out/out.report.html"), as: UTF8.self)
    #expect(page.contains("<h2>Confusion</h2>"))
  }

  @Test func followsTheRulesOfOtherReaders() throws {
    let folder = try TemporaryFolder()
    try Self.write(to: folder)
    _ = try Self.train("--embeddings e.parquet labels.csv out", in: folder)
    let text = String(decoding: try folder.read("out/out.json"), as: UTF8.self)
    // Rules of embeddings-classifier (config.py): objects inside model_config, a version that is not 4 or 8
    // unless the model is perch_8, Base64 without line breaks, one threshold for each class.
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let outer = try #require(object["model_config"] as? [String: Any])
    let inner = try #require(outer["model_config"] as? [String: Any])
    #expect(outer["embedding_dim"] as? Int == 1280)
    #expect(inner["tfhub_version"] as? Int == 8)
    #expect(Set(object.keys) == ["classifier_name", "model_config", "classes", "beta", "beta_bias", "threshold"])
  }

  private static func values(_ folder: TemporaryFolder) throws -> [String] {
    String(decoding: try folder.read("out/out.predictions.csv"), as: UTF8.self).split(separator: "\n").dropFirst()
      .map { line in
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        return "\(fields[2])=\(fields[5])"
      }
  }

  private static func floats(_ data: Data) -> [Float] {
    let bytes = [UInt8](data)
    return stride(from: 0, to: bytes.count, by: 4).map { at in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) })
    }
  }
}
