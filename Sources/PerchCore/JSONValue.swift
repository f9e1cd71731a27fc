/// A JSON value (RFC 8259). Of members with one name the last counts, as in Python's reader.
package enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// - Parameter bytes: one value in UTF-8, blanks around it allowed.
  package init(parsing bytes: [UInt8]) throws(JSONFault) {
    var parser = JSONParser(bytes)
    self = try parser.document()
  }

  package var string: String? { if case .string(let text) = self { text } else { nil } }
  package var number: Double? { if case .number(let number) = self { number } else { nil } }
  package var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
  package var object: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
}

/// Why bytes are no JSON, and in which line, counted from 1.
package struct JSONFault: Error, Equatable, Sendable {
  package let line: Int
  package let cause: String

  package init(line: Int, cause: String) {
    self.line = line
    self.cause = cause
  }
}

private struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  /// Deeper nesting is no document that a person or program wrote to be read.
  private static let deepest = 128

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONFault) -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    let value = try value()
    skipBlanks()
    if position < bytes.count { throw fault("there is more after the value") }
    return value
  }

  private func fault(_ cause: String) -> JSONFault {
    let line = bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
    return JSONFault(line: line, cause: cause)
  }

  private mutating func skipBlanks() {
    while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
  }

  /// Moves behind `byte` and the blanks before it, if it is next.
  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  private mutating func value() throws(JSONFault) -> JSONValue {
    skipBlanks()
    guard position < bytes.count else { throw fault("it ends too early") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSONFault) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSONFault) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONFault) -> JSONValue
  ) throws(JSONFault) -> JSONValue {
    position += 1
    depth += 1
    if depth > Self.deepest { throw fault("it is nested too deeply") }
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(JSONFault) -> JSONValue {
    var members: [String: JSONValue] = [:]
    if take("}") { return .object(members) }
    repeat {
      skipBlanks()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw fault("a name is expected") }
      let name = try string()
      guard take(":") else { throw fault("a colon is expected") }
      members[name] = try value()
    } while take(",")
    guard take("}") else { throw fault("a comma or the end of an object is expected") }
    return .object(members)
  }

  private mutating func array() throws(JSONFault) -> JSONValue {
    var elements: [JSONValue] = []
    if take("]") { return .array(elements) }
    repeat { elements.append(try value()) } while take(",")
    guard take("]") else { throw fault("a comma or the end of a list is expected") }
    return .array(elements)
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(JSONFault) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw fault("a value is expected") }
    position += word.utf8.count
    return value
  }

  // MARK: Numbers

  private mutating func digits() -> Int {
    let start = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
    return position - start
  }

  private mutating func takeNow(_ choices: Unicode.Scalar...) -> Bool {
    guard position < bytes.count, choices.contains(where: { UInt8(ascii: $0) == bytes[position] }) else {
      return false
    }
    position += 1
    return true
  }

  private mutating func number() throws(JSONFault) -> Double {
    let start = position
    _ = takeNow("-")
    let first = position
    let whole = digits()
    guard whole > 0 else { throw fault("a value is expected") }
    if whole > 1, bytes[first] == UInt8(ascii: "0") { throw fault("a number begins with 0") }
    if takeNow("."), digits() == 0 { throw fault("a number ends with its point") }
    if takeNow("e", "E") {
      _ = takeNow("+", "-")
      if digits() == 0 { throw fault("a number has no exponent") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let number = Double(text), number.isFinite else { throw fault("a number is too large") }
    return number
  }

  // MARK: Texts

  private mutating func string() throws(JSONFault) -> String {
    position += 1
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
      if bytes[position] < 0x20 { throw fault("a text holds a control character") }
      position += 1
    }
    guard position < bytes.count else { throw fault("a text has no end") }
    var text = Array(bytes[start..<position])
    while bytes[position] != UInt8(ascii: "\"") {
      try character(into: &text)
      guard position < bytes.count else { throw fault("a text has no end") }
    }
    position += 1
    guard let text = String(validating: text, as: UTF8.self) else { throw fault("a text is not UTF-8") }
    return text
  }

  private mutating func character(into text: inout [UInt8]) throws(JSONFault) {
    let byte = bytes[position]
    if byte < 0x20 { throw fault("a text holds a control character") }
    position += 1
    if byte != UInt8(ascii: "\\") { return text.append(byte) }
    guard position < bytes.count else { throw fault("a text has no end") }
    position += 1
    switch bytes[position - 1] {
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "u"): text.append(contentsOf: String(try escapedScalar()).utf8)
    case let plain where plain == UInt8(ascii: "\"") || plain == UInt8(ascii: "\\") || plain == UInt8(ascii: "/"):
      text.append(plain)
    default: throw fault("a text holds an unknown escape")
    }
  }

  /// The scalar of `\uXXXX`, or of two that are a surrogate pair.
  private mutating func escapedScalar() throws(JSONFault) -> Unicode.Scalar {
    let high = try codeUnit()
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard high < 0xDC00, bytes[min(position, bytes.count)...].starts(with: "\\u".utf8) else {
      throw fault("a text holds half a character")
    }
    position += 2
    let low = try codeUnit()
    guard low & 0xFC00 == 0xDC00, let scalar = Unicode.Scalar(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
    else { throw fault("a text holds half a character") }
    return scalar
  }

  private mutating func codeUnit() throws(JSONFault) -> UInt32 {
    let digits = bytes[min(position, bytes.count)...].prefix(4)
    let text = String(decoding: digits, as: UTF8.self)
    guard digits.count == 4, text.allSatisfy(\.isHexDigit), let unit = UInt32(text, radix: 16) else {
      throw fault("a text holds an unknown escape")
    }
    position += 4
    return unit
  }
}
