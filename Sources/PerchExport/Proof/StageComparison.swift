import KernelTable
import PerchCore
import PerchModel
import PerchTensor
import PerchWeights

/// How far two runs of a network are apart after each of its steps.
package struct StageDistance: Equatable, Sendable {
  /// `spectrogram`, `backbone/stem`, a block's path, `spatial_embedding` or `embedding`.
  package let stage: String
  package let relativeL2: Double
}

/// A window's way through a network, step by step.
package enum StageComparison {
  /// Rounding of two right float32 networks stays under this after every step (largest measured between
  /// kernel builds: 1.4e-5, perch_8); a kernel multiplied by 1.001 moves its own step by more than 1e-4.
  package static let limit = 5e-5

  /// Two engines on one window. The network of both starts from the first one's spectrogram, so that each
  /// step shows what was added there and before.
  package static func distances(
    _ first: PerchModel, _ second: PerchModel, window: [Float]
  ) -> [StageDistance] {
    let (ours, theirs) = (first.makeWorkspace(), second.makeWorkspace())
    let spectrogram = first.spectrogram(window.span, ours)
    var distances = [
      distance("spectrogram", spectrogram, second.spectrogram(window.span, theirs))
    ]
    let stages = zip(
      first.stages(ofSpectrogram: spectrogram.span, ours), second.stages(ofSpectrogram: spectrogram.span, theirs))
    for (ours, theirs) in stages { distances.append(distance(ours.name, ours.values, theirs.values)) }
    distances.append(
      distance("spatial_embedding", first.spatialEmbedding(ours), second.spatialEmbedding(theirs)))
    distances.append(distance("embedding", first.embedding(ours), second.embedding(theirs)))
    return distances
  }

  private static func distance(_ stage: String, _ ours: [Float], _ theirs: [Float]) -> StageDistance {
    StageDistance(stage: stage, relativeL2: Distance(stage, "", ours[...], theirs[...]).relativeL2)
  }
}
