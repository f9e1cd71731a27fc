/// A piece of a page. Text is escaped when it is written and nowhere else, so that no name from a user's file can
/// become markup.
package indirect enum HTML: Sendable {
  case text(String)
  case element(String, [Attribute], [HTML])
  /// Markup of our own, written as it is.
  case raw(StaticText)

  /// Text that stands in the source code: nothing a user gives can become one.
  package struct StaticText: Sendable, ExpressibleByStringLiteral {
    let text: String
    package init(stringLiteral value: StaticString) { text = "\(value)" }
  }

  package struct Attribute: Sendable {
    let name: String
    let value: String
  }

  /// Elements that have no end tag (HTML Living Standard, 13.1.2).
  private static let void: Set<String> = ["meta", "br", "hr", "link"]

  func write(to page: inout String) {
    switch self {
    case .text(let text): Self.escape(text, into: &page)
    case .raw(let own): page += own.text
    case .element(let name, let attributes, let children):
      page += "<\(name)"
      for attribute in attributes {
        page += " \(attribute.name)=\""
        Self.escape(attribute.value, into: &page)
        page += "\""
      }
      page += ">"
      if Self.void.contains(name) { return }
      for child in children { child.write(to: &page) }
      page += "</\(name)>"
    }
  }

  private static func escape(_ text: String, into page: inout String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": page += "&amp;"
      case "<": page += "&lt;"
      case ">": page += "&gt;"
      case "\"": page += "&quot;"
      case "'": page += "&#39;"
      // Not characters of a page.
      case "\u{0}"..."\u{8}", "\u{B}"..."\u{1F}", "\u{7F}"..."\u{9F}": page += "\u{FFFD}"
      default: page.unicodeScalars.append(scalar)
      }
    }
  }
}

/// `tag("p", ["class": "note"], "text")`
func tag(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: HTML...) -> HTML {
  .element(name, attributes.map { HTML.Attribute(name: $0.key, value: $0.value) }, children)
}

func tag(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], all children: [HTML]) -> HTML {
  .element(name, attributes.map { HTML.Attribute(name: $0.key, value: $0.value) }, children)
}

extension HTML: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self = .text(value) }
}
