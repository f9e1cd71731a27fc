import PerchAudio
import PerchCore
import PerchTables

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
    var reader = try WindowReader(path: task.input.string, settings: ReadingSettings(settings, model: engine.facts))
    var table = try EmbeddingTableWriter(
      path: task.output, format: settings.format, layout: settings.layout, metadata: settings.metadata,
      dimension: engine.facts.embeddingSize)
    var meter = ProgressMeter(
      recording: task.source, totalSeconds: reader.facts.claimedSeconds, report: observer.progress)
    try await pipeline.run {
      () throws(RunnerError) in try Window(from: &reader)
    } emit: { row throws(RunnerError) in
      try table.append(
        source: task.source, channel: row.position.channel, start: row.position.startSeconds,
        end: row.position.endSeconds, embedding: row.embedding)
      meter.advance(to: row.position.endSeconds)
    }
    reader.notes.forEach(observer.note)
    try table.finish(
      Provenance(
        generate: settings, model: engine.facts, recording: facts(of: reader), created: created))
    meter.finish()
  }

  private struct Window: Sendable {
    let position: WindowPosition
    let samples: [Float]

    /// The next window of `reader`, or nil at the end of the recording.
    init?(from reader: inout WindowReader) throws(RunnerError) {
      var samples = [Float](repeating: 0, count: 160_000)
      var span = samples.mutableSpan
      guard let position = try reader.next(into: &span) else { return nil }
      self.position = position
      self.samples = samples
    }
  }

  private struct Row: Sendable {
    let position: WindowPosition
    let embedding: [Float]
  }

  private var pipeline: OrderedPipeline<any EmbeddingWorker, Window, Row> {
    OrderedPipeline(workers: engine.workers) {
      [precision = settings.precision, task] worker, window throws(RunnerError) in
      var embedding = try worker.embed(window.samples)
      precision.round(&embedding)
      guard embedding.allSatisfy(\.isFinite) else {
        throw RunnerError(
          task.input.string, "the embedding at \(window.position.startSeconds) s is not finite",
          remedy: precision == .float16 ? "leave out --precision float16" : "export the weights again",
          exit: .weights)
      }
      return Row(position: window.position, embedding: embedding)
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

extension ReadingSettings {
  /// How `settings` cut a recording for `model`.
  init(_ settings: GenerateSettings, model: ModelFacts) {
    self.init()
    hop = settings.hop
    tail = settings.tail
    compat = settings.compat
    channel = settings.channel
    normalization = model.targetPeak > 0 ? settings.normalization : .none
    targetPeak = Float(model.targetPeak)
    strict = settings.strict
  }
}
