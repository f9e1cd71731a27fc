import PerchAudio
import PerchCore
import PerchTensor
import SystemPackage

/// Whether the whole path from a recording to its embeddings gives what is published of it.
package enum RecordingProof {
  package struct Finding: Equatable, Sendable {
    package let text: String
    package let passes: Bool
  }

  /// Computes the embeddings of the recording as perch-hoplite does and compares.
  ///
  /// - Parameters:
  ///   - path: one of the recordings that answers are known for, by its published name.
  ///   - options: which weights; how the recording is cut is not asked for.
  /// - Throws: exit code 2 for a recording or weights that no answer is known for, 3 for one that cannot be read.
  package static func run(
    _ path: String, options: GenerateOptions, note: (Note) -> Void
  ) throws(RunnerError) -> Finding {
    var options = options
    options.compat = .reference
    options.jobs = 1
    let settings = try GenerateSettings(options)
    let engine = try EmbeddingEngine(settings, note: note)
    let name = FilePath(path).lastComponent?.string ?? path
    guard let published = PublishedEmbeddings.of(name, model: engine.facts.name) else {
      let known = PublishedEmbeddings.all.filter { $0.model == engine.facts.name }.map(\.recording)
      throw RunnerError(
        path, "no answer of \(engine.facts.name) is known for it",
        remedy: known.isEmpty ? "use other weights" : "give \(known.joined(separator: " or "))", exit: .usage)
    }
    let embeddings = try embeddings(of: path, settings, engine)
    guard let comparison = published.compare(embeddings) else {
      return Finding(
        text: "\(embeddings.count) windows, \(published.windows.count) published: another recording", passes: false)
    }
    return Finding(
      text: "\(embeddings.count) windows, numbers within \(Float(comparison.difference)) beyond 16 bits "
        + "(worst at window \(comparison.window)), lengths within \(Float(comparison.norm * 100)) %",
      passes: comparison.passes)
  }

  private static func embeddings(
    of path: String, _ settings: GenerateSettings, _ engine: EmbeddingEngine
  ) throws(RunnerError) -> [[Float]] {
    var reader = try WindowReader(path: path, settings: ReadingSettings(settings, model: engine.facts))
    let samples = Storage<Float>(count: Window.samples)
    var embeddings: [[Float]] = []
    guard let worker = engine.workers.first else { return [] }
    while true {
      let position = try samples.withMutableSpan(0..<samples.count) { span throws(RunnerError) in
        try reader.next(into: &span)
      }
      if position == nil { return embeddings }
      let embedding = try samples.withSpan { span throws(RunnerError) in
        try worker.embedding(of: span, size: engine.facts.embeddingSize)
      }
      embeddings.append(embedding)
    }
  }
}
