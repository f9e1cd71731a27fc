import PerchCore
import SystemPackage

/// Finds the files that a table was made from again: by name in the places where they may be, and by SHA-256.
struct SourceSearch {
  let table: FilePath
  /// The recording itself, where the user names it.
  let recording: String?
  /// The folder that the recordings were below.
  let root: String?
  /// Queries that the user names.
  let queries: [String]

  /// - Throws: exit code 3 when it is not there or another file stands in its place.
  func find(recording name: String, digest: String) throws(RunnerError) -> FilePath {
    let places = recording.map { [FilePath($0)] } ?? folders.flatMap { below($0, name) }
    return try find(
      name, digest, in: places, absent: "the recording '\(name)' is neither below --root nor beside the table",
      remedy: "name it with --input, or its folder with --root")
  }

  /// - Throws: exit code 3 when it is not there or another file stands in its place.
  func find(query name: String, digest: String, recording: FilePath) throws(RunnerError) -> FilePath {
    let named = queries.map { FilePath($0) }.filter { $0.lastComponent?.string == name }
    let places = named + ([recording.removingLastComponent()] + folders).map { $0.appending(name) }
    return try find(
      name, digest, in: places, absent: "the query '\(name)' is neither beside the recording nor beside the table",
      remedy: "name it with --query")
  }

  private var folders: [FilePath] {
    [root.map { FilePath($0) }, table.removingLastComponent()].compactMap(\.self)
  }

  /// With the folders of its name, and without.
  private func below(_ folder: FilePath, _ name: String) -> [FilePath] {
    let relative = FilePath(name)
    return [folder.pushing(relative)] + (relative.lastComponent.map { [folder.appending($0)] } ?? [])
  }

  private func find(
    _ name: String, _ digest: String, in places: [FilePath], absent: String, remedy: String
  ) throws(RunnerError) -> FilePath {
    var other: (path: FilePath, digest: String)?
    for place in places where (try? place.stat().type) == .regular || places.count == 1 {
      let found: String
      do { found = try Digest.sha256(file: place) } catch {
        throw RunnerError(
          place.string, "cannot be read: \(error)", remedy: "check the path and its permissions", exit: .input)
      }
      if found == digest { return place }
      other = other ?? (place, found)
    }
    guard let other else { throw RunnerError(table.string, absent, remedy: remedy, exit: .input) }
    throw RunnerError(
      other.path.string,
      "is not what \(table.string) was made from: its SHA-256 is \(other.digest.shortDigest), the table says "
        + "\(digest.shortDigest)",
      remedy: remedy, exit: .input)
  }
}
