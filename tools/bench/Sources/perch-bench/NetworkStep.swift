import PerchTensor
import PerchWeights

/// One kernel's share of a step of a network, with its sizes.
struct NetworkStep {
  /// As `PerchModel.trace` names it.
  let name: String
  let task: KernelTask
  let size: KernelShape.Size
  let activation: String

  /// All of them in their order, without the frontend.
  static func all(of model: SeededModel) -> [NetworkStep] {
    let settings = model.settings(seed: SeededWeights.seed)
    let network = settings.backbone
    // 3×3, stride 2, no padding, over the spectrogram of one frame every `hopLength` samples.
    let frames = (settings.windowSamples + settings.frontend.hopLength - 1) / settings.frontend.hopLength
    var map = MapShape(
      height: (frames - 3) / 2 + 1, width: (settings.frontend.melBins - 3) / 2 + 1, channels: network.stemFeatures)
    var steps = [
      NetworkStep(
        name: "backbone/stem", task: .stem,
        size: .stem(height: map.height, width: map.width, channels: map.channels),
        activation: network.stemActivation.rawValue)
    ]
    for block in network.blocks {
      steps += Self.steps(of: block, network, &map)
    }
    let pixels = map.pixels
    return steps + [
      NetworkStep(
        name: "head", task: .project,
        size: .product(rows: pixels, depth: map.channels, columns: settings.embeddingSize),
        activation: network.headActivation.rawValue),
      NetworkStep(
        name: "head", task: .mean, size: .mean(rows: pixels, columns: settings.embeddingSize), activation: "none"),
    ]
  }

  private static func steps(
    of block: BlockSettings, _ network: BackboneSettings, _ map: inout MapShape
  ) -> [NetworkStep] {
    let (wide, narrow) = (block.expandedFeatures, block.squeezeFeatures)
    let inner = network.blockActivation.rawValue
    func step(_ task: KernelTask, _ size: KernelShape.Size, _ activation: String) -> NetworkStep {
      NetworkStep(name: block.name, task: task, size: size, activation: activation)
    }
    let before = map
    map = MapShape(
      height: ConvolutionPadding(size: map.height, kernel: block.kernelSize, stride: block.stride).outputSize,
      width: ConvolutionPadding(size: map.width, kernel: block.kernelSize, stride: block.stride).outputSize,
      channels: block.outputFeatures)
    let expand = step(.expand, .product(rows: before.pixels, depth: before.channels, columns: wide), inner)
    // As BottleneckGeometry.scalesPanels: the factors go to what is smaller.
    let scale: KernelShape.Size =
      map.pixels > map.channels
      ? .scaleWeights(depth: wide, columns: map.channels) : .scaleMap(pixels: map.pixels, channels: wide)
    return (block.expands ? [expand] : []) + [
      step(
        .depthwise,
        .depthwise(
          height: map.height, width: map.width, channels: wide, side: block.kernelSize, stride: block.stride),
        inner),
      step(.squeeze, .product(rows: 1, depth: wide, columns: narrow), network.squeezeActivation.rawValue),
      step(.squeeze, .product(rows: 1, depth: narrow, columns: wide), network.gate.rawValue),
      step(.scale, scale, "none"),
      step(.project, .product(rows: map.pixels, depth: wide, columns: map.channels), "none"),
    ]
  }
}

extension KernelShape.Size {
  /// Products and sums; none for what moves more than it computes.
  var operations: Double? {
    switch self {
    case .product(let rows, let depth, let columns): 2 * Double(rows) * Double(depth) * Double(columns)
    case .depthwise(let height, let width, let channels, let side, _):
      2 * Double(height * width) * Double(channels * side * side)
    case .stem(let height, let width, let channels): 18 * Double(height * width * channels)
    case .scaleMap, .scaleWeights, .mean: nil
    }
  }
}
