import PerchWeights

/// From the map of embeddings to embedding and logits: the mean, and a ProtoPNet head.
struct HeadWalk {
  private let graph: ONNXGraph
  let prototypes: Placed
  let classKernel: Placed
  let bias: Placed
  /// Added to the length of a place's embedding before the division.
  let normEpsilon: Float

  private static let map = "spatial_embedding"
  /// Prototypes of a class.
  static let prototypeCount = 4

  init(_ graph: ONNXGraph, _ model: ModelSettings, classes: Int, places: Int) throws(ExportFault) {
    self.graph = graph
    guard try graph.mean(Self.map, places: places, "the embedding") == "embedding" else {
      throw ExportFault(.topology, "the embedding is not the mean of the map")
    }
    let (unit, epsilon) = try Self.unit(graph)
    normEpsilon = epsilon
    let shaped = try graph.next(unit, "Reshape", .head)
    let product = try graph.next(shaped.output, "MatMul", .head)
    guard let matrix = graph.constant(of: product), matrix.isFloat32,
      matrix.shape == [model.embeddingSize, Self.prototypeCount * classes]
    else {
      let shape = graph.constant(of: product)?.shape ?? []
      throw ExportFault(.classCount, "the prototypes have shape \(shape) for \(classes) labels")
    }
    try Self.checkLengths(matrix)
    prototypes = Placed(matrix, .prototypes)
    let greatest = try graph.next(product.output, "ReduceMax", .head)
    let grouped = try graph.next(greatest.output, "Reshape", .head)
    let weighted = try graph.next(grouped.output, "Mul", .head)
    classKernel = Placed(try Self.classWeights(graph, weighted, classes), .asIs)
    let sum = try graph.next(weighted.output, "ReduceSum", .head)
    let last = try graph.next(sum.output, "Add", .head)
    guard last.output == "label" else { throw ExportFault(.outputs, "the head's output is not \"label\"") }
    guard let bias = graph.constant(of: last), bias.count == classes, bias.isFloat32 else {
      throw ExportFault(.classCount, "the head has not one bias for each of \(classes) labels")
    }
    self.bias = Placed(bias, .asIs)
  }

  /// Each place's embedding divided by its length plus an epsilon.
  private static func unit(_ graph: ONNXGraph) throws(ExportFault) -> (String, Float) {
    guard let length = graph.users(map, ["ReduceL2"]).first else {
      throw ExportFault(.head, "the map of embeddings is not divided by its lengths")
    }
    let sum = try graph.next(length.output, "Add", .head)
    guard let epsilon = try graph.scalar(of: sum), epsilon >= 0 else {
      throw ExportFault(.head, "the epsilon of the lengths is no number")
    }
    let quotient = try graph.next(sum.output, "Div", .head)
    guard quotient.inputs == [map, sum.output] else {
      throw ExportFault(.head, "the map of embeddings is not divided by its lengths")
    }
    return (quotient.output, epsilon)
  }

  /// Prototypes must have unit length already: the graph does not divide by it.
  private static func checkLengths(_ matrix: ONNXTensor) throws(ExportFault) {
    let values = try matrix.floats()
    let columns = matrix.shape[1]
    var squares = [Double](repeating: 0, count: columns)
    for row in 0..<matrix.shape[0] {
      for column in 0..<columns {
        let value = Double(values[row * columns + column])
        squares[column] += value * value
      }
    }
    guard squares.allSatisfy(\.isFinite) else {
      throw ExportFault(.nonFinite, "the prototypes hold values that are not finite")
    }
    let lengths = squares.map { $0.squareRoot() }
    let (least, greatest) = (lengths.min() ?? 1, lengths.max() ?? 1)
    guard least >= 1 - 1e-3, greatest <= 1 + 1e-3 else {
      throw ExportFault(.prototypeNorm, "the prototypes have lengths of \(least) to \(greatest), not 1")
    }
  }

  /// Weights of the similarities: cut at zero already, or cut by the graph.
  private static func classWeights(
    _ graph: ONNXGraph, _ node: ONNXGraph.Node, _ classes: Int
  ) throws(ExportFault) -> ONNXTensor {
    let count = classes * prototypeCount
    if let constant = graph.constant(of: node) {
      guard constant.count == count else {
        throw ExportFault(.classCount, "there are \(constant.count) class weights for \(classes) labels")
      }
      guard try constant.floats().allSatisfy({ !($0 < 0) }) else {
        throw ExportFault(.classWeights, "class weights are below 0 and the graph does not cut them")
      }
      return constant
    }
    let cuts = graph.model.nodes.filter {
      ["Max", "Relu"].contains($0.kind) && !$0.output.isEmpty && node.inputs.contains($0.output)
    }
    let constants = cuts.first?.inputs.compactMap { graph.model.constants[$0] } ?? []
    guard cuts.count == 1, let weights = constants.first(where: { $0.count == count && $0.isFloat32 }) else {
      throw ExportFault(.classWeights, "the class weights are neither a constant nor cut at 0")
    }
    for other in constants where other.count != count {
      guard try other.scalar() == 0 else { throw ExportFault(.classWeights, "the class weights are not cut at 0") }
    }
    return weights
  }
}
