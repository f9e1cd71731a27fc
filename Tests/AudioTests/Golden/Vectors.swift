import Foundation
import TestSupport

/// The reference vectors for audio, exported once for all tests.
enum Vectors {
  static let folder: URL? = {
    guard let shared = TestFiles.shared, Python.has("numpy", "h5py") else { return nil }
    let out = FileManager.default.temporaryDirectory.appending(path: "perch-audio-\(UUID().uuidString)")
    try? FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
    let script = TestFiles.project.appending(path: "Tests/AudioTests/Golden/export.py")
    let result = try? Python.run([script.path, shared.appending(path: "golden/audio").path, out.path])
    return result?.status == 0 ? out : nil
  }()

  static var areThere: Bool { folder != nil }

  struct Absent: Error {}

  static func array(_ name: String) throws -> Npy {
    guard let folder else { throw Absent() }
    return try Npy(folder.appending(path: "\(name).npy"))
  }
}
