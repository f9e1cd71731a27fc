import PerchAudio
import PerchCore
import PerchRecognition

/// What scores windows of recordings: one worker for each that is computed at the same time.
struct WindowScoring: Sendable {
  let scorers: Scorers
  let workers: [ScoringWorker]

  /// - Throws: exit code 5 for recognizers of another model than the engine's.
  init(_ scored: ClassifySettings.Scored, engine: EmbeddingEngine) throws(RunnerError) {
    switch scored {
    case .recognizers(let recognizers):
      for recognizer in recognizers {
        try recognizer.checkFits(dimension: engine.facts.embeddingSize, of: engine.facts.name)
      }
      let scorer = RecognizerScorer(recognizers)
      scorers = Scorers(recognizers)
      workers = engine.workers.map {
        ScoringWorker(network: $0, means: .recognizers(scorer, scorer.makeWorkspace()))
      }
    case .classes:
      guard let classes = engine.classes else { preconditionFailure("an engine that scores classes") }
      scorers = Scorers(model: engine.facts.name, labels: classes.selection.labels)
      workers = zip(engine.workers, classes.scorers).map { ScoringWorker(network: $0, means: .classes($1)) }
    }
  }
}

/// Scores one window at a time, with scratch memory of its own.
struct ScoringWorker: Sendable {
  enum Means: Sendable {
    case recognizers(RecognizerScorer, RecognizerWorkspace)
    case classes(any ClassScorer)
  }

  let network: any EmbeddingWorker
  let means: Means

  /// - Parameter window: what `network` has just embedded.
  func score(_ window: EmbeddedWindow, of task: RecordingTask) throws(RunnerError) -> Result {
    let kept: [KeptScore]?
    switch means {
    case .recognizers(let scorer, let workspace): kept = scorer.kept(of: window.embedding, workspace)
    case .classes(let scorer):
      kept = scorer.scores()?.map { KeptScore(recognizer: 0, label: $0.index, score: $0.score) }
    }
    guard let kept else { throw .scoreNotFinite(task.input.string, at: window.position.startSeconds) }
    return Result(
      position: window.position,
      scored: ScoredWindow(
        source: task.source, channel: window.position.channel, start: window.position.startSeconds,
        end: window.position.endSeconds, scores: kept))
  }

  struct Result: WindowResult {
    let position: WindowPosition
    let scored: ScoredWindow
  }
}

extension RunnerError {
  /// No table holds such a score.
  static func scoreNotFinite(_ subject: String, at seconds: Double) -> RunnerError {
    RunnerError(
      subject, "a score at \(seconds) s is not finite", remedy: "use recognizers or weights with smaller numbers",
      exit: .recognizer)
  }
}
