import SystemPackage

/// Which files below a folder are wanted: a path with wildcards, as Python's `Path.glob` takes it.
struct GlobPattern: Equatable, Sendable {
  private let text: String

  /// nil for a pattern that is empty, absolute, or leaves the folder.
  init?(_ text: String) {
    let names = text.split(separator: "/").filter { $0 != "." }
    guard !names.isEmpty, !text.hasPrefix("/"), !names.contains("..") else { return nil }
    self.text = names.joined(separator: "/")
  }

  /// Those of `paths` that fit, in their order. All are relative to the folder.
  func matches(among paths: [FilePath]) -> [FilePath] {
    let pattern = PathPattern(text)
    return paths.filter { path in
      var below = path
      return below.removePrefix(pattern.root) && pattern.fits(below)
    }
  }
}
