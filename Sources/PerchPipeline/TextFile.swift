import FoundationEssentials
import PerchCore
import SystemPackage

/// A small file that the user wrote or named.
enum TextFile {
  /// Far above any configuration with its models inside, far below what would trouble a machine.
  static let limit: Int64 = 256 << 20

  /// The text of `path`, which must be a regular file in UTF-8.
  ///
  /// - Parameter kind: what the file is to the user, as in "configuration file".
  /// - Throws: an error with exit code 2.
  static func read(_ path: String, kind: String) throws(RunnerError) -> String {
    guard let text = String(validating: try bytes(path, kind: kind), as: UTF8.self) else {
      throw RunnerError(path, "the \(kind) is not UTF-8 text", remedy: "save it as UTF-8", exit: .usage)
    }
    return text
  }

  /// The bytes of `path`, which must be a regular file.
  static func bytes(_ path: String, kind: String) throws(RunnerError) -> [UInt8] {
    func refused(_ cause: String, _ remedy: String) -> RunnerError {
      RunnerError(path, cause, remedy: remedy, exit: .usage)
    }
    let status: Stat
    do { status = try FilePath(path).stat() } catch {
      throw refused("the \(kind) cannot be read: \(error)", "check the path and its permissions")
    }
    guard status.type == .regular else {
      throw refused("the \(kind) is not a regular file", "name a file")
    }
    guard status.size <= limit else {
      throw refused("the \(kind) is larger than 256 MiB", "name another file")
    }
    guard let data = try? Data(contentsOf: URL(filePath: path)) else {
      throw refused("the \(kind) cannot be read", "check its permissions")
    }
    return Array(data)
  }
}
