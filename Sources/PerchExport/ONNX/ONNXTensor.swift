import SystemPackage

/// A constant of an ONNX file (onnx.proto, TensorProto). Its values stay in the file until they are wanted.
struct ONNXTensor: Sendable {
  /// Number types that Perch files have, as ONNX numbers them.
  enum Element: Int {
    case float32 = 1
    case int32 = 6
    case int64 = 7

    var size: Int { self == .int64 ? 8 : 4 }
  }

  private enum Content: Sendable {
    /// Little-endian, dense.
    case bytes(ByteRange)
    case floats([Float])
    case integers([Int])
  }

  let name: String
  let shape: [Int]
  /// As the file numbers it.
  let type: Int
  private let content: Content

  var count: Int { shape.reduce(1, *) }
  var isFloat32: Bool { type == Element.float32.rawValue }

  /// Elements of a float32 tensor, row-major.
  func floats() throws(ExportFault) -> [Float] {
    guard isFloat32 else { throw ExportFault(.dtype, "constant \(name) is not float32") }
    switch content {
    case .floats(let values): return values
    case .bytes(let range):
      return try range.source.floats(at: range.range.lowerBound, count: count).values
    case .integers: throw ExportFault(.dtype, "constant \(name) is not float32")
    }
  }

  /// The only element, or nil.
  func scalar() throws(ExportFault) -> Float? {
    guard isFloat32, count == 1 else { return nil }
    return try floats().first
  }

  /// Elements of a small tensor of integers.
  func integers() throws(ExportFault) -> [Int] {
    switch content {
    case .integers(let values): return values
    case .bytes(let range):
      guard let element = Element(rawValue: type), element != .float32 else { break }
      var cursor = ByteCursor(range)
      var values: [Int] = []
      for _ in 0..<count {
        let bits = try cursor.number(element.size)
        values.append(element == .int64 ? Int(truncatingIfNeeded: bits) : Int(Int32(truncatingIfNeeded: bits)))
      }
      return values
    case .floats: break
    }
    throw ExportFault(.dtype, "constant \(name) holds no integers")
  }

  // MARK: Reading

  /// - Parameter folder: where files of external data stand.
  init(_ range: ByteRange, folder: FilePath) throws(ExportFault) {
    var fields = Fields()
    var message = Message(range)
    while let field = try message.next() { try fields.read(field) }
    try self.init(fields, folder: folder)
  }

  private init(_ fields: Fields, folder: FilePath) throws(ExportFault) {
    (name, shape, type) = (fields.name, fields.shape, fields.type)
    guard let element = Element(rawValue: type) else {
      throw ExportFault(.dtype, "constant \(name) has number type \(type), not float32 or an integer")
    }
    // The same bound as a file's: a shape cannot ask for more than bytes that must exist.
    guard let count = Checkpoint.count(shape), count <= 1 << 40 else {
      throw ExportFault(.corrupt, "constant \(name) has shape \(shape)")
    }
    let size = count * element.size
    if fields.isExternal {
      content = .bytes(try fields.externalBytes(size: size, folder: folder))
    } else if let raw = fields.raw, raw.count > 0 {
      content = .bytes(raw)
    } else if element == .float32, let packed = fields.packedFloats {
      content = .bytes(packed)
    } else if element == .float32 {
      content = .floats(fields.floats)
    } else {
      content = .integers(fields.integers)
    }
    let held =
      switch content {
      case .bytes(let range): range.count
      case .floats(let values): 4 * values.count
      case .integers(let values): element.size * values.count
      }
    guard held == size else {
      throw ExportFault(.truncated, "constant \(name) has \(held) bytes, not the \(size) of its shape \(shape)")
    }
  }

  private struct Fields {
    var name = ""
    var shape: [Int] = []
    var type = 0
    var raw: ByteRange?
    var packedFloats: ByteRange?
    var floats: [Float] = []
    var integers: [Int] = []
    var external: [String: String] = [:]
    var isExternal = false

    mutating func read(_ field: Message.Field) throws(ExportFault) {
      switch field.number {
      case 1: try field.appendIntegers(to: &shape)
      case 2: type = try field.integer()
      case 4: try readFloats(field)
      case 5, 7: try field.appendIntegers(to: &integers)
      case 8: name = try field.text()
      case 9: raw = try field.bytes()
      case 13: try readExternal(try field.bytes())
      case 14: isExternal = try field.integer() == 1
      default: break
      }
    }

    /// One packed field is what raw bytes are, and stays in the file; several parts are put together.
    private mutating func readFloats(_ field: Message.Field) throws(ExportFault) {
      if case .bytes(let range) = field.value, packedFloats == nil, floats.isEmpty {
        guard range.count % 4 == 0 else { throw ExportFault(.corrupt, "packed numbers are cut off") }
        packedFloats = range
        return
      }
      if let packed = packedFloats {
        floats = try packed.source.floats(at: packed.range.lowerBound, count: packed.count / 4).values
        packedFloats = nil
      }
      try field.appendFloats(to: &floats)
    }

    private mutating func readExternal(_ range: ByteRange) throws(ExportFault) {
      var (key, value) = ("", "")
      var message = Message(range)
      while let field = try message.next() {
        switch field.number {
        case 1: key = try field.text()
        case 2: value = try field.text()
        default: break
        }
      }
      external[key] = value
    }

    func externalBytes(size: Int, folder: FilePath) throws(ExportFault) -> ByteRange {
      let location = external["location"] ?? ""
      let path = FilePath(location)
      // Nothing outside the model's folder is read on the word of a file.
      guard !location.isEmpty, path.isRelative, !path.components.contains("..") else {
        throw ExportFault(.externalPath, "constant \(name) lies in \"\(location)\", outside the model's folder")
      }
      let source = try ByteSource(file: folder.pushing(path), missing: .externalMissing)
      guard let offset = Int(external["offset"] ?? "0"), let length = external["length"].map({ Int($0) }) ?? size,
        offset >= 0, length >= 0
      else { throw ExportFault(.corrupt, "constant \(name) has no place in \(location)") }
      guard length == size, size <= source.count, offset <= source.count - size else {
        throw ExportFault(.truncated, "constant \(name) runs past the end of \(location)")
      }
      return ByteRange(source, offset..<offset + size)
    }
  }
}
