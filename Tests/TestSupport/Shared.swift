import Foundation

/// The folders that tests read.
package enum TestFiles {
  /// Root of this package.
  package static let project = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Reference vectors and recordings that stand beside a developer's checkout and are not part of
  /// it, or nil where they are absent: tests that need them are then skipped.
  package static let shared: URL? = {
    let folder = project.deletingLastPathComponent().appending(path: "shared")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()

  package static var hasShared: Bool { shared != nil }
}
