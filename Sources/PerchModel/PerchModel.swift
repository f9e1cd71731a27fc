import KernelTable
import PerchCore
import PerchTensor
import PerchWeights

/// Frontend, network and heads of one weights file, ready to compute: immutable, shared by all workers.
///
/// A window's result depends on that window alone, bit for bit: not on its neighbours, the worker or how
/// many there are (within one kernel build; builds differ in the last bits).
package final class PerchModel: Sendable {
  package let settings: ModelSettings
  /// What outputs record as `model_sha256`.
  package let digest: FileDigest
  package let kernels: KernelTable
  /// Size of the map of embeddings: time, frequency, embedding.
  package var spatialShape: MapShape { network.spatial }
  private let frontend: Frontend
  private let network: EfficientNet
  private let heads: [Head]
  private let plan: MemoryPlan

  /// - Parameter source: its settings name the heads to load; none for embeddings alone.
  package init(_ source: some WeightSource, kernels: KernelTable = Kernels.active) throws(RunnerError) {
    settings = source.settings
    digest = source.digest
    self.kernels = kernels
    var plan = MemoryPlan()
    let geometry = FrontendGeometry(source.settings.frontend, samples: source.settings.windowSamples)
    let input = StemInput(
      frames: geometry.frames, bands: source.settings.frontend.melBins,
      padding: source.settings.backbone.stemPadding)
    frontend = try Frontend(
      source, placement: input.placement, kernels: kernels, plan: &plan)
    network = try EfficientNet(source, input: input, kernels: kernels, plan: &plan)
    var heads: [Head] = []
    for head in source.settings.heads {
      heads.append(
        try Head(source, head, places: network.spatial.pixels, kernels: kernels, plan: &plan))
    }
    self.heads = heads
    self.plan = plan
  }

  /// Scratch memory for one worker.
  package func makeWorkspace() -> Workspace { Workspace(plan) }

  /// The embedding of one window.
  ///
  /// - Parameters:
  ///   - window: `settings.windowSamples` samples as the network takes them, normalised already.
  ///   - embedding: room for `settings.embeddingSize` numbers.
  package func embed(
    _ window: Span<Float>, _ workspace: Workspace, into embedding: inout MutableSpan<Float>
  ) {
    frontend.apply(window, workspace)
    network.apply(workspace)
    workspace.withMutableSpan(.embedding, 0..<settings.embeddingSize) { result in
      for i in 0..<result.count { embedding[i] = result[i] }
    }
  }

  /// Raw logits of head `name` for the window that the workspace holds, before slope and intercept.
  package func logits(_ name: String, _ workspace: Workspace, into logits: inout MutableSpan<Float>) {
    let head = head(name)
    precondition(head != nil, "a head that the model was loaded with")
    head?.logits(workspace, places: network.spatial.pixels, into: &logits)
  }

  func head(_ name: String) -> Head? { heads.first { $0.settings.name == name } }
}

extension PerchModel {
  /// Steps of the network and what they gave, to find the first that is wrong.
  package struct Stage: Sendable {
    /// `backbone/stem`, or the block's path.
    package let name: String
    package let shape: MapShape
    /// [height, width, channels].
    package let values: [Float]
  }

  /// The spectrogram [frames, bands] of one window.
  package func spectrogram(_ window: Span<Float>, _ workspace: Workspace) -> [Float] {
    frontend.apply(window, workspace)
    return frontend.spectrogram(workspace)
  }

  /// The network over a given spectrogram [frames, bands], with the output of every step.
  package func stages(ofSpectrogram spectrogram: Span<Float>, _ workspace: Workspace) -> [Stage] {
    frontend.set(spectrogram, workspace)
    var stages: [Stage] = []
    network.apply(workspace) { name, region, shape in
      stages.append(Stage(name: name, shape: shape, values: self.values(region, shape, workspace)))
    }
    return stages
  }

  /// `embed` without the copy, with a call after the frontend, the stem, each block and the head: what a
  /// benchmark needs to know where the time goes. The stem's map is made here even where the first block
  /// makes it again row by row.
  package func trace(_ window: Span<Float>, _ workspace: Workspace, after step: (String) -> Void) {
    frontend.apply(window, workspace)
    step("frontend")
    withoutActuallyEscaping(step) { step in network.apply(workspace) { name, _, _ in step(name) } }
    step("head")
  }

  /// The map of embeddings [height, width, embedding] of the last window.
  package func spatialEmbedding(_ workspace: Workspace) -> [Float] {
    values(.spatial, network.spatial, workspace)
  }

  /// The embedding of the last window.
  package func embedding(_ workspace: Workspace) -> [Float] {
    workspace.values(.embedding, 0..<settings.embeddingSize)
  }

  private func values(_ region: Region, _ shape: MapShape, _ workspace: Workspace) -> [Float] {
    let row = network.paddedChannels(shape)
    return (0..<shape.pixels).flatMap {
      workspace.values(region, $0 * row..<$0 * row + shape.channels)
    }
  }
}
