import PerchAudio
import PerchCore
import PerchTables
import PerchTensor

/// The straight line for one recording: file, windows, embeddings, table.
struct RecordingRun {
  let task: RecordingTask
  let settings: GenerateSettings
  let engine: EmbeddingEngine
  /// UTC, ISO 8601, for the table's `created`.
  let created: String
  let observer: Observer

  /// Writes the table of the recording. Until that is complete nothing stands under its name.
  nonisolated(nonsending) func run() async throws(RunnerError) {
    var reader = try WindowReader(path: task.input.string, settings: reading)
    var table = try EmbeddingTableWriter(
      path: task.output, format: settings.format, layout: settings.layout, metadata: settings.metadata,
      dimension: engine.facts.embeddingSize)
    var meter = ProgressMeter(
      recording: task.source, totalSeconds: reader.facts.claimedSeconds, report: observer.progress)
    // Samples go round: the memory of a row that is written takes the next window.
    var spare: [Storage<Float>] = []
    try await pipeline.run {
      () throws(RunnerError) in
      try Window(from: &reader, into: spare.popLast() ?? Storage(count: windowSamples))
    } emit: { row throws(RunnerError) in
      try table.append(
        source: task.source, channel: row.window.position.channel, start: row.window.position.startSeconds,
        end: row.window.position.endSeconds, embedding: row.embedding)
      meter.advance(to: row.window.position.endSeconds)
      spare.append(row.window.samples)
    }
    reader.notes.forEach(observer.note)
    try table.finish(
      Provenance(
        generate: settings, model: engine.facts, recording: facts(of: reader), created: created))
    meter.finish()
  }

  /// 5 s at 32 kHz: both models.
  private var windowSamples: Int { 160_000 }

  private struct Window: Sendable {
    let position: WindowPosition
    let samples: Storage<Float>

    /// The next window of `reader`, or nil at the end of the recording.
    init?(from reader: inout WindowReader, into samples: Storage<Float>) throws(RunnerError) {
      let position = try samples.withMutableSpan(0..<samples.count) { span throws(RunnerError) in
        try reader.next(into: &span)
      }
      guard let position else { return nil }
      self.position = position
      self.samples = samples
    }
  }

  private struct Row: Sendable {
    let window: Window
    let embedding: [Float]
  }

  private var reading: ReadingSettings {
    var reading = ReadingSettings()
    reading.hop = settings.hop
    reading.tail = settings.tail
    reading.compat = settings.compat
    reading.channel = settings.channel
    reading.normalization = engine.facts.targetPeak > 0 ? settings.normalization : .none
    reading.targetPeak = Float(engine.facts.targetPeak)
    reading.strict = settings.strict
    return reading
  }

  private var pipeline: OrderedPipeline<any EmbeddingWorker, Window, Row> {
    OrderedPipeline(workers: engine.workers) {
      [precision = settings.precision, size = engine.facts.embeddingSize, task]
      worker, window throws(RunnerError) in
      var embedding = [Float](repeating: 0, count: size)
      var span = embedding.mutableSpan
      try window.samples.withSpan { samples throws(RunnerError) in try worker.embed(samples, into: &span) }
      precision.round(&embedding)
      guard embedding.allSatisfy(\.isFinite) else {
        throw RunnerError(
          task.input.string, "the embedding at \(window.position.startSeconds) s is not finite",
          remedy: precision == .float16 ? "leave out --precision float16" : "export the weights again",
          exit: .weights)
      }
      return Row(window: window, embedding: embedding)
    }
  }

  private func facts(of reader: borrowing WindowReader) throws(RunnerError) -> InputFacts {
    let digest: String
    do { digest = try Digest.sha256(file: task.input) } catch {
      throw RunnerError(
        task.input.string, "cannot be read again for its digest: \(error)", remedy: "check the disk", exit: .input)
    }
    return InputFacts(
      source: task.source, digest: digest, durationSeconds: reader.secondsDecoded,
      sampleRate: reader.facts.sampleRate.hertz, channels: reader.facts.channels,
      start: reader.facts.startTime)
  }
}
