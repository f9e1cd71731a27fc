import PerchCore

/// How a table is written as text.
enum TextDialect: Sendable {
  /// RFC 4180, with a header line.
  case commas
  /// Fields between tabs, with a header line. There are no quotes: a tab or line break in a field becomes a blank.
  case tabs
  /// The same without the header line.
  case bareTabs
}

/// CSV as RFC 4180 has it, with `\n` for line ends and `# key: value` lines before the header line; or a table with
/// tabs.
struct CSVEncoder: TableEncoder {
  private let names: [UInt8]
  private let dialect: TextDialect
  private var text: [UInt8] = []
  private var bytes: [UInt8] = []
  private var hasWrittenNames = false

  init(_ columns: [Column], dialect: TextDialect = .commas) {
    self.dialect = dialect
    var names: [UInt8] = []
    if dialect != .bareTabs {
      for (index, column) in columns.enumerated() {
        if index > 0 { names.append(dialect.separator) }
        dialect.append(column.name, to: &names)
      }
      names.append(UInt8(ascii: "\n"))
    }
    self.names = names
  }

  mutating func append(_ row: [Cell], to file: inout AtomicFile) throws(RunnerError) {
    try writeNames(to: &file)
    text.removeAll(keepingCapacity: true)
    for (index, cell) in row.enumerated() {
      if index > 0 { text.append(dialect.separator) }
      append(cell)
    }
    text.append(UInt8(ascii: "\n"))
    try file.write(text)
  }

  mutating func finish(_ provenance: Provenance?, to file: inout AtomicFile) throws(RunnerError) -> [UInt8] {
    try writeNames(to: &file)
    var head = ""
    for entry in provenance?.entries ?? [] {
      head += "# \(entry.key): \(CSVComment.escape(entry.value))\n"
    }
    return Array(head.utf8)
  }

  private mutating func writeNames(to file: inout AtomicFile) throws(RunnerError) {
    if hasWrittenNames { return }
    hasWrittenNames = true
    if !names.isEmpty { try file.write(names) }
  }

  /// Numbers take the shortest text that reads back to the same value, which is what `description`
  /// gives; it keeps `.0` on whole numbers.
  private mutating func append(_ cell: Cell) {
    switch cell {
    case .null: break
    case .text(let value): dialect.append(value, to: &text)
    case .int32(let value): text.append(contentsOf: value.description.utf8)
    case .int64(let value): text.append(contentsOf: value.description.utf8)
    case .float(let value): text.append(contentsOf: value.description.utf8)
    case .double(let value): text.append(contentsOf: value.description.utf8)
    case .floats(let values):
      bytes.removeAll(keepingCapacity: true)
      bytes.append(bytesOf: values)
      Base64.encode(bytes, into: &text)
    }
  }

}

extension TextDialect {
  var separator: UInt8 {
    switch self {
    case .commas: UInt8(ascii: ",")
    case .tabs, .bareTabs: UInt8(ascii: "\t")
    }
  }

  /// Appends a field.
  func append(_ value: String, to text: inout [UInt8]) {
    switch self {
    case .commas: Self.appendQuoted(value, to: &text)
    case .tabs, .bareTabs: text.append(contentsOf: value.utf8.map { [0x09, 0x0A, 0x0D].contains($0) ? 0x20 : $0 })
    }
  }

  /// Appends a field, in quotes where it needs them.
  private static func appendQuoted(_ value: String, to text: inout [UInt8]) {
    let quote = UInt8(ascii: "\"")
    let needsQuotes = value.utf8.contains { byte in
      byte == quote || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }
    if !needsQuotes {
      text.append(contentsOf: value.utf8)
      return
    }
    text.append(quote)
    for byte in value.utf8 {
      if byte == quote { text.append(quote) }
      text.append(byte)
    }
    text.append(quote)
  }
}

/// The `# key: value` lines before a CSV table's header line.
enum CSVComment {
  static func escape(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      // Not asked for by readers of our files, but a bare CR would end the line for many others.
      case "\r": text += "\\r"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// Key and value of a line, or nil when it is another comment.
  static func parse(_ line: String) -> (key: String, value: String)? {
    guard line.hasPrefix("# ") else { return nil }
    let body = line.unicodeScalars.dropFirst(2)
    guard let colon = body.firstIndex(of: ":") else { return nil }
    let key = String(body[..<colon])
    var rest = body[body.index(after: colon)...]
    if key.isEmpty || key.contains(" ") || (!rest.isEmpty && rest.first != " ") { return nil }
    rest = rest.dropFirst()
    var value = String.UnicodeScalarView()
    var isEscaped = false
    for scalar in rest {
      if isEscaped {
        value.append(scalar == "n" ? "\n" : scalar == "r" ? "\r" : scalar)
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else {
        value.append(scalar)
      }
    }
    return (key, String(value))
  }
}
