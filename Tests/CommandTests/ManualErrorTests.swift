import Foundation
import TestSupport
import Testing

/// The page about errors lists what the program can say, in its own words.
///
/// The sources are read for it: the texts of every error are string literals, in which `\(…)` is `…` on the page.
/// `PERCH_MANUAL_RENEW=1` adds what is missing at the end of the page, to be put in its place.
@Suite struct ManualErrorTests {
  private static let page = ManualPage(path: "\(ManualPage.folder)/Troubleshooting.md")

  /// What makes an error line of texts that stand there.
  private static let calls = ["RunnerError(", ".training(", "refuses(", "refused("]
  /// Files in which pairs of cause and remedy stand in a `switch`.
  private static let tables = ["SoundFileError", "TableFault", "HopliteFault", "AtomicFile"]

  private static let sources: [SourceText] = {
    let folder = TestFiles.project.appending(path: "Sources")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (files?.compactMap { $0 as? URL } ?? [])
      .filter { $0.pathExtension == "swift" }
      .compactMap { file in
        (try? String(contentsOf: file, encoding: .utf8)).map {
          SourceText(name: file.deletingPathExtension().lastPathComponent, text: $0)
        }
      }
  }()

  @Test func everyErrorStandsOnThePage() throws {
    // A sentence may go on in the next line.
    let page = try Self.page.text().replacingOccurrences(of: "`", with: "").replacingOccurrences(
      of: "\n", with: " ")
    var texts: Set<String> = []
    for source in Self.sources {
      for call in Self.calls { texts.formUnion(source.literals(inCallsOf: call).joined()) }
      if Self.tables.contains(source.name) {
        texts.formUnion(source.literals(inCallsOf: " (").filter { $0.count <= 2 }.joined())
      }
    }
    // Subjects and joints are no sentences.
    let sentences = texts.filter { $0.contains(" ") && $0.contains(where: \.isLetter) && $0.count > 6 }
    #expect(sentences.count > 200)
    let missing = sentences.filter { !page.contains($0.replacingOccurrences(of: "`", with: "")) }.sorted()
    if !missing.isEmpty, ProcessInfo.processInfo.environment["PERCH_MANUAL_RENEW"] == "1" {
      let list = missing.map { "- `\($0)`\n" }.joined()
      try (Self.page.text() + "\nTo be put in their places:\n\n" + list)
        .write(to: Self.page.url, atomically: true, encoding: .utf8)
      return
    }
    #expect(missing.isEmpty, "the page lacks:\n\(missing.joined(separator: "\n"))")
  }

  @Test func thePageListsNothingElse() throws {
    let known = Set(Self.sources.flatMap(\.literals))
    var (isTable, isLeft) = (false, false)
    for line in try Self.page.text().components(separatedBy: "\n") {
      // What a command says that this build has not got cannot be looked up.
      if let command = line.firstMatch(of: #/^<!-- command (\w+) -->/#)?.1 {
        isLeft = try !Program.has(String(command))
      }
      if line.hasPrefix("| cause | ") || line.hasPrefix("| warning | ") { isTable = !isLeft }
      if !line.hasPrefix("|") { isTable = false }
      if line == "" { isLeft = false }
      guard isTable, let cell = line.firstMatch(of: #/^\| `([^`]+)` \|/#)?.1 else { continue }
      #expect(known.contains(String(cell)), "no error says '\(cell)'")
    }
  }

  @Test func everyExitCodeHasItsSection() throws {
    let text = try Self.page.text()
    for code in [1, 2, 3, 4, 5, 6, 7, 130, 143] { #expect(text.contains("\n## \(code): "), "\(code)") }
  }
}

/// A file of Swift, read for the texts in it.
struct SourceText {
  let name: String
  private let characters: [Character]

  init(name: String, text: String) {
    self.name = name
    characters = Array(text)
  }

  var literals: [String] { literals(in: characters.indices) }

  /// The texts in each call of `name`, which ends in its parenthesis.
  func literals(inCallsOf name: String) -> [[String]] {
    let wanted = Array(name)
    var calls: [[String]] = []
    var index = 0
    while index + wanted.count < characters.count {
      if characters[index] == "\"" {
        index = end(ofLiteralAt: index)
      } else if characters[index] == wanted[0], Array(characters[index..<index + wanted.count]) == wanted {
        calls.append(literals(in: index..<end(ofCallAt: index + wanted.count - 1)))
        index += wanted.count
      } else {
        index += 1
      }
    }
    return calls
  }

  /// - Parameter start: of the opening parenthesis.
  private func end(ofCallAt start: Int) -> Int {
    var depth = 0
    var index = start
    while index < characters.count {
      switch characters[index] {
      case "\"":
        index = end(ofLiteralAt: index)
        continue
      case "(": depth += 1
      case ")":
        depth -= 1
        if depth == 0 { return index }
      default: break
      }
      index += 1
    }
    return characters.count
  }

  /// Behind the closing quote.
  private func end(ofLiteralAt start: Int) -> Int {
    if characters[start...].starts(with: "\"\"\"") {
      var index = start + 3
      while index < characters.count, !characters[index...].starts(with: "\"\"\"") { index += 1 }
      return min(index + 3, characters.count)
    }
    var index = start + 1
    while index < characters.count, characters[index] != "\"", characters[index] != "\n" {
      if characters[index] == "\\", index + 1 < characters.count {
        index = characters[index + 1] == "(" ? end(ofCallAt: index + 1) : index + 1
      }
      index += 1
    }
    return index + 1
  }

  /// Texts joined with `+` are one.
  private func literals(in range: Range<Int>) -> [String] {
    var texts: [String] = []
    var index = range.lowerBound
    var joint: Int?
    while index < range.upperBound {
      if characters[index...].starts(with: "//") {
        index = characters[index...].firstIndex(of: "\n") ?? range.upperBound
        continue
      }
      guard characters[index] == "\"" else {
        index += 1
        continue
      }
      let end = end(ofLiteralAt: index)
      let text = Self.text(characters[index..<min(end, characters.count)])
      let isJoined = joint.map { characters[$0..<index].allSatisfy { $0.isWhitespace || $0 == "+" } } ?? false
      if isJoined, characters[(joint ?? index)..<index].contains("+") {
        texts[texts.count - 1] += text
      } else {
        texts.append(text)
      }
      (index, joint) = (end, end)
    }
    return texts
  }

  /// The text of a literal with its quotes.
  private static func text(_ literal: ArraySlice<Character>) -> String {
    var text = ""
    var rest = literal.dropFirst().dropLast()
    while let character = rest.popFirst() {
      guard character == "\\", let next = rest.popFirst() else {
        text.append(character)
        continue
      }
      guard next == "(" else {
        text.append(next)
        continue
      }
      text.append("…")
      var depth = 1
      while depth > 0, let inner = rest.popFirst() { depth += inner == "(" ? 1 : inner == ")" ? -1 : 0 }
    }
    return text
  }
}
