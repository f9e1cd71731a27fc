import PerchCore
import PerchModel
import PerchTensor
import PerchWeights

/// How far the engine is from what the source model answered, for one output and one window.
package struct Distance: Equatable, Sendable {
  /// `embedding`, `logits/label` and so on.
  package let output: String
  package let window: String
  /// √Σ(a − b)² / √Σb². A cosine would not see a wrong gain.
  package let relativeL2: Double
  package let greatest: Double
  /// Whether this one decides.
  package let isGate: Bool

  init(_ output: String, _ window: String, _ ours: ArraySlice<Float>, _ theirs: ArraySlice<Float>) {
    var (difference, norm, greatest) = (0.0, 0.0, 0.0)
    for (a, b) in zip(ours, theirs) {
      let error = Double(a) - Double(b)
      difference += error * error
      norm += Double(b) * Double(b)
      greatest = max(greatest, abs(error))
    }
    (self.output, self.window, self.greatest) = (output, window, greatest)
    relativeL2 = difference == 0 ? 0 : norm == 0 ? .infinity : (difference / norm).squareRoot()
    // Silence proves little. A pure tone leaves most bands at the rounding noise of the source's own
    // transform, which PCEN divides by itself: intact models differ by 1e-2 there.
    isGate = !["silence", "sweep"].contains(window)
  }

  /// Intact sources are within 1e-4 of a float64 reference on an impulse and noise; the smallest planted
  /// fault, one bit of one weight of 11 million, is 19 times the limit away.
  package static let limit = 1e-3

  package var passes: Bool { !isGate || relativeL2 <= Self.limit }
}

/// The engine beside a source model.
package enum Comparison {
  /// Distances of everything that `verification` holds and the model has.
  ///
  /// - Throws: exit code 4 where the outputs are those of another kind of model.
  package static func distances(
    _ weights: some WeightSource, _ verification: Verification
  ) throws(RunnerError) -> [Distance] {
    let model = try PerchModel(weights)
    let workspace = model.makeWorkspace()
    var distances: [Distance] = []
    for (index, name) in verification.windowNames.enumerated() {
      let window = Array(verification.window(index))
      let spectrogram = model.spectrogram(window.span, workspace)
      var embedding = [Float](repeating: 0, count: model.settings.embeddingSize)
      var target = embedding.mutableSpan
      model.embed(window.span, workspace, into: &target)
      for output in verification.outputs {
        let ours: [Float]
        switch output.name {
        case "embedding": ours = embedding
        case "spectrogram": ours = spectrogram
        case "spatial_embedding": ours = model.spatialEmbedding(workspace)
        default:
          let head = String(output.name.dropFirst("logits/".count))
          guard let settings = model.settings.heads.first(where: { $0.name == head }) else { continue }
          ours = logits(settings, model, workspace)
        }
        distances.append(Distance(output.name, name, ours[...], output.window(index)))
      }
    }
    return distances
  }

  /// Whether the shapes are those of the model: without that no distance means anything.
  static func mismatch(_ settings: ModelSettings, _ verification: Verification) -> String? {
    guard verification.windowSamples == settings.windowSamples else {
      return "its windows have \(verification.windowSamples) samples, not \(settings.windowSamples)"
    }
    guard verification.windowNames.contains(where: { !["silence", "sweep"].contains($0) }) else {
      return "it holds no window that proves anything: silence and a sweep are not enough"
    }
    guard verification.output("embedding")?.shape == [settings.embeddingSize] else {
      return "its embeddings are not of \(settings.embeddingSize) numbers"
    }
    for head in settings.heads {
      guard let logits = verification.output("logits/\(head.name)") else { continue }
      if logits.shape != [head.classes] {
        return "its logits of \(head.name) are \(logits.shape), not \(head.classes) a window"
      }
    }
    return nil
  }

  /// Distances of the spectrogram alone, under the settings of `weights`; nil where its size is another.
  static func spectrogramDistances(
    _ weights: some WeightSource, _ verification: Verification
  ) throws(RunnerError) -> [Distance]? {
    let frontend = try FrontendAlone(weights)
    guard let output = verification.output("spectrogram") else { return [] }
    guard output.shape == frontend.shape else { return nil }
    return verification.windowNames.enumerated().map { index, name in
      let window = Array(verification.window(index))
      return Distance("spectrogram", name, frontend.spectrogram(window.span)[...], output.window(index))
    }
  }

  private static func logits(
    _ head: HeadSettings, _ model: PerchModel, _ workspace: Workspace
  ) -> [Float] {
    var logits = [Float](repeating: 0, count: head.classes)
    var target = logits.mutableSpan
    model.logits(head.name, workspace, into: &target)
    return logits
  }
}
