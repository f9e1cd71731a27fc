import PerchAudio
import PerchCore
import PerchTensor

/// A window with its embedding.
struct EmbeddedWindow: WindowResult {
  let position: WindowPosition
  let embedding: [Float]
}

extension EmbeddingEngine {
  /// What computes the embedding of a window.
  func embedding(
    _ precision: Precision
  ) -> @Sendable (any EmbeddingWorker, Window, RecordingTask) throws(RunnerError) -> EmbeddedWindow {
    { [size = facts.embeddingSize] worker, window, task throws(RunnerError) in
      var embedding = try window.samples.withSpan { samples throws(RunnerError) in
        try worker.embedding(of: samples, size: size)
      }
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
