/// One-line JSON with sorted keys (RFC 8259).
enum JSONText {
  enum Value {
    case string(String)
    /// Finite.
    case number(Double)
    case integer(Int)
    /// Finite.
    case float(Float)
    case null
    case list([Value])
    case members([String: Value])
  }

  static func object(_ members: [String: Value]) -> String {
    let lines = members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(text($0.value))" }
    return "{\(lines.joined(separator: ","))}"
  }

  static func array(_ texts: [String]) -> String { "[\(texts.map(quoted).joined(separator: ","))]" }

  static func list(_ elements: [Value]) -> String { "[\(elements.map(text).joined(separator: ","))]" }

  private static func text(_ value: Value) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .number(let number): "\(number)"
    case .integer(let number): "\(number)"
    case .float(let number): "\(number)"
    case .null: "null"
    case .list(let elements): list(elements)
    case .members(let members): object(members)
    }
  }

  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case ..<" ":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
