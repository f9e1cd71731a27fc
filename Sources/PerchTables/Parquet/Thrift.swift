// The Thrift compact protocol, which Parquet's footer and page headers are written in:
// github.com/apache/thrift, doc/specs/thrift-compact-protocol.md.

/// Type of a field, as its header states it.
enum ThriftType: UInt8 {
  case `true` = 1
  case `false`, byte, int16, int32, int64, double, binary, list, set, map, structure
}

/// Writes structures field by field, in rising order of their numbers.
struct ThriftWriter {
  private(set) var bytes: [UInt8] = []
  /// Number of the last field written, for each open structure.
  private var lastFields: [Int] = [0]

  mutating func int32(_ field: Int, _ value: Int) {
    header(field, .int32)
    variableInteger(zigzag(Int64(value)))
  }

  mutating func int64(_ field: Int, _ value: Int) {
    header(field, .int64)
    variableInteger(zigzag(Int64(value)))
  }

  mutating func text(_ field: Int, _ value: String) {
    header(field, .binary)
    text(value)
  }

  mutating func structure(_ field: Int, _ body: (inout ThriftWriter) -> Void) {
    header(field, .structure)
    structure(body)
  }

  mutating func list(_ field: Int, int32s values: [Int]) {
    header(field, .list)
    listHeader(values.count, .int32)
    for value in values { variableInteger(zigzag(Int64(value))) }
  }

  mutating func list(_ field: Int, texts: [String]) {
    header(field, .list)
    listHeader(texts.count, .binary)
    for value in texts { text(value) }
  }

  /// A list of structures.
  mutating func list<Element>(
    _ field: Int, _ elements: [Element], _ body: (inout ThriftWriter, Element) -> Void
  ) {
    header(field, .list)
    listHeader(elements.count, .structure)
    for element in elements { structure { body(&$0, element) } }
  }

  /// A structure that no field header precedes: the outermost one, or an element of a list.
  mutating func structure(_ body: (inout ThriftWriter) -> Void) {
    lastFields.append(0)
    body(&self)
    lastFields.removeLast()
    bytes.append(0)
  }

  private mutating func header(_ field: Int, _ type: ThriftType) {
    let step = field - (lastFields.last ?? 0)
    lastFields[lastFields.count - 1] = field
    if (1...15).contains(step) {
      bytes.append(UInt8(step) << 4 | type.rawValue)
    } else {
      bytes.append(type.rawValue)
      variableInteger(zigzag(Int64(field)))
    }
  }

  private mutating func listHeader(_ count: Int, _ type: ThriftType) {
    if count < 15 {
      bytes.append(UInt8(count) << 4 | type.rawValue)
    } else {
      bytes.append(0xF0 | type.rawValue)
      variableInteger(UInt64(count))
    }
  }

  private mutating func text(_ value: String) {
    variableInteger(UInt64(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  private mutating func variableInteger(_ value: UInt64) { bytes.append(variableInteger: value) }

  private func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value << 1 ^ value >> 63) }
}

extension [UInt8] {
  /// Appends unsigned LEB128.
  mutating func append(variableInteger value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }
}

/// Reads structures field by field; fields that the caller does not know are skipped.
struct ThriftReader {
  private var cursor: ByteCursor

  /// Structures nested deeper than Parquet's are damage, and would exhaust the stack.
  private static let maximumDepth = 32

  init(_ bytes: [UInt8]) { cursor = ByteCursor(bytes) }

  /// Bytes read so far.
  var position: Int { cursor.position }

  /// A field of the structure being read.
  struct Field {
    let number: Int
    let type: ThriftType
  }

  /// Reads a structure: `body` is called for each field and must read or skip it.
  mutating func structure(
    _ body: (inout ThriftReader, Field) throws(TableFault) -> Void
  ) throws(TableFault) {
    var last = 0
    while true {
      let byte = try cursor.byte()
      if byte == 0 { return }
      let step = Int(byte >> 4)
      last = step == 0 ? Int(Int16(truncatingIfNeeded: try signed())) : last + step
      try body(&self, Field(number: last, type: try type(byte & 15)))
    }
  }

  mutating func integer(_ field: Field) throws(TableFault) -> Int {
    switch field.type {
    case .byte: Int(Int8(bitPattern: try cursor.byte()))
    case .int16, .int32, .int64: Int(try signed())
    default: throw .malformed("a number was expected")
    }
  }

  mutating func flag(_ field: Field) throws(TableFault) -> Bool {
    switch field.type {
    case .true: true
    case .false: false
    default: throw .malformed("a truth value was expected")
    }
  }

  mutating func text(_ field: Field) throws(TableFault) -> String {
    if field.type != .binary { throw .malformed("a text was expected") }
    return try text()
  }

  /// An element of a list of texts.
  mutating func text() throws(TableFault) -> String { try cursor.text(try length()) }

  /// Reads a list: `element` is called as often as the list has elements.
  mutating func list(
    _ field: Field, of type: ThriftType, _ element: (inout ThriftReader) throws(TableFault) -> Void
  ) throws(TableFault) {
    if field.type != .list { throw .malformed("a list was expected") }
    let (count, found) = try listHeader()
    if found != type && count > 0 { throw .malformed("a list holds another type than it should") }
    for _ in 0..<count { try element(&self) }
  }

  mutating func structure(
    _ field: Field, _ body: (inout ThriftReader, Field) throws(TableFault) -> Void
  ) throws(TableFault) {
    if field.type != .structure { throw .malformed("a structure was expected") }
    try structure(body)
  }

  mutating func skip(_ field: Field) throws(TableFault) { try skip(field.type, depth: 0) }

  private mutating func skip(_ type: ThriftType, depth: Int) throws(TableFault) {
    if depth > ThriftReader.maximumDepth { throw .malformed("structures are nested too deeply") }
    switch type {
    case .true, .false: break
    case .byte: _ = try cursor.byte()
    case .int16, .int32, .int64: _ = try cursor.variableInteger()
    case .double: _ = try cursor.take(8)
    case .binary: _ = try cursor.take(try length())
    case .list, .set:
      let (count, element) = try listHeader()
      for _ in 0..<count { try skipElement(element, depth: depth + 1) }
    case .map:
      let count = try length()
      if count == 0 { return }
      let types = try cursor.byte()
      let (key, value) = (try self.type(types >> 4), try self.type(types & 15))
      for _ in 0..<count {
        try skipElement(key, depth: depth + 1)
        try skipElement(value, depth: depth + 1)
      }
    case .structure:
      try structure { (reader, field) throws(TableFault) in try reader.skip(field.type, depth: depth + 1) }
    }
  }

  /// A truth value stands in its header as a field, but takes a byte as an element.
  private mutating func skipElement(_ type: ThriftType, depth: Int) throws(TableFault) {
    if type == .true || type == .false { _ = try cursor.byte() } else { try skip(type, depth: depth) }
  }

  private mutating func listHeader() throws(TableFault) -> (count: Int, type: ThriftType) {
    let byte = try cursor.byte()
    let count = byte >> 4 == 15 ? try length() : Int(byte >> 4)
    // Every element takes a byte or more.
    if count > cursor.remaining { throw .truncated("a list") }
    return (count, try type(byte & 15))
  }

  private mutating func length() throws(TableFault) -> Int {
    let length = try cursor.variableInteger()
    if length > UInt64(cursor.remaining) { throw .truncated("a text or list") }
    return Int(length)
  }

  private mutating func signed() throws(TableFault) -> Int64 {
    let value = try cursor.variableInteger()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  private func type(_ code: UInt8) throws(TableFault) -> ThriftType {
    guard let type = ThriftType(rawValue: code) else { throw .malformed("a field has an unknown type") }
    return type
  }
}
