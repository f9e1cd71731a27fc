import KernelTable
import PerchCore
import PerchTensor
import PerchWeights

/// Spectrogram → map of embeddings → embedding, built from the settings of the weights.
///
/// Tan and Le 2019 (arXiv:1905.11946) in the form of google-research/perch, chirp/models/efficientnet.py.
struct EfficientNet: Sendable {
  /// Size of the map of embeddings.
  let spatial: MapShape
  private let stem: StemLayer
  private let blocks: [InvertedBottleneck]
  private let blockNames: [String]
  /// The stem's map is made by the first block itself, row by row.
  private let stemIsFused: Bool
  private let head: PointwiseConvolution
  private let kernels: KernelTable

  init(
    _ source: some WeightSource, input: StemInput, kernels: KernelTable, plan: inout MemoryPlan
  ) throws(RunnerError) {
    let settings = source.settings.backbone
    let folded = try FoldedConvolution(
      source, convolution: "backbone/stem/conv", norm: "backbone/stem/bn",
      shape: [3, 3, 1, settings.stemFeatures])
    stem = StemLayer(
      weights: folded.weights, bias: folded.bias, inputRow: input.row,
      shape: MapShape(height: input.outputHeight, width: input.outputWidth, channels: settings.stemFeatures),
      activation: settings.stemActivation.layer, kernels: kernels)
    let blockSettings = settings.blocks
    stemIsFused = blockSettings.first?.expands == false
    var shape = stem.shape
    var blocks: [InvertedBottleneck] = []
    for (index, block) in blockSettings.enumerated() {
      let fused = index == 0 && stemIsFused ? stem : nil
      blocks.append(try Self.block(source, block, input: shape, stem: fused, kernels: kernels, plan: &plan))
      shape = blocks[index].output
    }
    self.blocks = blocks
    blockNames = blockSettings.map(\.name)
    let size = source.settings.embeddingSize
    let last = try FoldedConvolution(
      source, convolution: "backbone/head/conv", norm: "backbone/head/bn", shape: [1, 1, shape.channels, size])
    head = PointwiseConvolution(
      weights: last.weights, bias: last.bias, inputs: shape.channels, outputs: size,
      activation: settings.headActivation.layer, kernels: kernels)
    spatial = MapShape(height: shape.height, width: shape.width, channels: size)
    self.kernels = kernels
    plan.require(.spectrogram, input.count)
    plan.require(.mapA, stem.shape.pixels * settings.stemFeatures.roundedUp(to: kernels.channelBlock))
    plan.require(.spatial, spatial.pixels * head.paddedOutputs)
    plan.require(.embedding, head.paddedOutputs)
  }

  private static func block(
    _ source: some WeightSource, _ block: BlockSettings, input: MapShape, stem: StemLayer?,
    kernels: KernelTable, plan: inout MemoryPlan
  ) throws(RunnerError) -> InvertedBottleneck {
    let settings = source.settings.backbone
    let expanded = block.expandedFeatures
    var expansion: PointwiseConvolution?
    if block.expands {
      let folded = try FoldedConvolution(
        source, convolution: "\(block.name)/expand_conv", norm: "\(block.name)/expand_bn",
        shape: [1, 1, block.inputFeatures, expanded])
      expansion = PointwiseConvolution(
        weights: folded.weights, bias: folded.bias, inputs: block.inputFeatures, outputs: expanded,
        activation: settings.blockActivation.layer, kernels: kernels)
    }
    let depthwise = try FoldedConvolution(
      source, convolution: "\(block.name)/depthwise_conv", norm: "\(block.name)/depthwise_bn",
      shape: [block.kernelSize, block.kernelSize, 1, expanded])
    let project = try FoldedConvolution(
      source, convolution: "\(block.name)/project_conv", norm: "\(block.name)/project_bn",
      shape: [1, 1, expanded, block.outputFeatures])
    return InvertedBottleneck(
      input: input, skips: block.skips, stem: stem, expansion: expansion,
      depthwise: DepthwiseLayer(
        weights: depthwise.weights, bias: depthwise.bias, kernel: block.kernelSize, stride: block.stride,
        channels: expanded, activation: settings.blockActivation.layer, kernels: kernels),
      squeeze: try squeeze(source, block, kernels: kernels),
      projection: PointwiseConvolution(
        weights: project.weights, bias: project.bias, inputs: expanded, outputs: block.outputFeatures,
        activation: .identity, kernels: kernels),
      cacheBytes: CacheSize.chunkBytes, kernels: kernels, plan: &plan)
  }

  private static func squeeze(
    _ source: some WeightSource, _ block: BlockSettings, kernels: KernelTable
  ) throws(RunnerError) -> SqueezeExcitation {
    let settings = source.settings.backbone
    return SqueezeExcitation(
      reduce: try Dense(
        source, "\(block.name)/se_reduce", inputs: block.expandedFeatures, outputs: block.squeezeFeatures,
        activation: settings.squeezeActivation.layer, kernels: kernels),
      expand: try Dense(
        source, "\(block.name)/se_expand", inputs: block.squeezeFeatures, outputs: block.expandedFeatures,
        activation: settings.gate.layer, kernels: kernels))
  }

  /// Region `spectrogram` → regions `spatial` and `embedding`.
  ///
  /// - Parameter observe: called after the stem and after each block with its name and the region and shape
  ///   of its output.
  func apply(_ workspace: Workspace, observe: ((String, Region, MapShape) -> Void)? = nil) {
    var from = Region.mapA
    var to = Region.mapB
    if !stemIsFused || observe != nil {
      stem.apply(workspace, to: from)
      observe?("backbone/stem", from, stem.shape)
    }
    for (index, block) in blocks.enumerated() {
      block.apply(workspace, from: from, to: to)
      swap(&from, &to)
      observe?(blockNames[index], from, block.output)
    }
    head.apply(workspace, from: from, to: .spatial, pixels: spatial.pixels)
    MeanOverPlaces.apply(workspace, places: spatial.pixels, channels: head.paddedOutputs, kernels: kernels)
  }

  /// Channels of a map in memory.
  func paddedChannels(_ shape: MapShape) -> Int { shape.channels.roundedUp(to: kernels.channelBlock) }
}

extension Dense {
  /// The layer of the group `path` (kernel [inputs, outputs], bias [outputs]).
  init(
    _ source: some WeightSource, _ path: String, inputs: Int, outputs: Int, activation: LayerActivation,
    kernels: KernelTable
  ) throws(RunnerError) {
    let weights = try source.tensor("\(path)/kernel", shape: [inputs, outputs])
    let bias = try source.tensor("\(path)/bias", shape: [outputs])
    self.init(
      weights: weights, bias: bias, inputs: inputs, outputs: outputs, activation: activation, kernels: kernels)
  }
}
