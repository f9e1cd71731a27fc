import Crypto
import SystemPackage

/// SHA-256 digests as lower-case hexadecimal text.
package enum Digest {
  package static func sha256(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

  /// Digest of a file's bytes, read in blocks.
  package static func sha256(file: FilePath) throws(Errno) -> String {
    let descriptor: FileDescriptor
    do { descriptor = try FileDescriptor.open(file, .readOnly) } catch { throw error as? Errno ?? .ioError }
    return try sha256(closing: descriptor)
  }

  /// The same of an open file, which is closed at the end.
  static func sha256(closing descriptor: FileDescriptor) throws(Errno) -> String {
    do {
      return try descriptor.closeAfter {
        var hash = SHA256()
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while true {
          let count = try unsafe block.withUnsafeMutableBytes { unsafe try descriptor.read(into: $0) }
          if count == 0 { return hexadecimal(hash.finalize()) }
          unsafe block.withUnsafeBytes { unsafe hash.update(bufferPointer: .init(rebasing: $0[..<count])) }
        }
      }
    } catch let error as Errno {
      throw error
    } catch {
      throw .ioError
    }
  }

  private static func hexadecimal(_ digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef")
    var text = ""
    for byte in digest { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return text
  }
}
