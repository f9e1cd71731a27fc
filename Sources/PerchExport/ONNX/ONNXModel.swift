import SystemPackage

/// An ONNX file (onnx.proto, ModelProto): nodes, constants, inputs and outputs of its graph.
struct ONNXModel: Sendable {
  struct Node: Sendable {
    var name = ""
    var kind = ""
    var domain = ""
    /// An empty name is an input that was left out.
    var inputs: [String] = []
    var outputs: [String] = []
    var integers: [String: [Int]] = [:]
    var floats: [String: Float] = [:]
    var texts: [String: String] = [:]
    var tensors: [String: ONNXTensor] = [:]

    var output: String { outputs.first ?? "" }
    func integer(_ attribute: String) -> Int? { integers[attribute].flatMap { $0.count == 1 ? $0[0] : nil } }
  }

  /// An input or output: a side that is a name stands as nil.
  struct Port: Sendable {
    var name = ""
    var shape: [Int?] = []
  }

  private(set) var formatVersion = 0
  /// Version of the operators of the standard domain.
  private(set) var operatorSet = 0
  private(set) var nodes: [Node] = []
  private(set) var constants: [String: ONNXTensor] = [:]
  private(set) var inputs: [Port] = []
  private(set) var outputs: [Port] = []
  private let folder: FilePath

  private static let standardDomains: Set<String> = ["", "ai.onnx"]
  /// Nodes are small: the largest holds a constant, which a file of this style keeps elsewhere.
  private static let nodeLimit = 1 << 28

  init(_ path: FilePath) throws(ExportFault) {
    folder = path.removingLastComponent()
    let file = try ByteSource(file: path, missing: .unreadable)
    var graph: ByteRange?
    var message = Message(ByteRange(file))
    while let field = try message.next() {
      switch field.number {
      case 1: formatVersion = try field.integer()
      case 7: graph = try field.bytes()
      case 8: try readOperatorSet(try field.bytes())
      case 25: throw ExportFault(.unsupported, "the file defines operators of its own")
      default: break
      }
    }
    guard let graph else { throw ExportFault(.corrupt, "the file holds no graph") }
    try readGraph(graph)
  }

  private mutating func readOperatorSet(_ range: ByteRange) throws(ExportFault) {
    var (domain, version) = ("", 0)
    var message = Message(range)
    while let field = try message.next() {
      switch field.number {
      case 1: domain = try field.text()
      case 2: version = try field.integer()
      default: break
      }
    }
    if Self.standardDomains.contains(domain) { operatorSet = version }
  }

  private mutating func readGraph(_ range: ByteRange) throws(ExportFault) {
    var message = Message(range)
    while let field = try message.next() {
      switch field.number {
      case 1: try add(Self.node(try field.bytes().loaded(limit: Self.nodeLimit), folder))
      case 5: try add(ONNXTensor(try field.bytes(), folder: folder))
      case 11: inputs.append(try Self.port(try field.bytes()))
      case 12: outputs.append(try Self.port(try field.bytes()))
      case 15: throw ExportFault(.unsupported, "the file holds sparse constants")
      default: break
      }
    }
  }

  private mutating func add(_ node: Node) throws(ExportFault) {
    guard node.kind == "Constant", let value = node.tensors["value"] else {
      nodes.append(node)
      return
    }
    try add(value, named: node.output)
  }

  private mutating func add(_ tensor: ONNXTensor) throws(ExportFault) { try add(tensor, named: tensor.name) }

  private mutating func add(_ tensor: ONNXTensor, named name: String) throws(ExportFault) {
    guard constants.updateValue(tensor, forKey: name) == nil else {
      throw ExportFault(.corrupt, "constant \(name) is there twice")
    }
  }

  // MARK: Messages

  private static func node(_ range: ByteRange, _ folder: FilePath) throws(ExportFault) -> Node {
    var node = Node()
    var message = Message(range)
    while let field = try message.next() {
      switch field.number {
      case 1: node.inputs.append(try field.text())
      case 2: node.outputs.append(try field.text())
      case 3: node.name = try field.text()
      case 4: node.kind = try field.text()
      case 5: try readAttribute(try field.bytes(), into: &node, folder)
      case 7:
        node.domain = try field.text()
        if standardDomains.contains(node.domain) { node.domain = "" }
      default: break
      }
    }
    return node
  }

  private static func readAttribute(
    _ range: ByteRange, into node: inout Node, _ folder: FilePath
  ) throws(ExportFault) {
    var (name, type, integer) = ("", 0, 0)
    var integers: [Int] = []
    var float: Float = 0
    var (text, tensor): (String?, ByteRange?) = (nil, nil)
    var message = Message(range)
    while let field = try message.next() {
      switch field.number {
      case 1: name = try field.text()
      case 2: float = try field.float()
      case 3: integer = try field.integer()
      case 4: text = try field.text()
      case 5: tensor = try field.bytes()
      case 8: try field.appendIntegers(to: &integers)
      case 20: type = try field.integer()
      default: break
      }
    }
    // AttributeProto.AttributeType
    switch type {
    case 1: node.floats[name] = float
    case 2: node.integers[name] = [integer]
    case 3: node.texts[name] = text ?? ""
    case 4: if let tensor { node.tensors[name] = try ONNXTensor(tensor, folder: folder) }
    case 6, 8: break
    case 7: node.integers[name] = integers
    default: throw ExportFault(.unsupported, "node \(node.name) has attribute \(name) of type \(type)")
    }
  }

  private static func port(_ range: ByteRange) throws(ExportFault) -> Port {
    var port = Port()
    var message = Message(range)
    while let field = try message.next() {
      switch field.number {
      case 1: port.name = try field.text()
      case 2:
        var type = Message(try field.bytes())
        while let field = try type.next() { if field.number == 1 { port.shape = try shape(try field.bytes()) } }
      default: break
      }
    }
    return port
  }

  /// Sides of a tensor type.
  private static func shape(_ range: ByteRange) throws(ExportFault) -> [Int?] {
    var shape: [Int?] = []
    var type = Message(range)
    while let field = try type.next() {
      guard field.number == 2 else { continue }
      var sides = Message(try field.bytes())
      while let field = try sides.next() {
        guard field.number == 1 else { continue }
        var size: Int?
        var side = Message(try field.bytes())
        while let field = try side.next() { if field.number == 1 { size = try field.integer() } }
        shape.append(size)
      }
    }
    return shape
  }
}
