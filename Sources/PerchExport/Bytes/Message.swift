/// The wire format of protocol buffers (protobuf.dev, "Encoding"), reading only.
///
/// Three reasons for this page instead of a library with generated code: a file of 400 MB is one message,
/// which a library would hold in memory as objects, while here a field is a place in the file until
/// somebody wants it; of the four schemas read (ONNX, SavedModel, checkpoint entries, object graph) some
/// thirty fields matter; and every length is a claim that one function checks.
struct Message {
  enum Value {
    case integer(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(ByteRange)
  }

  struct Field {
    let number: UInt64
    let value: Value
  }

  private var cursor: ByteCursor

  init(_ range: ByteRange) { cursor = ByteCursor(range) }

  /// The next field, or nil at the end. Groups, which no such file has, are refused.
  mutating func next() throws(ExportFault) -> Field? {
    guard cursor.remaining > 0 else { return nil }
    let tag = try cursor.variableInteger()
    let value: Value
    switch tag & 7 {
    case 0: value = .integer(try cursor.variableInteger())
    case 1: value = .fixed64(try cursor.number(8))
    case 2: value = .bytes(try cursor.take(try cursor.variableInteger()))
    case 5: value = .fixed32(UInt32(try cursor.number(4)))
    default: throw ExportFault(.corrupt, "a field has an unknown type")
    }
    return Field(number: tag >> 3, value: value)
  }
}

extension Message.Field {
  private func wrong() -> ExportFault { ExportFault(.corrupt, "field \(number) has another type than it should") }

  func bytes() throws(ExportFault) -> ByteRange {
    guard case .bytes(let range) = value else { throw wrong() }
    return range
  }

  func text() throws(ExportFault) -> String { try bytes().text() }

  /// Negative numbers are stored as two's complement of 64 bits.
  func integer() throws(ExportFault) -> Int {
    guard case .integer(let value) = value else { throw wrong() }
    return Int(truncatingIfNeeded: value)
  }

  func float() throws(ExportFault) -> Float {
    guard case .fixed32(let bits) = value else { throw wrong() }
    return Float(bitPattern: bits)
  }

  func fixed32() throws(ExportFault) -> UInt32 {
    guard case .fixed32(let bits) = value else { throw wrong() }
    return bits
  }

  /// Appends the numbers of a repeated field, packed or alone.
  func appendIntegers(to list: inout [Int]) throws(ExportFault) {
    guard case .bytes(let range) = value else {
      list.append(try integer())
      return
    }
    var cursor = ByteCursor(range)
    while cursor.remaining > 0 { list.append(Int(truncatingIfNeeded: try cursor.variableInteger())) }
  }

  func appendFloats(to list: inout [Float]) throws(ExportFault) {
    guard case .bytes(let range) = value else {
      list.append(try float())
      return
    }
    guard range.count % 4 == 0 else { throw ExportFault(.corrupt, "packed numbers are cut off") }
    list += try range.source.floats(at: range.range.lowerBound, count: range.count / 4).values
  }
}
