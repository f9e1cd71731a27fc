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
  /// For the pipeline.
  let transform: @Sendable (Worker, WindowToRecompute) throws(RunnerError) -> (TableWalk.Step, RecomputedWindow)

  /// - Parameters:
  ///   - scored: what the table has scores of; nil for other tables.
  ///   - task: names the recording in messages.
  init(
    _ engine: EmbeddingEngine, _ scored: ClassifySettings.Scored?, task: RecordingTask, precision: Precision
  ) throws(RunnerError) {
    let scoring = try scored.map { (scored) throws(RunnerError) in try WindowScoring(scored, engine: engine) }
    workers = engine.workers.enumerated().map { Worker(network: $1, scoring: scoring?.workers[$0]) }
    scorers = scoring?.scorers
    let embedding = engine.embedding(precision)
    transform = { worker, window throws(RunnerError) in
      let embedded = try embedding(
        worker.network, Window(position: window.step.position, samples: window.samples), task)
      let scored = try worker.scoring?.score(embedded, of: task)
      return (window.step, RecomputedWindow(embedding: embedded.embedding, scores: scored?.scored.scores ?? []))
    }
  }
}

extension Window {
  fileprivate init(position: WindowPosition, samples: Storage<Float>) {
    self.position = position
    self.samples = samples
  }
}
