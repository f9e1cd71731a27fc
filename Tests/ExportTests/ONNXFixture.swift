import Foundation
import PerchWeights

/// perch_v2 with seeded weights as an ONNX file in the style of the released one, written node by node.
struct ONNXFixture {
  /// Form of the batch normalisations.
  enum Norm: String, CaseIterable, Sendable { case biasMulAdd, mulAdd, node, folded }

  /// One deliberate fault.
  enum Damage: String, CaseIterable, Sendable {
    case missingAdd, missingMul, addBeforeMul, unknownOperator, relu, stemPadding, extraConvolution, residual
    case seDivisor, reorderedBlocks, periodicWindow, melCell, hop, floor, noRoot, scaledPrototypes
    case negativeClassWeights, outputName, inputLength, shortConstant, missingConstant, half, operatorSet, domain
    case outsidePath, externalMissing, cut, notANumber
  }

  static let classes = 6
  static let weights = SeededWeights(.perchV2, classes: [("label", classes)])
  private static let epsilon: Float = 1e-5

  private let norm: Norm
  private let damage: Damage?
  private var nodes: [UInt8] = []
  private var constants: [UInt8] = []
  private var count = 0
  private var values: [String: [Float]] = [:]

  /// The bytes of the file.
  static func bytes(_ norm: Norm = .biasMulAdd, _ damage: Damage? = nil) throws -> [UInt8] {
    var fixture = ONNXFixture(norm: norm, damage: damage)
    return try fixture.build()
  }

  private init(norm: Norm, damage: Damage?) { (self.norm, self.damage) = (norm, damage) }

  private mutating func build() throws -> [UInt8] {
    for entry in Self.weights.settings.tensors { values[entry.path] = try Self.weights.tensor(entry) }
    var value = frontend()
    value = backbone(value)
    head()
    _ = value
    func port(_ name: String, _ shape: [Int]) -> [UInt8] {
      let sides = ([Wire.text(2, "batch")] + shape.map { Wire.number(1, $0) }).flatMap { Wire.bytes(1, $0) }
      return Wire.text(1, name) + Wire.bytes(2, Wire.bytes(1, Wire.number(1, 1) + Wire.bytes(2, sides)))
    }
    var graph = nodes + Wire.text(2, "perch_v2") + constants
    graph += Wire.bytes(11, port("inputs", [damage == .inputLength ? 100_000 : 160_000]))
    graph += Wire.bytes(12, port("embedding", [1536])) + Wire.bytes(12, port("spatial_embedding", [16, 4, 1536]))
    graph += Wire.bytes(12, port(damage == .outputName ? "spectrum" : "spectrogram", [500, 128]))
    graph += Wire.bytes(12, port("label", [Self.classes]))
    let version = damage == .operatorSet ? 13 : 18
    var file = Wire.number(1, 10) + Wire.bytes(7, graph) + Wire.bytes(8, Wire.number(2, version))
    if damage == .cut { file.removeLast(1000) }
    return file
  }

  // MARK: Parts of the format

  private mutating func constant(_ values: [Float], _ shape: [Int]) -> String {
    count += 1
    let name = "constant\(count)"
    var raw = Wire.floats(values)
    var storage: [UInt8] = []
    var type = 1
    if shape == [1, 1, 1, 144], values.count == 144 {
      if damage == .missingConstant { return name }
      if damage == .shortConstant { raw.removeLast(4) }
      if damage == .half { (raw, type) = (Array(raw.prefix(288)), 10) }
      if damage == .outsidePath || damage == .externalMissing {
        let location = damage == .outsidePath ? "../weights.bin" : "weights.bin"
        storage = Wire.bytes(13, Wire.text(1, "location") + Wire.text(2, location)) + Wire.number(14, 1)
        raw = []
      }
    }
    let sides = Wire.bytes(1, shape.flatMap { Wire.variable($0) })
    let data = storage.isEmpty ? Wire.bytes(9, raw) : storage
    constants += Wire.bytes(5, (shape.isEmpty ? [] : sides) + Wire.number(2, type) + Wire.text(8, name) + data)
    return name
  }

  private mutating func integers(_ values: [Int]) -> String {
    count += 1
    let raw = values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    constants += Wire.bytes(
      5,
      Wire.bytes(1, Wire.variable(values.count)) + Wire.number(2, 7) + Wire.text(8, "axes\(count)")
        + Wire.bytes(9, raw))
    return "axes\(count)"
  }

  @discardableResult
  private mutating func node(
    _ kind: String, _ inputs: [String], _ output: String? = nil, ints: [(String, [Int])] = [],
    int: [(String, Int)] = [], float: [(String, Float)] = []
  ) -> String {
    count += 1
    let output = output ?? "value\(count)"
    var bytes = inputs.flatMap { Wire.text(1, $0) } + Wire.text(2, output)
    bytes += Wire.text(3, "node_\(kind)_\(count)") + Wire.text(4, kind)
    for (name, list) in ints {
      // One by one, not packed, as converters write them.
      bytes += Wire.bytes(
        5, Wire.text(1, name) + list.flatMap { Wire.variable(8 << 3) + Wire.variable($0) } + Wire.number(20, 7))
    }
    for (name, value) in int {
      bytes += Wire.bytes(5, Wire.text(1, name) + Wire.number(3, value) + Wire.number(20, 2))
    }
    for (name, value) in float {
      bytes += Wire.bytes(5, Wire.text(1, name) + Wire.fixed32(2, value.bitPattern) + Wire.number(20, 1))
    }
    if damage == .domain, kind == "Exp" { bytes += Wire.text(7, "com.example") }
    nodes += Wire.bytes(1, bytes)
    return output
  }

  private mutating func sigmoid(_ value: String) -> String {
    if norm == .node { return node("Sigmoid", [value]) }
    let one = constant([1], [])
    let exponential = node("Exp", [node("Neg", [value])])
    return node("Div", [one, node("Add", [exponential, one])])
  }

  private mutating func swish(_ value: String, _ output: String? = nil) -> String {
    if damage == .relu { return node("Relu", [value], output) }
    return node("Mul", [value, sigmoid(value)], output)
  }

  // MARK: Parts of the network

  private mutating func frontend() -> String {
    let settings = Self.weights.settings.frontend
    var identity = [Float](repeating: 0, count: 640 * 640)
    for index in 0..<640 { identity[index * 641] = 1 }
    let hop = damage == .hop ? 321 : 320
    var value = node("Unsqueeze", ["inputs", integers([1])])
    value = node(
      "Conv", [value, constant(identity, [640, 1, 640])], ints: [("strides", [hop]), ("pads", [160, 160])])
    value = node("Transpose", [value], ints: [("perm", [0, 2, 1])])
    let window = HannWindow.coefficients(damage == .periodicWindow ? .hannPeriodic : .hannSymmetric, length: 640)
    value = node("Mul", [value, constant(window.map { Float($0) }, [640])])
    value = node("Pad", [value, integers([0, 0, 0, 0, 0, 384])])
    value = node("Reshape", [value, integers([-1, 500, 1024, 1])])
    let spectrum = node("DFT", [value], int: [("axis", -2), ("onesided", 1)])
    value = node(
      "ReduceSum", [node("Mul", [spectrum, spectrum]), integers([-1])], int: [("keepdims", 0)])
    if damage != .noRoot { value = node("Sqrt", [value]) }
    var mel = settings.melWeights(sampleRate: 32000).map { Float($0) }
    if damage == .melCell { mel[200 * 128 + 70] += 0.01 }
    value = node("MatMul", [value, constant(mel, [513, 128])])
    value = node("Max", [value, constant([damage == .floor ? 1e-2 : 1e-5], [])])
    value = node("Mul", [node("Log", [value]), constant([0.1], [])], "spectrogram")
    return node("Reshape", [value, integers([-1, 500, 128, 1])])
  }

  private mutating func backbone(_ input: String) -> String {
    var value = swish(
      convolution(
        input, "backbone/stem", "conv", "bn", scope: "stem", stride: 2,
        padding: damage == .stemPadding ? [0, 0, 1, 1] : [0, 0, 0, 0]))
    var (height, width) = (249, 63)
    for (index, block) in Self.weights.settings.backbone.blocks.enumerated() {
      value = self.block(block, index, value, &height, &width)
    }
    if damage == .extraConvolution {
      value = node("Transpose", [node("Conv", [node("Transpose", [value]), "constant1"])])
    }
    value = swish(convolution(value, "backbone/head", "conv", "bn", scope: "Head_0/Conv_0"), "spatial_embedding")
    return mean(value, 64, "embedding")
  }

  private mutating func block(
    _ block: BlockSettings, _ index: Int, _ input: String, _ height: inout Int, _ width: inout Int
  ) -> String {
    let named = damage == .reorderedBlocks ? [3: 4, 4: 3][index] ?? index : index
    let scope = "backbone/MBConv_\(named)"
    var value = input
    if block.expands {
      value = swish(convolution(value, block.name, "expand_conv", "expand_bn", scope: "\(scope)/ExpandConv"))
    }
    let side = block.kernelSize / 2
    let before = [height, width].map { block.stride == 2 ? side - (1 - $0 % 2) : side }
    value = swish(
      convolution(
        value, block.name, "depthwise_conv", "depthwise_bn", scope: "\(scope)/DepthwiseConv", stride: block.stride,
        padding: before + [side, side], groups: block.expandedFeatures))
    if block.stride == 2 { (height, width) = ((height + 1) / 2, (width + 1) / 2) }
    var gate = mean(value, height * width * (damage == .seDivisor && index == 7 ? 2 : 1))
    gate = swish(dense(gate, "\(block.name)/se_reduce", block.expandedFeatures, block.squeezeFeatures))
    gate = sigmoid(dense(gate, "\(block.name)/se_expand", block.squeezeFeatures, block.expandedFeatures))
    value = node("Mul", [value, node("Reshape", [gate, integers([-1, 1, 1, block.expandedFeatures])])])
    value = convolution(value, block.name, "project_conv", "project_bn", scope: "\(scope)/ProjectConv")
    let skips = block.skips && !(damage == .residual && index == 6)
    return skips ? node("Add", [value, input]) : value
  }

  private mutating func mean(_ value: String, _ places: Int, _ output: String? = nil) -> String {
    if norm == .node { return node("ReduceMean", [value, integers([1, 2])], output, int: [("keepdims", 0)]) }
    let sum = node("ReduceSum", [value, integers([1, 2])], int: [("keepdims", 0)])
    return node("Div", [sum, constant([Float(places)], [])], output)
  }

  private mutating func dense(_ value: String, _ path: String, _ inputs: Int, _ outputs: Int) -> String {
    let kernel = values["\(path)/kernel"] ?? []
    let bias = constant(values["\(path)/bias"] ?? [], [outputs])
    if norm == .node {
      let turned = (0..<kernel.count).map { kernel[$0 % inputs * outputs + $0 / inputs] }
      return node("Gemm", [value, constant(turned, [outputs, inputs]), bias], int: [("transB", 1)])
    }
    return node("Add", [node("MatMul", [value, constant(kernel, [inputs, outputs])]), bias])
  }

  private mutating func convolution(
    _ input: String, _ path: String, _ layer: String, _ bn: String, scope: String, stride: Int = 1,
    padding: [Int] = [0, 0, 0, 0], groups: Int = 1
  ) -> String {
    let entry = Self.weights.settings.tensors.first { $0.path == "\(path)/\(layer)/kernel" }
    let shape = entry?.shape ?? []
    let (size, inner, channels) = (shape[0], shape[2], shape[3])
    let source = values["\(path)/\(layer)/kernel"] ?? []
    let vectors = ["gamma", "beta", "mean", "variance"].map { values["\(path)/\(bn)/\($0)"] ?? [] }
    let scale = (0..<channels).map { Double(vectors[0][$0]) / (Double(vectors[3][$0]) + 1e-5).squareRoot() }
    let shift = (0..<channels).map { Float(Double(vectors[1][$0]) - Double(vectors[2][$0]) * scale[$0]) }
    var kernel = [Float](repeating: 0, count: source.count)
    for place in 0..<size * size {
      for i in 0..<inner {
        for o in 0..<channels {
          let factor = norm == .folded ? scale[o] : 1
          kernel[(o * inner + i) * size * size + place] = Float(
            Double(source[(place * inner + i) * channels + o]) * factor)
        }
      }
    }
    var inputs = [node("Transpose", [input], "\(scope)_in", ints: [("perm", [0, 3, 1, 2])])]
    inputs.append(constant(kernel, [channels, inner, size, size]))
    if norm == .folded { inputs.append(constant(shift, [channels])) }
    if norm == .biasMulAdd { inputs.append(constant(vectors[2].map { -$0 }, [channels])) }
    var value = node(
      "Conv", inputs, ints: [("strides", [stride, stride]), ("pads", padding)], int: [("group", groups)])
    if norm == .node {
      let four = vectors.map { constant($0, [channels]) }
      value = node("BatchNormalization", [value] + four, float: [("epsilon", Self.epsilon)])
    }
    value = node("Transpose", [value], ints: [("perm", [0, 2, 3, 1])])
    let isHere = scope.hasSuffix("MBConv_3/DepthwiseConv")
    if damage == .unknownOperator, isHere { value = node("Tanh", [value]) }
    guard norm == .biasMulAdd || norm == .mulAdd else { return value }
    var gamma = scale.map { Float($0) }
    if damage == .notANumber, isHere { gamma[5] = .nan }
    var steps = [("Mul", gamma), ("Add", norm == .mulAdd ? shift : vectors[1])]
    if isHere, damage == .missingAdd { steps.removeLast() }
    if isHere, damage == .missingMul { steps.removeFirst() }
    if isHere, damage == .addBeforeMul { steps.reverse() }
    for (kind, vector) in steps { value = node(kind, [value, constant(vector, [1, 1, 1, channels])]) }
    return value
  }

  private mutating func head() {
    let length = node("Add", [node("ReduceL2", ["spatial_embedding", integers([3])]), constant([1e-5], [])])
    var value = node("Div", ["spatial_embedding", length])
    value = node("Reshape", [value, integers([-1, 64, 1536])])
    value = node(
      "MatMul",
      [value, constant(Self.matrix(values, scaled: damage == .scaledPrototypes), [1536, 4 * Self.classes])])
    value = node("ReduceMax", [value, integers([1])], int: [("keepdims", 0)])
    value = node("Reshape", [value, integers([-1, Self.classes, 4])])
    var weights = values["heads/label/class_kernel"] ?? []
    if damage != .negativeClassWeights { weights = weights.map { max($0, 0) } } else { weights[0] = -1 }
    value = node("Mul", [value, constant(weights, [1, Self.classes, 4])])
    value = node("ReduceSum", [value, integers([2])], int: [("keepdims", 0)])
    node("Add", [value, constant(values["heads/label/bias"] ?? [], [1, Self.classes])], "label")
  }

  /// Unit prototypes as columns.
  static func matrix(_ values: [String: [Float]], scaled: Bool = false) -> [Float] {
    let prototypes = values["heads/label/prototypes"] ?? []
    let columns = 4 * classes
    var matrix = [Float](repeating: 0, count: prototypes.count)
    for column in 0..<columns {
      let vector = prototypes[column * 1536..<(column + 1) * 1536]
      let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() + 1e-5
      for (row, value) in vector.enumerated() {
        matrix[row * columns + column] = Float(Double(value) / length) * (scaled ? 1.1 : 1)
      }
    }
    return matrix
  }
}
