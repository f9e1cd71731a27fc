import Glibc
import SystemPackage

/// A file without a name, for what is put aside while a program runs: no end of the program, however sudden, can
/// leave it behind.
package struct ScratchFile: ~Copyable {
  /// Where its bytes are.
  package let folder: FilePath
  /// Bytes written, those that still wait in memory among them.
  package private(set) var size = 0

  private let descriptor: FileDescriptor
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 20

  /// - Throws: exit 6 when nothing can be written in `folder`.
  package init(in folder: FilePath) throws(RunnerError) {
    self.folder = folder
    // Not the process's number, which another container that shares the folder may have too.
    let name = folder.appending(".\(UInt64.random(in: .min ... .max)).inprogress")
    do throws(Errno) { descriptor = try AtomicFile.openNameless(name) } catch {
      throw OutputFault.describe(folder, error)
    }
  }

  deinit { try? descriptor.close() }

  package mutating func append(_ bytes: [UInt8]) throws(RunnerError) {
    buffer += bytes
    size += bytes.count
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Just `count` bytes from `offset`.
  ///
  /// - Throws: exit 6 when they are not there.
  package mutating func read(at offset: Int, count: Int) throws(RunnerError) -> [UInt8] {
    try flush()
    let bytes: [UInt8]
    do {
      bytes = try unsafe [UInt8](unsafeUninitializedCapacity: count) { target, filled in
        while filled < count {
          let rest = unsafe UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(target)[filled..<count])
          let got = unsafe try descriptor.read(fromAbsoluteOffset: Int64(offset + filled), into: rest)
          if got == 0 { break }
          filled += got
        }
      }
    } catch {
      throw OutputFault.describe(folder, error as? Errno ?? .ioError)
    }
    guard bytes.count == count else { throw OutputFault.describe(folder, .ioError) }
    return bytes
  }

  /// Forgets all bytes from `size` on.
  package mutating func truncate(to size: Int) throws(RunnerError) {
    try flush()
    guard ftruncate(descriptor.rawValue, size) == 0 else {
      throw OutputFault.describe(folder, Errno(rawValue: errno))
    }
    self.size = size
  }

  private mutating func flush() throws(RunnerError) {
    guard !buffer.isEmpty else { return }
    do {
      try descriptor.writeAll(toAbsoluteOffset: Int64(size - buffer.count), buffer)
    } catch {
      throw OutputFault.describe(folder, error as? Errno ?? .ioError)
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
