/// A graph that is followed from its input along the data. Names of constants are not trusted: what a tensor
/// is follows from where it is used.
struct ONNXGraph: Sendable {
  typealias Node = ONNXModel.Node

  let model: ONNXModel
  private let uses: [String: [Int]]

  init(_ model: ONNXModel) throws(ExportFault) {
    self.model = model
    var uses: [String: [Int]] = [:]
    var known = Set(model.inputs.map(\.name)).union([""]).union(model.constants.keys)
    for node in model.nodes { known.formUnion(node.outputs) }
    for (index, node) in model.nodes.enumerated() {
      guard node.domain.isEmpty else {
        throw ExportFault(.unknownOperator, "node \(node.name) is an operator of \(node.domain)")
      }
      for input in Set(node.inputs) {
        guard known.contains(input) else {
          throw ExportFault(.constantMissing, "\(input), which node \(node.name) needs, is not there")
        }
        uses[input, default: []].append(index)
      }
    }
    self.uses = uses
  }

  /// Nodes that read `value`, in the order of the file.
  func users(_ value: String) -> [Node] { (uses[value] ?? []).map { model.nodes[$0] } }

  func users(_ value: String, _ kinds: Set<String>) -> [Node] { users(value).filter { kinds.contains($0.kind) } }

  /// The only user of `value`, which must be a `kind`.
  func next(_ value: String, _ kind: String, _ reason: ExportFault.Reason) throws(ExportFault) -> Node {
    let found = users(value)
    guard found.count == 1, found[0].kind == kind else {
      throw ExportFault(reason, "\(kind) is expected after \(value), not \(Self.names(found))")
    }
    return found[0]
  }

  /// The constant that a node reads, where it is one.
  func constant(of node: Node) -> ONNXTensor? {
    let found = node.inputs.compactMap { model.constants[$0] }
    return found.count == 1 ? found[0] : nil
  }

  func constant(_ node: Node, input: Int) -> ONNXTensor? {
    node.inputs.indices.contains(input) ? model.constants[node.inputs[input]] : nil
  }

  func scalar(of node: Node) throws(ExportFault) -> Float? { try constant(of: node)?.scalar() }

  static func names(_ nodes: [Node]) -> String {
    nodes.isEmpty ? "nothing" : nodes.map(\.kind).joined(separator: ", ")
  }

  // MARK: Patterns

  /// The value of sigmoid(`value`): one node, or 1 / (1 + exp(−x)) written out.
  func sigmoid(_ value: String) throws(ExportFault) -> String? {
    if let node = users(value, ["Sigmoid"]).first { return node.output }
    for negation in users(value, ["Neg"]) {
      let exponential = try next(negation.output, "Exp", .activation)
      let sum = try next(exponential.output, "Add", .activation)
      let quotient = try next(sum.output, "Div", .activation)
      let one = try constant(quotient, input: 0)?.scalar()
      if try scalar(of: sum) == 1, one == 1 { return quotient.output }
    }
    return nil
  }

  /// The value of x · sigmoid(x), and nothing else may read x.
  func swish(_ value: String, _ place: String) throws(ExportFault) -> String {
    let gate = try sigmoid(value)
    let products = users(value, ["Mul"]).filter { gate.map($0.inputs.contains) ?? false }
    guard gate != nil, products.count == 1, users(value).count == 2 else {
      throw ExportFault(.activation, "the activation of \(place) is no swish: \(Self.names(users(value)))")
    }
    return products[0].output
  }

  /// The value of the mean of `value` over time and frequency, `places` in number; other users are allowed.
  func mean(_ value: String, places: Int, _ place: String) throws(ExportFault) -> String {
    let found = users(value, ["ReduceSum", "ReduceMean", "GlobalAveragePool"])
    guard found.count == 1 else { throw ExportFault(.topology, "there is no mean in \(place)") }
    guard found[0].kind == "ReduceSum" else { return found[0].output }
    let divided = users(found[0].output)
    guard divided.count == 1 else { throw ExportFault(.topology, "there is no mean in \(place)") }
    let factor = try scalar(of: divided[0]).map(Double.init) ?? 0
    let divisor =
      switch divided[0].kind {
      case "Div": factor
      case "Mul": 1 / factor
      default: 0.0
      }
    guard abs(divisor - Double(places)) < 1e-3 else {
      throw ExportFault(.meanDivisor, "the sum in \(place) is divided by \(divisor), not by \(places)")
    }
    return divided[0].output
  }

  /// A dense layer: MatMul and Add, or Gemm. Gives its value, kernel and bias.
  func dense(_ value: String, _ place: String) throws(ExportFault) -> (output: String, kernel: Placed, bias: Placed)
  {
    let found = users(value, ["MatMul", "Gemm"])
    guard found.count == 1, let kernel = constant(found[0], input: 1) else {
      throw ExportFault(.topology, "there is no dense layer in \(place)")
    }
    if found[0].kind == "Gemm" {
      guard let bias = constant(found[0], input: 2), found[0].floats["alpha"] ?? 1 == 1,
        found[0].floats["beta"] ?? 1 == 1, found[0].integer("transA") ?? 0 == 0
      else { throw ExportFault(.topology, "the dense layer in \(place) has no bias or is scaled") }
      let isTransposed = found[0].integer("transB") == 1
      return (found[0].output, Placed(kernel, isTransposed ? .matrixTransposed : .asIs), Placed(bias, .asIs))
    }
    let sum = try next(found[0].output, "Add", .topology)
    guard let bias = constant(of: sum) else {
      throw ExportFault(.topology, "the dense layer in \(place) has no bias")
    }
    return (sum.output, Placed(kernel, .asIs), Placed(bias, .asIs))
  }
}

/// A constant of the graph and what turns it into a dataset.
struct Placed: Sendable {
  enum Arrangement: Sendable {
    case asIs
    /// [out, in] → [in, out].
    case matrixTransposed
    /// [out, in, height, width] → [height, width, in, out].
    case kernel
    /// [embedding, classes · prototypes] → [classes, prototypes, embedding].
    case prototypes
  }

  let tensor: ONNXTensor
  let arrangement: Arrangement

  init(_ tensor: ONNXTensor, _ arrangement: Arrangement) {
    self.tensor = tensor
    self.arrangement = arrangement
  }

  func values() throws(ExportFault) -> [Float] {
    let values = try tensor.floats()
    let shape = tensor.shape
    switch arrangement {
    case .asIs: return values
    case .matrixTransposed, .prototypes:
      return Transposition.lastTwo(values, outer: 1, rows: shape[0], columns: shape[1])
    case .kernel:
      // Outer two against inner two sides: both pairs swap places, and in each pair the first goes last.
      let swapped = Transposition.lastTwo(
        values, outer: 1, rows: shape[0] * shape[1], columns: shape[2] * shape[3])
      return Transposition.lastTwo(swapped, outer: shape[2] * shape[3], rows: shape[0], columns: shape[1])
    }
  }

  /// Shape of the dataset.
  func shape(prototypes: Int = 1) -> [Int] {
    let shape = tensor.shape
    switch arrangement {
    case .asIs: return shape
    case .matrixTransposed: return shape.reversed()
    case .kernel: return shape.count == 4 ? [shape[2], shape[3], shape[1], shape[0]] : shape
    case .prototypes: return shape.count == 2 ? [shape[1] / prototypes, prototypes, shape[0]] : shape
    }
  }
}
