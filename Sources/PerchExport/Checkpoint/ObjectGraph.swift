/// The object graph of a checkpoint (tensorflow/core/protobuf/trackable_object_graph.proto): which names a
/// program gave to its variables. google-research/perch writes one under `_structured_variables` that
/// holds the path of every parameter, which proves the order of the numbered variables.
struct ObjectGraph {
  static let key = "_CHECKPOINTABLE_OBJECT_GRAPH"

  private struct Node {
    var children: [(name: String, node: Int)] = []
    /// Name of the variable in the checkpoint.
    var variable: String?
  }

  private var nodes: [Node] = []

  init(_ range: ByteRange) throws(ExportFault) {
    var message = Message(range)
    while let field = try message.next() {
      guard field.number == 1 else { continue }
      var node = Node()
      var fields = Message(try field.bytes())
      while let field = try fields.next() {
        switch field.number {
        case 1: node.children.append(try Self.child(try field.bytes()))
        case 2: node.variable = try Self.variable(try field.bytes()) ?? node.variable
        default: break
        }
      }
      nodes.append(node)
    }
  }

  /// Checkpoint names by path below `root`, as in `params/encoder/Stem_0/Conv_0/kernel`.
  func paths(below root: String) -> [String: String] {
    guard let start = nodes.first?.children.first(where: { $0.name == root })?.node else { return [:] }
    var found: [String: String] = [:]
    // A tree of parameters is at most this deep; the bound ends a graph that refers to itself.
    var level = [(path: "", node: start)]
    for _ in 0..<16 {
      var next: [(path: String, node: Int)] = []
      for (path, index) in level where nodes.indices.contains(index) {
        if let variable = nodes[index].variable { found[path] = variable }
        next += nodes[index].children.map { (path.isEmpty ? $0.name : "\(path)/\($0.name)", $0.node) }
      }
      if next.isEmpty || next.count > nodes.count { break }
      level = next
    }
    return found
  }

  private static func child(_ range: ByteRange) throws(ExportFault) -> (name: String, node: Int) {
    var (name, node) = ("", 0)
    var message = Message(range)
    while let field = try message.next() {
      switch field.number {
      case 1: node = try field.integer()
      case 2: name = try field.text()
      default: break
      }
    }
    return (name, node)
  }

  private static func variable(_ range: ByteRange) throws(ExportFault) -> String? {
    var (name, key) = ("", "")
    var message = Message(range)
    while let field = try message.next() {
      switch field.number {
      case 1: name = try field.text()
      case 3: key = try field.text()
      default: break
      }
    }
    return name == "VARIABLE_VALUE" ? key : nil
  }
}
