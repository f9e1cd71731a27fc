import PerchCore

/// What computes one embedding at a time, with scratch memory of its own.
package protocol EmbeddingWorker: Sendable {
  /// - Parameter window: 160,000 samples at 32 kHz.
  /// - Returns: the embedding, as many values as the model's facts say.
  func embed(_ window: [Float]) throws(RunnerError) -> [Float]
}

/// A model made ready: its facts, and one worker for each window computed at the same time.
package struct EmbeddingEngine: Sendable {
  package let facts: ModelFacts
  package let workers: [any EmbeddingWorker]
  /// Largest magnitude that the model wants its windows scaled to.
  package let targetPeak: Float

  package init(facts: ModelFacts, targetPeak: Float, workers: [any EmbeddingWorker]) {
    self.facts = facts
    self.targetPeak = targetPeak
    self.workers = workers
  }
}
