import PerchAudio
import PerchCore
import PerchRecognition
import PerchTables

/// What computes everything that is wanted of a window at once: one worker for each at the same time.
struct AnalyzeScoring: Sendable {
  let workers: [AnalyzeWorker]
  /// Labels of each recognizer, then those of the model.
  let labels: [[String]]

  /// The model's place among who gives scores.
  var modelPlace: Int { labels.count - 1 }

  /// - Throws: exit code 5 for recognizers of another model than the engine's.
  init(_ settings: AnalyzeSettings, engine: EmbeddingEngine) throws(RunnerError) {
    let recognizers = settings.recognizers?.all ?? []
    for recognizer in recognizers {
      try recognizer.checkFits(dimension: engine.facts.embeddingSize, of: engine.facts.name)
    }
    let scorer = recognizers.isEmpty ? nil : RecognizerScorer(recognizers)
    labels = recognizers.map(\.labels) + [engine.classes?.selection.labels ?? []]
    workers = engine.workers.indices.map { index in
      AnalyzeWorker(
        network: engine.workers[index], recognizers: scorer.map { ($0, $0.makeWorkspace()) },
        classes: engine.classes?.scorers[index], modelPlace: recognizers.count)
    }
  }
}

/// Embeds and scores one window at a time, with scratch memory of its own.
struct AnalyzeWorker: Sendable {
  let network: any EmbeddingWorker
  let recognizers: (scorer: RecognizerScorer, workspace: RecognizerWorkspace)?
  let classes: (any ClassScorer)?
  let modelPlace: Int

  struct Result: WindowResult {
    let position: WindowPosition
    let window: SpooledWindow
  }

  /// - Parameters:
  ///   - window: what `network` has just embedded.
  ///   - subject: the recording, for messages.
  func score(_ window: EmbeddedWindow, of subject: String) throws(RunnerError) -> Result {
    var scores: [SpooledScore] = []
    if let recognizers {
      guard let kept = recognizers.scorer.kept(of: window.embedding, recognizers.workspace) else {
        throw .scoreNotFinite(subject, at: window.position.startSeconds)
      }
      scores = kept.map { SpooledScore(scorer: $0.recognizer, label: $0.label, score: $0.score) }
    }
    if let classes {
      guard let kept = classes.scores() else { throw .scoreNotFinite(subject, at: window.position.startSeconds) }
      scores += kept.map { SpooledScore(scorer: modelPlace, label: $0.index, score: $0.score) }
    }
    return Result(
      position: window.position,
      window: SpooledWindow(
        channel: window.position.channel, start: window.position.startSeconds, end: window.position.endSeconds,
        embedding: window.embedding, scores: scores))
  }
}
