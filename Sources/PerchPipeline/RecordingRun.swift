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
    try WindowReader(path: task.input.string, settings: ReadingSettings(settings, model: engine.facts))
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
    // Samples go round: results come in order, so the memory of the oldest window under way is free again.
    var underWay: [Storage<Float>] = []
    var spare: [Storage<Float>] = []
    try await OrderedPipeline(workers: workers, transform: compute).run {
      () throws(RunnerError) in
      let samples = spare.popLast() ?? Storage(count: Window.samples)
      underWay.append(samples)
      return try Window(from: &reader, into: samples)
    } emit: { result throws(RunnerError) in
      try emit(result)
      meter.advance(to: result.position.endSeconds)
      spare.append(underWay.removeFirst())
    }
    reader.notes.forEach(observer.note)
    meter.finish()
  }

  struct Window: Sendable {
    /// 5 s at 32 kHz: both models.
    static let samples = 160_000

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

  /// The embedding of a window.
  var embedding: @Sendable (any EmbeddingWorker, Window) throws(RunnerError) -> EmbeddedWindow {
    {
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
