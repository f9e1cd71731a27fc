/// A pattern for paths, as Python's `Path.glob` takes it: `*`, `?` and `[a-z]` within a name, `**` for any folders.
struct GlobPattern: Equatable, Sendable {
  private let components: [[Character]]

  /// nil for a pattern that is empty, absolute, or leaves the folder.
  init?(_ text: String) {
    let names = text.split(separator: "/")
    guard !names.isEmpty, !text.hasPrefix("/"), !names.contains("..") else { return nil }
    components = names.filter { $0 != "." }.map(Array.init)
  }

  /// - Parameter path: names with `/` between them.
  func matches(_ path: String) -> Bool {
    Self.matches(components[...], path.split(separator: "/").map(Array.init)[...])
  }

  private static func matches(_ pattern: ArraySlice<[Character]>, _ names: ArraySlice<[Character]>) -> Bool {
    guard let first = pattern.first else { return names.isEmpty }
    if first == ["*", "*"] {
      return matches(pattern.dropFirst(), names) || !names.isEmpty && matches(pattern, names.dropFirst())
    }
    guard let name = names.first, Self.matches(name: name, first) else { return false }
    return matches(pattern.dropFirst(), names.dropFirst())
  }

  /// One name; a `*` takes as little as it can, and more when what follows does not fit.
  private static func matches(name: [Character], _ pattern: [Character]) -> Bool {
    var (i, p) = (0, 0)
    var retry: (i: Int, p: Int)?
    while i < name.count {
      if p < pattern.count, pattern[p] == "*" {
        retry = (i, p)
        p += 1
      } else if let next = step(pattern, at: p, name[i]) {
        (i, p) = (i + 1, next)
      } else if let last = retry {
        retry = (last.i + 1, last.p)
        (i, p) = (last.i + 1, last.p + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }

  /// The place behind what matches `character`; nil when it does not match.
  private static func step(_ pattern: [Character], at place: Int, _ character: Character) -> Int? {
    guard place < pattern.count else { return nil }
    switch pattern[place] {
    case "?": return place + 1
    case "[":
      // A closing bracket that comes first is a member; without another one the bracket stands for itself.
      let isNot = place + 1 < pattern.count && pattern[place + 1] == "!"
      let start = place + (isNot ? 2 : 1)
      guard start < pattern.count, let end = pattern[(start + 1)...].firstIndex(of: "]") else {
        return character == "[" ? place + 1 : nil
      }
      return Self.contains(pattern[start..<end], character) != isNot ? end + 1 : nil
    case let own: return own == character ? place + 1 : nil
    }
  }

  private static func contains(_ members: ArraySlice<Character>, _ character: Character) -> Bool {
    var rest = members
    while let first = rest.popFirst() {
      if rest.first == "-", rest.count >= 2, let last = rest.dropFirst().first {
        if first <= character, character <= last { return true }
        rest = rest.dropFirst(2)
      } else if first == character {
        return true
      }
    }
    return false
  }
}
