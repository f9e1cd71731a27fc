import PerchWeights

/// From the spectrogram to the map of embeddings: stem, blocks and head in the order of the network.
struct BackboneWalk {
  private let graph: ONNXGraph
  private let settings: BackboneSettings
  private let embeddingSize: Int
  /// Size of the map where the walk stands.
  private var height: Int
  private var width: Int
  private var value: String
  private(set) var tensors: [String: Placed] = [:]
  private(set) var norms: [String: ConvolutionNode.Norm] = [:]
  private(set) var foldedCount = 0
  private(set) var biasCount = 0

  /// Places of the map of embeddings.
  var places: Int { height * width }

  init(_ graph: ONNXGraph, _ model: ModelSettings, frames: Int) throws(ExportFault) {
    self.graph = graph
    settings = model.backbone
    embeddingSize = model.embeddingSize
    (height, width) = (frames, model.frontend.melBins)
    value = try graph.next("spectrogram", "Reshape", .topology).output
    try stem()
    for (index, block) in settings.blocks.enumerated() { try walk(block, index) }
    try head()
  }

  var epsilons: Set<Float> {
    Set(norms.values.compactMap { if case .vectors(_, _, _, _, let epsilon) = $0 { epsilon } else { nil } })
  }

  private mutating func stem() throws(ExportFault) {
    let step = try convolution("the stem", "backbone/stem/conv", "backbone/stem/bn")
    try step.require(
      kernel: 3, inputs: 1, outputs: settings.stemFeatures, stride: 2, padding: [0, 0, 0, 0], groups: 1, "the stem")
    (height, width) = ((height - 3) / 2 + 1, (width - 3) / 2 + 1)
    value = try graph.swish(step.output, "the stem")
  }

  private mutating func head() throws(ExportFault) {
    let inputs = settings.stages.last?.features ?? 0
    let step = try convolution("the head", "backbone/head/conv", "backbone/head/bn")
    try step.require(
      kernel: 1, inputs: inputs, outputs: embeddingSize, stride: 1, padding: [0, 0, 0, 0], groups: 1, "the head")
    guard try graph.swish(step.output, "the head") == "spatial_embedding" else {
      throw ExportFault(.topology, "the head's output is not the map of embeddings")
    }
  }

  private mutating func walk(_ block: BlockSettings, _ index: Int) throws(ExportFault) {
    let place = "MBConv_\(index)"
    let input = value
    if block.expands {
      let step = try convolution(place, block.name, "expand", index)
      try step.require(
        kernel: 1, inputs: block.inputFeatures, outputs: block.expandedFeatures, stride: 1,
        padding: [0, 0, 0, 0], groups: 1, "\(place)/ExpandConv")
      value = try graph.swish(step.output, "\(place)/ExpandConv")
    }
    let depthwise = try convolution(place, block.name, "depthwise", index)
    let padding = [pad(block, height), pad(block, width), block.kernelSize / 2, block.kernelSize / 2]
    try depthwise.require(
      kernel: block.kernelSize, inputs: block.expandedFeatures, outputs: block.expandedFeatures,
      stride: block.stride, padding: padding, groups: block.expandedFeatures, "\(place)/DepthwiseConv")
    if block.stride == 2 { (height, width) = ((height + 1) / 2, (width + 1) / 2) }
    value = try squeeze(try graph.swish(depthwise.output, "\(place)/DepthwiseConv"), block, place)
    let project = try convolution(place, block.name, "project", index)
    try project.require(
      kernel: 1, inputs: block.expandedFeatures, outputs: block.outputFeatures, stride: 1,
      padding: [0, 0, 0, 0], groups: 1, "\(place)/ProjectConv")
    value = try close(block, input: input, output: project.output, place)
  }

  /// Rows or columns before a map of `size`: TensorFlow's SAME.
  private func pad(_ block: BlockSettings, _ size: Int) -> Int {
    block.stride == 2 ? block.kernelSize / 2 - (1 - size % 2) : block.kernelSize / 2
  }

  private mutating func squeeze(
    _ value: String, _ block: BlockSettings, _ place: String
  ) throws(ExportFault) -> String {
    let part = "\(place)/SqueezeAndExcitation_0"
    let mean = try graph.mean(value, places: places, part)
    let reduced = try dense(mean, "\(block.name)/se_reduce", [block.expandedFeatures, block.squeezeFeatures], part)
    let active = try graph.swish(reduced, part)
    let expanded = try dense(
      active, "\(block.name)/se_expand", [block.squeezeFeatures, block.expandedFeatures], part)
    guard let gate = try graph.sigmoid(expanded) else {
      throw ExportFault(.activation, "the gate of \(part) is no sigmoid")
    }
    let shaped = try graph.next(gate, "Reshape", .topology)
    let products = graph.users(shaped.output, ["Mul"])
    guard products.count == 1, products[0].inputs.contains(value) else {
      throw ExportFault(.topology, "the gate of \(part) is not multiplied with its input")
    }
    return products[0].output
  }

  /// The block's end: with its input added or not, as its settings say.
  private func close(
    _ block: BlockSettings, input: String, output: String, _ place: String
  ) throws(ExportFault) -> String {
    let users = graph.users(output)
    guard block.skips else {
      guard users.contains(where: { $0.kind == "Transpose" }) else {
        throw ExportFault(.topology, "nothing follows \(place)")
      }
      return output
    }
    guard users.count == 1, users[0].kind == "Add", users[0].inputs.contains(input) else {
      throw ExportFault(.topology, "the input of \(place) is not added to its output")
    }
    return users[0].output
  }

  private mutating func dense(
    _ value: String, _ path: String, _ shape: [Int], _ place: String
  ) throws(ExportFault) -> String {
    let (output, kernel, bias) = try graph.dense(value, place)
    guard kernel.shape() == shape, bias.tensor.count == shape[1], bias.tensor.isFloat32 else {
      throw ExportFault(.topology, "a dense layer of \(place) has shape \(kernel.shape()), not \(shape)")
    }
    tensors["\(path)/kernel"] = kernel
    tensors["\(path)/bias"] = bias
    return output
  }

  // MARK: Convolutions

  private mutating func convolution(
    _ place: String, _ block: String, _ part: String, _ index: Int
  ) throws(ExportFault) -> ConvolutionNode {
    let role = "\(place)/\(part.prefix(1).uppercased() + part.dropFirst())Conv"
    let step = try convolution(role, "\(block)/\(part)_conv", "\(block)/\(part)_bn")
    // Where a name says which block of the source this was, it must be this one.
    for component in step.scope.split(separator: "/") where component.hasPrefix("MBConv_") {
      guard component == place else {
        throw ExportFault(.scopeOrder, "\(step.node.name) belongs to \(component), but stands where \(role) should")
      }
    }
    return step
  }

  private mutating func convolution(
    _ place: String, _ path: String, _ norm: String
  ) throws(ExportFault) -> ConvolutionNode {
    let step = try ConvolutionNode(graph, after: value, place)
    tensors["\(path)/kernel"] = step.kernel
    norms[norm] = step.norm
    if step.isFolded { foldedCount += 1 }
    if step.hasBias { biasCount += 1 }
    return step
  }
}
