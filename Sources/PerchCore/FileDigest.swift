import Dispatch
import Synchronization
import SystemPackage

/// What says which weights were used: the SHA-256 of their file. Hashing begins when this is made and goes on
/// in the background, because a large file takes longer to hash than to open, and the digest is wanted last.
package final class FileDigest: Sendable {
  private let result: Mutex<Result<String, Errno>?>
  private let finished = DispatchGroup()

  /// Begins to hash the file that stands at `path` now.
  package init(of path: FilePath) throws(Errno) {
    result = Mutex(nil)
    let descriptor: FileDescriptor
    do { descriptor = try FileDescriptor.open(path, .readOnly) } catch { throw error as? Errno ?? .ioError }
    DispatchQueue.global(qos: .utility).async(group: finished) { [self] in
      let digest = Result { () throws(Errno) in try Digest.sha256(closing: descriptor) }
      result.withLock { $0 = digest }
    }
  }

  /// A text that stands for a digest where there is no file.
  package init(known text: String) { result = Mutex(.success(text)) }

  /// Lower-case hexadecimal; waits until the file has been read.
  package var text: String {
    get throws(Errno) {
      finished.wait()
      guard let result = result.withLock({ $0 }) else { throw .ioError }
      return try result.get()
    }
  }
}
