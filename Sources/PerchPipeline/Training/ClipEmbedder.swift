import PerchAudio
import PerchCore
import PerchRecognition

/// Embeds the labelled windows of recordings, cut as `generate` cuts them.
struct ClipEmbedder {
  let settings: TrainSettings
  let engine: EmbeddingEngine
  let observer: Observer

  /// Shorter clips say too little of anything.
  private static let minimumSeconds = 0.1

  /// Adds the windows of one recording that `index` has rows for (all of them where unlabelled ones count too).
  nonisolated(nonsending) func add(
    source: String, path: String, index: LabelIndex, to collector: inout WindowCollector
  ) async throws(RunnerError) {
    var reading = ReadingSettings(settings.generate, model: engine.facts)
    reading.minimumSeconds = Self.minimumSeconds
    if index.namesChannels(of: source) { reading.channel = .all }
    var reader = try WindowReader(path: path, settings: reading)
    let keepsAll = settings.unlabelledWindows != .ignore
    var found: [Row] = []
    try await pipeline(path).run {
      () throws(RunnerError) in
      while true {
        var samples = [Float](repeating: 0, count: 160_000)
        var span = samples.mutableSpan
        guard let position = try reader.next(into: &span) else { return nil }
        let rows = index.find(source: source, channel: position.channel, start: position.startSeconds)
        if !rows.isEmpty || keepsAll { return Window(position: position, samples: samples, rows: rows) }
      }
    } emit: { (row: Row) throws(RunnerError) in
      found.append(row)
    }
    reader.notes.forEach(observer.note)
    let isPadded = found.count == 1 && found[0].position.validSamples < 160_000
    for row in pooled(found, index) {
      try collector.add(
        LabelledWindow(
          source: source, channel: row.position.channel, start: row.position.startSeconds, rows: row.rows),
        row.embedding, isPadded: isPadded, from: path)
    }
  }

  private struct Window: Sendable {
    let position: WindowPosition
    let samples: [Float]
    let rows: [Int]
  }

  private struct Row: Sendable {
    let position: WindowPosition
    let rows: [Int]
    var embedding: [Float]
  }

  private func pipeline(_ path: String) -> OrderedPipeline<any EmbeddingWorker, Window, Row> {
    OrderedPipeline(workers: engine.workers) {
      [size = engine.facts.embeddingSize] worker, window throws(RunnerError) in
      let embedding = try worker.embedding(of: window.samples.span, size: size)
      guard embedding.allSatisfy(\.isFinite) else {
        throw RunnerError(
          path, "the embedding at \(window.position.startSeconds) s is not finite",
          remedy: "export the weights again", exit: .weights)
      }
      return Row(position: window.position, rows: window.rows, embedding: embedding)
    }
  }

  /// With `--pool mean`, the mean of each channel's windows in place of them, where the label is the whole clip's.
  private func pooled(_ rows: [Row], _ index: LabelIndex) -> [Row] {
    guard settings.pooling == .mean else { return rows }
    var pooled: [Row] = []
    for channel in Set(rows.map(\.position.channel)).sorted() {
      let own = rows.filter { $0.position.channel == channel }
      let isWhole = own.allSatisfy { row in row.rows.allSatisfy { index.rows[$0].extent == .whole } }
      guard isWhole, var first = own.first else {
        pooled += own
        continue
      }
      for j in first.embedding.indices {
        first.embedding[j] = Float(own.reduce(0.0) { $0 + Double($1.embedding[j]) } / Double(own.count))
      }
      pooled.append(first)
    }
    return pooled
  }
}
