import PerchCore
import SystemPackage

/// A path in which `*` stands for any characters of a name, `?` for one, `[a-z]` for one of these, `[!a-z]` for one
/// of the others, and a whole name `**` for any number of folders. Wildcards leave out hidden names, as in a shell.
package struct PathPattern {
  /// The folder above the first wildcard. What is found is named from here.
  package let root: FilePath
  private let rest: [String]

  private static let special: Set<Character> = ["*", "?", "["]

  package init(_ text: String) {
    let path = FilePath(text)
    let names = path.components.map(\.string)
    let fixed = names.dropLast().prefix { !$0.contains(where: Self.special.contains) }
    root = FilePath(root: path.root, path.components.prefix(fixed.count))
    rest = Array(names.dropFirst(fixed.count))
  }

  /// Files below `root` that fit, sorted. Links to files are followed, links to folders are not.
  ///
  /// - Throws: exit code 3 when a folder cannot be listed.
  func matches() throws(RunnerError) -> [FilePath] {
    guard (try? (root.isEmpty ? "." : root).stat().type) == .directory else {
      throw RunnerError(
        root.string, "is no folder", remedy: "check the pattern, and put it in quotes", exit: .input)
    }
    return try Recordings.below(root.isEmpty ? "." : root) { path, name in
      fits(name) && (try? path.stat().type) != .directory
    }
  }

  /// Whether a path below `root` fits.
  package func fits(_ relative: FilePath) -> Bool { Self.fits(relative.components.map(\.string)[...], rest[...]) }

  private static func fits(_ names: ArraySlice<String>, _ patterns: ArraySlice<String>) -> Bool {
    guard let pattern = patterns.first else { return names.isEmpty }
    if pattern == "**" {
      if fits(names, patterns.dropFirst()) { return true }
      return !names.isEmpty && fits(names.dropFirst(), patterns)
    }
    guard let name = names.first, Wildcard(pattern).fits(name) else { return false }
    return fits(names.dropFirst(), patterns.dropFirst())
  }
}

/// A pattern for one name.
struct Wildcard {
  private enum Part {
    case text(Character)
    case one
    case any
    case set([ClosedRange<Character>], isOthers: Bool)
  }

  private let parts: [Part]

  init(_ pattern: String) {
    var parts: [Part] = []
    var rest = pattern[...]
    while let character = rest.popFirst() {
      switch character {
      case "*": parts.append(.any)
      case "?": parts.append(.one)
      case "[": parts.append(Self.set(&rest) ?? .text("["))
      default: parts.append(.text(character))
      }
    }
    self.parts = parts
  }

  /// What stands after `[`; nil, and nothing taken, where no `]` follows.
  private static func set(_ rest: inout Substring) -> Part? {
    var inner = rest
    let isOthers = inner.first == "!"
    if isOthers { inner.removeFirst() }
    var ranges: [ClosedRange<Character>] = []
    while let low = inner.popFirst() {
      if low == "]", !ranges.isEmpty {
        rest = inner
        return .set(ranges, isOthers: isOthers)
      }
      var high = low
      if inner.first == "-", let end = inner.dropFirst().first, end != "]" {
        inner.removeFirst(2)
        high = end
      }
      ranges.append(min(low, high)...max(low, high))
    }
    return nil
  }

  /// In time that grows with the product of the two lengths: only the last `*` is ever tried again.
  func fits(_ name: String) -> Bool {
    let characters = Array(name)
    var (position, part) = (0, 0)
    var retry: (position: Int, part: Int)?
    while position < characters.count {
      if part < parts.count, case .any = parts[part] {
        retry = (position, part)
        part += 1
      } else if part < parts.count, takes(parts[part], characters[position]) {
        position += 1
        part += 1
      } else if let last = retry {
        retry = (last.position + 1, last.part)
        (position, part) = (last.position + 1, last.part + 1)
      } else {
        return false
      }
    }
    return parts[part...].allSatisfy { if case .any = $0 { true } else { false } }
  }

  private func takes(_ part: Part, _ character: Character) -> Bool {
    switch part {
    case .text(let own): own == character
    case .one, .any: true
    case .set(let ranges, let isOthers): ranges.contains { $0.contains(character) } != isOthers
    }
  }
}
