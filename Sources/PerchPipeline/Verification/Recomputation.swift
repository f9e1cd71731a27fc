import PerchAudio
import PerchCore
import PerchRecognition
import PerchTensor

/// A window with what a worker has computed from it, beside what the table holds for it.
struct RecomputedWindow: Sendable {
  let embedding: [Float]
  /// None where nothing was to be scored.
  let scores: [KeptScore]
}

/// A window to be computed.
struct WindowToRecompute: Sendable {
  let step: TableWalk.Step
  let samples: Storage<Float>
}

/// Computes windows as the command did that made the table.
struct Recomputation: Sendable {
  struct Worker: Sendable {
    let network: any EmbeddingWorker
    /// nil where nothing is scored.
    let scoring: ScoringWorker?
  }

  let workers: [Worker]
  let scorers: Scorers?
  private let task: RecordingTask
  private let precision: Precision
  private let size: Int

  /// - Parameter scored: what the table has scores of; nil for other tables.
  init(
    _ engine: EmbeddingEngine, _ scored: ClassifySettings.Scored?, _ task: RecordingTask, _ precision: Precision
  ) throws(RunnerError) {
    let scoring = try scored.map { (scored) throws(RunnerError) in try WindowScoring(scored, engine: engine) }
    workers = engine.workers.enumerated().map { Worker(network: $1, scoring: scoring?.workers[$0]) }
    scorers = scoring?.scorers
    self.task = task
    self.precision = precision
    size = engine.facts.embeddingSize
  }

  /// For the pipeline.
  var transform: @Sendable (Worker, WindowToRecompute) throws(RunnerError) -> (TableWalk.Step, RecomputedWindow) {
    { worker, window throws(RunnerError) in
      var embedding = try window.samples.withSpan { samples throws(RunnerError) in
        try worker.network.embedding(of: samples, size: size)
      }
      precision.round(&embedding)
      let scored = try worker.scoring?.score(
        EmbeddedWindow(position: window.step.position, embedding: embedding), of: task)
      return (window.step, RecomputedWindow(embedding: embedding, scores: scored?.scored.scores ?? []))
    }
  }
}
