import Foundation
import PerchCore
import PerchPipeline
import Synchronization
import TestSupport
import Testing

/// The tables of `analyze`, made from the vectors of the examples, beside those of the Python program.
@Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
struct AnalyzeExampleTests {
  private let folder: URL
  private let examples: URL

  init() throws {
    examples = try #require(TestFiles.shared).appending(path: "examples")
    folder = FileManager.default.temporaryDirectory.appending(path: "perch-analyze-\(UUID().uuidString)")
    let site = folder.appending(path: "in/site1")
    for path in [site, folder.appending(path: "out")] {
      try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
    }
    try Self.recording.write(to: site.appending(path: "audio.wav"))
  }

  /// 13 s, of which the reference takes two windows: one click in the first, two in the second.
  private static var recording: Data {
    var samples = [Int16](repeating: 0, count: 13 * 32_000)
    for place in [100, 200_000, 200_500] { samples[place] = 20_000 }
    let bytes = samples.withUnsafeBytes { Data($0) }
    var data = Data("RIFF".utf8)
    func append<Number: FixedWidthInteger>(_ number: Number) {
      withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
    }
    append(UInt32(36 + bytes.count))
    data += Data("WAVEfmt ".utf8)
    append(UInt32(16))
    for field in [UInt16(1), 1] { append(field) }
    for field in [UInt32(32_000), 64_000] { append(field) }
    for field in [UInt16(2), 16] { append(field) }
    data += Data("data".utf8)
    append(UInt32(bytes.count))
    return data + bytes
  }

  /// Gives the vector of the examples for the window with that many clicks, and the example's classes.
  private final class ExampleModel: EmbeddingWorker, ClassScorer {
    static let labels = ["Abroscopus albogularis", "Acoustic_guitar"]
    private let window = Mutex(0)

    func embed(_ window: Span<Float>, into embedding: inout MutableSpan<Float>) throws(RunnerError) {
      var clicks = 0
      // Scaled so that the largest is 0.25.
      for i in 0..<window.count where window[i] > 0.2 { clicks += 1 }
      self.window.withLock { $0 = clicks - 1 }
      for i in 0..<embedding.count { embedding[i] = Float((37 * i + 101 * (clicks - 1)) % 256 - 128) / 1024 }
    }

    func scores() -> [ClassScore]? {
      window.withLock { $0 } == 0
        ? [ClassScore(index: 1, score: 3.25), ClassScore(index: 0, score: 0.5)]
        : [ClassScore(index: 1, score: 1.125)]
    }
  }

  private func analyze(_ more: [AnalyzeOption: String]) async throws {
    let options: [AnalyzeOption: String] = [
      .source: folder.appending(path: "in").path, .output: folder.appending(path: "out").path, .workers: "1",
    ]
    let settings = try AnalyzeSettings(GivenOptions(commandLine: options.merging(more) { $1 }))
    let observer = Observer(note: { _ in }, progress: { _ in }, failure: { Issue.record($0) })
    let model = ExampleModel()
    try await AnalyzeRun(settings, observer: observer).run { () throws(RunnerError) in
      let facts = ModelFacts(
        name: "perch_8", edition: "v8", digest: FileDigest(known: "example"), embeddingSize: 1280, targetPeak: 0.25,
        weights: "example", kernels: "none")
      let selection = try ClassSelection(
        ClassChoices(), labels: ExampleModel.labels, slope: 1, intercept: 0, model: "perch_8")
      return EmbeddingEngine(facts: facts, workers: [model], classes: (selection, [model]))
    }
  }

  private var koala: String { examples.appending(path: "koala.json").path }

  private func isEqualToExample(_ name: String, _ example: String) throws {
    let ours = try String(contentsOf: folder.appending(path: "out/\(name)"), encoding: .utf8)
    let theirs = try String(contentsOf: examples.appending(path: example), encoding: .utf8)
    #expect(ours == theirs)
  }

  /// Reads ours and theirs, and fails unless they have the same columns, types and rows.
  private func pyarrowFindsEqual(_ name: String, _ example: String, tolerance: Double = 0) throws {
    let script = """
      import sys, pyarrow.parquet as pq, numpy as np
      ours, theirs = pq.read_table(sys.argv[1]), pq.read_table(sys.argv[2])
      assert ours.schema.equals(theirs.schema), (ours.schema, theirs.schema)
      assert ours.num_rows == theirs.num_rows > 0
      for name in ours.column_names:
        a, b = ours[name].to_pylist(), theirs[name].to_pylist()
        close = isinstance(a[0], float) and np.allclose(a, b, rtol=0, atol=float(sys.argv[3]))
        assert a == b or close, (name, a, b)
      """
    let paths = [folder.appending(path: "out/\(name)").path, examples.appending(path: example).path]
    let result = try Python.run(["-c", script] + paths + ["\(tolerance)"])
    #expect(result.status == 0, "\(result.output)")
  }

  @Test(arguments: ["serialized", "columns"]) func embeddingsAsText(layout: String) async throws {
    try await analyze([.embeddingsTableFormat: layout, .embeddingsTableFiletype: "csv"])
    try isEqualToExample("embeddings.csv", "upstream.\(layout).csv")
  }

  @Test(
    .enabled(if: Python.has("pyarrow", "numpy"), "needs pyarrow and numpy"), arguments: ["serialized", "columns"])
  func embeddingsInParquet(layout: String) async throws {
    try await analyze([.embed: "true", .embeddingsTableFormat: layout])
    try pyarrowFindsEqual("embeddings.parquet", "upstream.\(layout).parquet")
  }

  /// A sum of 1280 products in another order: within 1280 · 2⁻²⁴ · Σ|xᵢ·wᵢ|, which is below 0.13 here; what is
  /// measured is far less, and 3e-7 is what the examples allow for a float32 sum.
  @Test func resultsOfRecognizersAsText() async throws {
    try await analyze([.recognizers: koala, .threshold: "none"])
    func rows(_ file: URL) throws -> [[Substring]] {
      try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { $0.split(separator: ",") }
    }
    let ours = try rows(folder.appending(path: "out/recognizer_results.csv"))
    let theirs = try rows(examples.appending(path: "upstream.recognizer_results.csv"))
    #expect(ours.map { $0.dropLast() } == theirs.map { $0.dropLast() })
    for (a, b) in zip(ours.dropFirst(), theirs.dropFirst()) {
      let (x, y) = (try #require(a.last.flatMap { Double($0) }), try #require(b.last.flatMap { Double($0) }))
      #expect(abs(x - y) <= 3e-7)
    }
  }

  @Test(.enabled(if: Python.has("pyarrow", "numpy"), "needs pyarrow and numpy"))
  func resultsOfRecognizersInParquet() async throws {
    try await analyze([.recognizers: koala, .threshold: "none", .recognizerFiletype: "parquet"])
    try pyarrowFindsEqual("recognizer_results.parquet", "upstream.recognizer_results.parquet", tolerance: 3e-7)
  }

  @Test func classesAsText() async throws {
    try await analyze([.classify: "true"])
    try isEqualToExample("classify_results.csv", "upstream.classify_results.csv")
  }

  @Test(.enabled(if: Python.has("pyarrow", "numpy"), "needs pyarrow and numpy"))
  func classesInParquet() async throws {
    try await analyze([.classifyFiletype: "parquet"])
    try pyarrowFindsEqual("classify_results.parquet", "upstream.classify_results.parquet")
  }
}
