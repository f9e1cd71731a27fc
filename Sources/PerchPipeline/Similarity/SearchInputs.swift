import PerchCore
import PerchTables
import SystemPackage

/// Tables and matrices that are searched, in the order of their paths.
struct SearchInputs: Sendable {
  struct Table: Sendable {
    /// Below the folder that was named, else the file's name.
    let name: String
    let path: FilePath
    let content: Content
  }

  enum Content: Sendable {
    case rows
    case matrix(NumpyMatrix)
  }

  let tables: [Table]

  private static let extensions: Set<String> = ["parquet", "csv", "npy"]

  /// - Parameter dimension: values of the queries; matrices must have as many columns.
  /// - Throws: exit code 3 when there is no such input, nothing to search in it, or a matrix does not fit.
  init(_ input: String, dimension: Int) throws(RunnerError) {
    let path = FilePath(input)
    let isFolder: Bool
    do { isFolder = try path.stat().type == .directory } catch {
      throw RunnerError(
        input, "cannot be read: \(error)", remedy: "check the path and its permissions", exit: .input)
    }
    var tables: [Table] = []
    if isFolder {
      for name in try Recordings.below(path, where: { Self.isTable($0, $1) }) {
        if let table = try Self.table(path.pushing(name), name.string, dimension, isNamed: false) {
          tables.append(table)
        }
      }
    } else if let table = try Self.table(path, path.lastComponent?.string ?? input, dimension, isNamed: true) {
      tables.append(table)
    }
    if tables.isEmpty {
      throw RunnerError(
        input, "holds no tables of embeddings (\(Self.extensions.sorted().joined(separator: ", ")))",
        remedy: "name another folder, or the file itself", exit: .input)
    }
    self.tables = tables
  }

  private static func isTable(_ path: FilePath, _ name: FilePath) -> Bool {
    guard let ending = name.extension, extensions.contains(ending.lowercased()) else { return false }
    return (try? path.stat().type) == .regular
  }

  /// nil for a file of a folder that holds something else, or the same embeddings again.
  private static func table(
    _ path: FilePath, _ name: String, _ dimension: Int, isNamed: Bool
  ) throws(RunnerError) -> Table? {
    if NumpyMatrix.isAt(path) {
      let matrix = try NumpyMatrix(path)
      guard matrix.columns == dimension else {
        throw RunnerError(
          path.string, "has rows of \(matrix.columns) values, the query of \(dimension)",
          remedy: "compare embeddings of one model", exit: .input)
      }
      return Table(name: name, path: path, content: .matrix(matrix))
    }
    if isNamed { return Table(name: name, path: path, content: .rows) }
    guard EmbeddingTableReader.hasEmbeddings(path) else { return nil }
    let format = try Provenance(ofTable: path)["format"]
    if format?.hasPrefix("perch-runner distances") == true { return nil }
    return Table(name: name, path: path, content: .rows)
  }
}
