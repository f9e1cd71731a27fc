/// A convolution between two Transpose nodes and the batch normalisation after it, in the four forms that
/// converters write:
///
/// - a BatchNormalization node with its four vectors;
/// - Mul and Add by constants;
/// - nothing, with the normalisation multiplied into kernel and bias;
/// - bias, Mul and Add together, y = (conv + b) · m + a (the released perch_v2.onnx).
struct ConvolutionNode {
  /// The batch normalisation as a weights file has it.
  enum Norm {
    case vectors(gamma: Placed, beta: Placed, mean: Placed, variance: Placed, epsilon: Float)
    /// gamma and beta; the mean is 0 and the variance 1 − epsilon.
    case affine(gamma: [Float], beta: [Float])

    /// Form for the report.
    var isVectors: Bool { if case .vectors = self { true } else { false } }
  }

  let output: String
  let node: ONNXGraph.Node
  let kernel: Placed
  let norm: Norm
  /// Whether nothing stands after the convolution: the normalisation is in kernel and bias.
  let isFolded: Bool
  let hasBias: Bool
  /// Name of the value before the convolution, which tells the layer of the source it came from.
  let scope: String

  /// What may follow: the activation, the next layer or a mean.
  private static let followers: Set<String> = [
    "Mul", "Add", "Transpose", "Neg", "Exp", "Sigmoid", "ReduceSum", "ReduceMean", "GlobalAveragePool", "Relu",
    "Clip",
    "HardSwish", "HardSigmoid",
  ]

  init(_ graph: ONNXGraph, after value: String, _ place: String) throws(ExportFault) {
    let transposes = graph.users(value, ["Transpose"])
    guard transposes.count == 1 else {
      throw ExportFault(
        .topology, "there is no convolution where \(place) should be: \(ONNXGraph.names(graph.users(value)))")
    }
    scope = transposes[0].output
    let node = try graph.next(scope, "Conv", .topology)
    guard let kernel = graph.constant(node, input: 1), kernel.shape.count == 4, kernel.isFloat32 else {
      throw ExportFault(.topology, "\(place) has no kernel")
    }
    let channels = kernel.shape[0]
    hasBias = node.inputs.count > 2
    let bias = try hasBias ? Self.vector(graph.constant(node, input: 2), channels, place) : nil
    var value = node.output
    var vectors: Norm?
    if let norm = graph.users(value).first, norm.kind == "BatchNormalization", graph.users(value).count == 1 {
      vectors = try Self.vectors(graph, norm, channels, place)
      value = norm.output
    }
    let after = graph.users(value)
    guard after.count == 1, after[0].kind == "Transpose" else {
      let known = after.first.map { ["Mul", "Add"].contains($0.kind) } ?? false
      throw ExportFault(
        known ? .normOrder : .unknownOperator,
        "\(ONNXGraph.names(after)) stands right after the convolution of \(place)")
    }
    let steps = try Self.steps(graph, after: after[0].output, channels, place)
    let kinds = steps.map(\.kind)
    if let vectors {
      guard kinds.isEmpty, bias == nil else {
        throw ExportFault(.normOrder, "\(place) has more than one batch normalisation")
      }
      norm = vectors
    } else {
      guard kinds == ["Mul", "Add"] || kinds.isEmpty && bias != nil else {
        throw ExportFault(
          kinds.count < 2 ? .normIncomplete : .normOrder,
          "the batch normalisation of \(place) is \(kinds.isEmpty ? "absent" : kinds.joined(separator: ", ")), "
            + "not Mul, Add"
        )
      }
      norm = Self.affine(bias: bias, steps: steps.map(\.values), channels)
    }
    isFolded = vectors == nil && kinds.isEmpty
    self.node = node
    self.kernel = Placed(kernel, .kernel)
    output = steps.last?.output ?? after[0].output
  }

  /// Beta is computed in double and rounded once.
  private static func affine(bias: [Float]?, steps: [[Float]], _ channels: Int) -> Norm {
    let gamma = steps.first ?? [Float](repeating: 1, count: channels)
    let shift = steps.last ?? [Float](repeating: 0, count: channels)
    let bias = bias ?? [Float](repeating: 0, count: channels)
    return .affine(
      gamma: gamma,
      beta: (0..<channels).map { Float(Double(bias[$0]) * Double(gamma[$0]) + Double(shift[$0])) })
  }

  private static func vectors(
    _ graph: ONNXGraph, _ node: ONNXGraph.Node, _ channels: Int, _ place: String
  ) throws(ExportFault) -> Norm {
    var found: [Placed] = []
    for input in 1...4 {
      guard let constant = graph.constant(node, input: input), constant.count == channels, constant.isFloat32 else {
        throw ExportFault(.normSize, "the batch normalisation of \(place) has not \(channels) channels")
      }
      found.append(Placed(constant, .asIs))
    }
    return .vectors(
      gamma: found[0], beta: found[1], mean: found[2], variance: found[3],
      epsilon: node.floats["epsilon"] ?? 1e-5)
  }

  /// Products and sums with constants, one after the other.
  private static func steps(
    _ graph: ONNXGraph, after value: String, _ channels: Int, _ place: String
  ) throws(ExportFault) -> [(kind: String, values: [Float], output: String)] {
    var steps: [(kind: String, values: [Float], output: String)] = []
    var value = value
    while steps.count < 4 {
      let users = graph.users(value)
      guard users.count == 1, ["Mul", "Add"].contains(users[0].kind), let constant = graph.constant(of: users[0])
      else { break }
      steps.append((users[0].kind, try vector(constant, channels, place), users[0].output))
      value = users[0].output
    }
    guard graph.users(value).allSatisfy({ followers.contains($0.kind) }) else {
      throw ExportFault(.unknownOperator, "\(ONNXGraph.names(graph.users(value))) stands after \(place)")
    }
    return steps
  }

  /// The values of a constant with one for each channel.
  private static func vector(
    _ constant: ONNXTensor?, _ channels: Int, _ place: String
  ) throws(ExportFault) -> [Float] {
    guard let constant, constant.count == channels else {
      throw ExportFault(
        .normSize, "the batch normalisation of \(place) has \(constant?.count ?? 0) values for \(channels) channels"
      )
    }
    return try constant.floats()
  }

  // MARK: Attributes

  /// No dilation, one group, no automatic padding.
  static func isPlain(_ node: ONNXGraph.Node, groups: Int = 1) -> Bool {
    (node.integer("group") ?? 1) == groups && (node.integers["dilations"] ?? []).allSatisfy { $0 == 1 }
      && (node.texts["auto_pad"] ?? "NOTSET") == "NOTSET"
  }

  /// Checks size, stride and padding (`[top, left, bottom, right]`).
  func require(
    kernel size: Int, inputs: Int, outputs: Int, stride: Int, padding: [Int], groups: Int, _ place: String
  ) throws(ExportFault) {
    let shape = [outputs, inputs / groups, size, size]
    let strides = node.integers["strides"] ?? [1, 1]
    let pads = node.integers["pads"] ?? [0, 0, 0, 0]
    guard kernel.tensor.shape == shape, strides == [stride, stride], pads == padding,
      Self.isPlain(node, groups: groups)
    else {
      throw ExportFault(
        .convolutionTable,
        "\(node.name) has kernel \(kernel.tensor.shape), strides \(strides), pads \(pads), but \(place) has "
          + "\(shape), \([stride, stride]), \(padding)")
    }
  }
}
