import PerchWeights

/// What the graph of a SavedModel says about activations, which no variable shows.
///
/// A graph exported from JAX is a portable StableHLO module inside one `XlaCallModule` operation; functions
/// keep the names that JAX gave them, so `relu`, `silu` and `hard_swish` stand in its table of names. An older
/// graph has TensorFlow's own operations.
struct GraphEvidence: Equatable, Sendable {
  private(set) var relu = false
  private(set) var swish = false
  private(set) var hardSwish = false

  /// Activations of the blocks that fit: one where the graph tells, else all that a Perch model had.
  var blockActivations: [Activation] {
    switch (relu, swish, hardSwish) {
    case (true, _, _): [.relu]
    case (false, true, false): [.swish]
    case (false, false, true): [.hardSwish]
    default: [.relu, .swish]
    }
  }

  /// Of stem and head: hard swish in a network made for quantised training, else swish.
  var outerActivation: Activation { hardSwish ? .hardSwish : .swish }
  var gate: Gate { hardSwish ? .hardSigmoid : .sigmoid }

  /// - Parameter range: `saved_model.pb`. One that cannot be read says nothing.
  init(_ range: ByteRange) throws(ExportFault) {
    var model = Message(range)
    while let field = try model.next() {
      guard field.number == 2 else { continue }
      var meta = Message(try field.bytes())
      while let field = try meta.next() {
        if field.number == 2 { try read(graph: try field.bytes()) }
      }
    }
  }

  private mutating func read(graph range: ByteRange) throws(ExportFault) {
    var graph = Message(range)
    while let field = try graph.next() {
      switch field.number {
      case 1: try read(node: try field.bytes())
      case 2:
        var library = Message(try field.bytes())
        while let field = try library.next() {
          guard field.number == 1 else { continue }
          var function = Message(try field.bytes())
          while let field = try function.next() { if field.number == 3 { try read(node: try field.bytes()) } }
        }
      default: break
      }
    }
  }

  private mutating func read(node range: ByteRange) throws(ExportFault) {
    var node = Message(range)
    while let field = try node.next() {
      switch field.number {
      case 2:
        switch try field.text() {
        case "Relu": relu = true
        case "Sigmoid", "Silu": swish = true
        default: break
        }
      case 5: try read(attribute: try field.bytes())
      default: break
      }
    }
  }

  private mutating func read(attribute range: ByteRange) throws(ExportFault) {
    var name = ""
    var attribute = Message(range)
    while let field = try attribute.next() {
      switch field.number {
      case 1: name = try field.text()
      case 2 where name == "module":
        var value = Message(try field.bytes())
        while let field = try value.next() { if field.number == 2 { try read(module: try field.bytes()) } }
      default: break
      }
    }
  }

  /// Names in a module: runs of letters, digits and `_`, perhaps with a number that makes them unique.
  private mutating func read(module range: ByteRange) throws(ExportFault) {
    var word: [UInt8] = []
    for byte in try range.bytes(limit: 1 << 28) {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        if word.count < 64 { word.append(byte) }
      default:
        note(word)
        word.removeAll(keepingCapacity: true)
      }
    }
    note(word)
  }

  private mutating func note(_ word: [UInt8]) {
    guard word.count >= 4 else { return }
    // `relu_12` is a second function of that name, `relu6` another one.
    var name = word[...]
    while let last = name.last, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last) { name.removeLast() }
    if name.last == UInt8(ascii: "_") { name.removeLast() } else { name = word[...] }
    switch String(decoding: name, as: UTF8.self) {
    case "relu": relu = true
    case "silu", "swish": swish = true
    case "hard_swish", "hard_silu": hardSwish = true
    default: break
    }
  }
}
