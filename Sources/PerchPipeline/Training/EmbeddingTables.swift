import FoundationEssentials
import PerchCore
import PerchTables
import SystemPackage

/// Embeddings tables as the source of training windows.
struct EmbeddingTables {
  let paths: [FilePath]
  private(set) var model: String?
  private(set) var weightsDigest: String?

  /// - Parameter path: a table, or a folder searched with everything below it.
  init(_ path: String) throws(RunnerError) {
    let root = FilePath(path)
    let isFolder: Bool
    do { isFolder = try root.stat().type == .directory } catch {
      throw .training(path, "cannot be read: \(error)", "check the path and its permissions")
    }
    paths = isFolder ? try Self.tables(below: root) : [root]
    if paths.isEmpty {
      throw .training(path, "holds no tables of embeddings", "name a folder with .parquet or .csv tables")
    }
  }

  private static func tables(below root: FilePath) throws(RunnerError) -> [FilePath] {
    var found: [FilePath] = []
    var open = [FilePath("")]
    while let relative = open.popLast() {
      let folder = root.pushing(relative)
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.string) else {
        throw RunnerError(
          folder.string, "the folder cannot be listed", remedy: "check its permissions", exit: .input)
      }
      for name in names where !name.hasPrefix(".") {
        let child = relative.appending(name)
        let type = try? root.pushing(child).stat(followTargetSymlink: false).type
        if type == .directory {
          open.append(child)
        } else if ["csv", "parquet"].contains(child.extension?.lowercased()),
          TableFormat.ofEmbeddings(at: root.pushing(child)) != nil
        {
          found.append(child)
        }
      }
    }
    return found.sorted { $0.string.precedes($1.string) }.map { root.pushing($0) }
  }

  /// Calls `row` with every row of every table.
  mutating func read(
    note: (Note) -> Void, _ row: (EmbeddingRow, FilePath) throws(RunnerError) -> Void
  ) throws(RunnerError) {
    for path in paths {
      var reader = try EmbeddingTableReader(path)
      model = model ?? reader.provenance["model"]
      weightsDigest = weightsDigest ?? reader.provenance["model_sha256"]
      while let next = try reader.next() { try row(next, path) }
      reader.notes.forEach(note)
    }
  }
}
