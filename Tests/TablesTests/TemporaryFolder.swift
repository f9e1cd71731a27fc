import Foundation
import SystemPackage

/// A folder that exists as long as the value does.
final class TemporaryFolder: Sendable {
  let path: FilePath

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "perch-tables-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = FilePath(url.path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }

  func file(_ name: String) -> FilePath { path.appending(name) }

  /// Names of what is in the folder, sorted.
  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path.string).sorted() }
  }

  func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> FilePath {
    try Data(bytes).write(to: URL(filePath: file(name).string))
    return file(name)
  }
}

func bytes(of path: FilePath) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path.string))) }

func text(of path: FilePath) throws -> String { String(decoding: try bytes(of: path), as: UTF8.self) }
