/// A JSON document whose members keep their order, laid out for people.
enum JSONDocument {
  case null
  case bool(Bool)
  case integer(Int)
  /// Not finite: written as null.
  case number(Double)
  case text(String)
  case list([JSONDocument])
  case object([(String, JSONDocument)])

  static func number(_ value: Double?) -> JSONDocument { value.map { .number($0) } ?? .null }
  static func text(_ value: String?) -> JSONDocument { value.map { .text($0) } ?? .null }

  /// Two blanks for each level; lists of plain values, and objects in lists, stand on one line.
  func text(indent: String = "") -> String {
    let inner = indent + "  "
    switch self {
    case .object(let members) where !members.isEmpty:
      let lines = members.map { "\(inner)\(JSONText.quoted($0.0)): \($0.1.text(indent: inner))" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
    case .list(let elements) where !elements.isEmpty && !isPlain:
      let lines = elements.map { inner + $0.line }
      return "[\n\(lines.joined(separator: ",\n"))\n\(indent)]"
    default: return line
    }
  }

  private var isPlain: Bool {
    guard case .list(let elements) = self else { return false }
    return elements.allSatisfy { element in
      if case .object = element { return false }
      if case .list = element { return false }
      return true
    }
  }

  /// On one line.
  var line: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let value): value.isFinite ? "\(value)" : "null"
    case .text(let value): JSONText.quoted(value)
    case .list(let elements): "[\(elements.map(\.line).joined(separator: ", "))]"
    case .object(let members):
      "{\(members.map { "\(JSONText.quoted($0.0)): \($0.1.line)" }.joined(separator: ", "))}"
    }
  }
}
