import PerchCore
import SystemPackage

/// Provenance in a file of its own: a JSON object of texts, in order.
enum Sidecar {
  /// `<table>.json`.
  static func path(of table: FilePath) -> FilePath { FilePath(table.string + ".json") }

  static func text(of provenance: Provenance) -> String {
    let lines = provenance.entries.map { "  \(quoted($0.key)): \(quoted($0.value))" }
    return lines.isEmpty ? "{}\n" : "{\n" + lines.joined(separator: ",\n") + "\n}\n"
  }

  /// The provenance in the sidecar of `table`; nil where there is none or it is not of this form.
  static func read(besides table: FilePath) -> Provenance? {
    guard let file = try? InputFile(path(of: table)), file.size <= 1 << 24,
      let bytes = try? file.read(at: 0, upTo: file.size),
      let text = String(validating: bytes, as: UTF8.self)
    else { return nil }
    var scanner = JSONScanner(rest: text.unicodeScalars[...])
    return scanner.object()
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\u{0}"..<"\u{20}":
        let hexadecimal = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

/// Reads a flat JSON object whose values are texts (RFC 8259); nil for anything else.
private struct JSONScanner {
  var rest: Substring.UnicodeScalarView

  mutating func object() -> Provenance? {
    var provenance = Provenance()
    guard take("{") else { return nil }
    if !take("}") {
      repeat {
        guard let key = string(), take(":"), let value = string() else { return nil }
        provenance.set(key, value)
      } while take(",")
      guard take("}") else { return nil }
    }
    skipBlanks()
    return rest.isEmpty ? provenance : nil
  }

  private mutating func skipBlanks() {
    rest = rest.drop { $0 == " " || $0 == "\n" || $0 == "\r" || $0 == "\t" }
  }

  private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
    skipBlanks()
    if rest.first != wanted { return false }
    rest.removeFirst()
    return true
  }

  private mutating func string() -> String? {
    guard take("\"") else { return nil }
    var text = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      if scalar == "\"" { return String(text) }
      if scalar != "\\" {
        text.append(scalar)
        continue
      }
      guard let plain = escaped() else { return nil }
      text.append(plain)
    }
    return nil
  }

  private mutating func escaped() -> Unicode.Scalar? {
    switch rest.popFirst() {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "b": return "\u{8}"
    case "f": return "\u{c}"
    case "u":
      guard let high = codeUnit() else { return nil }
      if high & 0xFC00 != 0xD800 { return Unicode.Scalar(high) }
      guard rest.popFirst() == "\\", rest.popFirst() == "u", let low = codeUnit(), low & 0xFC00 == 0xDC00
      else { return nil }
      return Unicode.Scalar(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
    case let scalar? where scalar == "\"" || scalar == "\\" || scalar == "/": return scalar
    default: return nil
    }
  }

  private mutating func codeUnit() -> UInt32? {
    let digits = rest.prefix(4)
    guard digits.count == 4, digits.allSatisfy({ $0.properties.isASCIIHexDigit }) else { return nil }
    rest.removeFirst(4)
    return UInt32(String(digits), radix: 16)
  }
}
