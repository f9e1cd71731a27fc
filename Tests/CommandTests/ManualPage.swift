import Foundation
import TestSupport
import Testing

/// A page of the manual, or the README: what its fences say, in order.
///
/// An HTML comment before a fence, which readers do not see, says what is special about it:
/// - `<!-- not run: reason -->`: commands that need what a test has not; `ManualTests` lists them all.
/// - `<!-- exit 3 -->`: how the commands end where that is not 0.
/// - `<!-- file night.yml -->`: the text is put into that file.
///
/// - `<!-- kernels and numbers differ -->`: what is printed depends on the machine in these.
///
/// A `text` or `csv` fence is what the commands before it print, on both streams. In it `…` stands for any text
/// within a line, alone on a line for any lines, and any time of day for any other.
struct ManualPage: CustomTestStringConvertible, Sendable {
  enum Kind: Equatable {
    case shell, python, r, output, other
  }

  struct Fence {
    let kind: Kind
    let text: String
    let comment: String?
    /// Lines of the text in the page, from 0.
    let lines: Range<Int>

    /// The rest of the comment when it begins with `word`.
    private func after(_ word: String) -> String? {
      guard let comment, comment.hasPrefix(word) else { return nil }
      return String(comment.dropFirst(word.count)).trimmingCharacters(in: .whitespaces)
    }

    var reasonNotToRun: String? { after("not run:") }
    var exit: Int32 { after("exit ").flatMap(Int32.init) ?? 0 }
    var file: String? { after("file ") }
    var isOfOneMachine: Bool { comment == "kernels and numbers differ" }
    var firstLine: String { text.split(separator: "\n").first.map(String.init) ?? "" }
  }

  /// From the root of the package.
  let path: String
  var testDescription: String { path }
  var name: String { url.lastPathComponent }
  var url: URL { TestFiles.project.appending(path: path) }

  static let folder = "Sources/perch-runner/Documentation.docc"

  /// The README, then the pages by name.
  static let all: [ManualPage] = {
    let place = TestFiles.project.appending(path: folder).path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
    let pages = names.filter { $0.hasSuffix(".md") }.sorted().map { "\(folder)/\($0)" }
    return (["README.md"] + pages).map { ManualPage(path: $0) }
  }()

  func text() throws -> String { try String(contentsOf: url, encoding: .utf8) }

  var fences: [Fence] {
    get throws {
      let lines = try text().components(separatedBy: "\n")
      var fences: [Fence] = []
      var start: Int?
      for (number, line) in lines.enumerated() where line.hasPrefix("```") {
        guard let opened = start else {
          start = number
          continue
        }
        start = nil
        fences.append(
          Fence(
            kind: Self.kind(String(lines[opened].dropFirst(3))),
            text: lines[(opened + 1)..<number].map { $0 + "\n" }.joined(),
            comment: Self.comment(before: opened, in: lines), lines: (opened + 1)..<number))
      }
      return fences
    }
  }

  private static func kind(_ language: String) -> Kind {
    switch language {
    case "sh": .shell
    case "python": .python
    case "r": .r
    case "text", "csv": .output
    default: .other
    }
  }

  private static func comment(before line: Int, in lines: [String]) -> String? {
    guard let last = lines[..<line].last(where: { !$0.isEmpty }), last.hasPrefix("<!--"), last.hasSuffix("-->")
    else { return nil }
    return last.dropFirst(4).dropLast(3).trimmingCharacters(in: .whitespaces)
  }

  /// Puts `output` in place of the text of `fence`.
  func renew(_ fence: Fence, with output: String) throws {
    // The page may have been renewed since the fence was read: its text says where it is.
    let page = try text()
    guard let place = page.range(of: "\n" + fence.text + "```") else { return }
    try page.replacingCharacters(in: place, with: "\n" + output + "```")
      .write(to: url, atomically: true, encoding: .utf8)
  }
}

/// Output as a page shows it.
enum ShownOutput {
  /// Whether `output` is what `fence` shows.
  static func matches(_ output: String, _ fence: ManualPage.Fence) -> Bool {
    var (printed, shown) = (normalized(output), normalized(fence.text))
    if fence.isOfOneMachine { (printed, shown) = (ofAnyMachine(printed), ofAnyMachine(shown)) }
    var pattern = "^"
    for line in shown.components(separatedBy: "\n") {
      pattern += line == "…" ? "(?:.*\\n)*" : escaped(line) + "\\n"
    }
    return (printed + "\n").range(of: pattern + "$", options: .regularExpression) != nil
  }

  private static func escaped(_ line: String) -> String {
    line.components(separatedBy: "…").map { NSRegularExpression.escapedPattern(for: $0) }.joined(separator: ".*")
  }

  /// Without the time of day of messages, blanks at line ends and the last line break.
  private static func normalized(_ text: String) -> String {
    text.replacing(#/[ \t]+\n/#, with: "\n").trimmingCharacters(in: .newlines)
      .replacing(#/^\d\d:\d\d:\d\d \[/#.anchorsMatchLineEndings(), with: "hh:mm:ss [")
  }

  /// Numbers are zeros, kernel builds have no names, and how many builds are compared is not said.
  private static func ofAnyMachine(_ text: String) -> String {
    let replacements = [
      (#"(?:baseline|x86-64-v\d|neon)(?:, (?:baseline|x86-64-v\d|neon))*"#, "build"),
      (#"right: build against build.*\n(?:(?:  .*|…)\n)*"#, ""),
      (#"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.])"#, "0"),
    ]
    return replacements.reduce(text) { text, replacement in
      text.replacingOccurrences(of: replacement.0, with: replacement.1, options: .regularExpression)
    }
  }
}
