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
    var reader = try open()
    var table = try EmbeddingTableWriter(
      path: task.output, format: settings.format, layout: settings.layout, metadata: settings.metadata,
      dimension: engine.facts.embeddingSize)
    try await embed(&reader) { row throws(RunnerError) in
      try table.append(
        source: task.source, channel: row.position.channel, start: row.position.startSeconds,
        end: row.position.endSeconds, embedding: row.embedding)
    }
    try table.finish(
      Provenance(
        generate: settings, model: engine.facts, recording: facts(of: reader), created: created))
  }

  func open() throws(RunnerError) -> WindowReader {
    try WindowReader(path: task.input.string, settings: reading)
  }

  /// Gives each window of `reader` with its embedding to `emit`, in order, and then tells what is to be known.
  nonisolated(nonsending) func embed(
    _ reader: inout WindowReader, emit: (EmbeddedWindow) throws(RunnerError) -> Void
  ) async throws(RunnerError) {
    try await each(&reader, workers: engine.workers, compute: embedding, emit: emit)
  }

  /// The same for anything that is computed from a window by workers of any kind.
  nonisolated(nonsending) func each<Worker: Sendable, Result: WindowResult>(
    _ reader: inout WindowReader, workers: [Worker],
    compute: @escaping @Sendable (Worker, Window) throws(RunnerError) -> Result,
    emit: (Result) throws(RunnerError) -> Void
  ) async throws(RunnerError) {
    var meter = ProgressMeter(
      recording: task.source, totalSeconds: reader.facts.claimedSeconds, report: observer.progress)
    try await OrderedPipeline(workers: workers, transform: compute).run {
      () throws(RunnerError) in try Window(from: &reader)
    } emit: { result throws(RunnerError) in
      try emit(result)
      meter.advance(to: result.position.endSeconds)
    }
    reader.notes.forEach(observer.note)
    meter.finish()
  }

  struct Window: Sendable {
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

  var reading: ReadingSettings {
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

  /// The embedding of a window.
  var embedding: @Sendable (any EmbeddingWorker, Window) throws(RunnerError) -> EmbeddedWindow {
    { [precision = settings.precision, task] worker, window throws(RunnerError) in
      var embedding = try worker.embed(window.samples)
      precision.round(&embedding)
      guard embedding.allSatisfy(\.isFinite) else {
        throw RunnerError(
          task.input.string, "the embedding at \(window.position.startSeconds) s is not finite",
          remedy: precision == .float16 ? "leave out --precision float16" : "export the weights again",
          exit: .weights)
      }
      return EmbeddedWindow(position: window.position, embedding: embedding)
    }
  }

  func facts(of reader: borrowing WindowReader) throws(RunnerError) -> InputFacts {
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

/// What is computed from a window of a recording.
protocol WindowResult: Sendable {
  var position: WindowPosition { get }
}

/// A window with its embedding.
struct EmbeddedWindow: WindowResult {
  let position: WindowPosition
  let embedding: [Float]
}
