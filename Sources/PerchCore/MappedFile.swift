import Glibc
import SystemPackage

/// A file as memory: read by the system where it is touched, and shared with its cache instead of copied.
///
/// The file must not be cut while it is mapped; that is the one way in which touching it can fail.
@safe package final class MappedFile: Sendable {
  package let path: FilePath
  /// Bytes in the file when it was mapped.
  package let size: Int
  private nonisolated(unsafe) let base: UnsafeMutableRawPointer?

  /// Throws what the system says; `.notSupported` when it is not a regular file.
  package init(_ path: FilePath) throws(Errno) {
    let descriptor: FileDescriptor
    do {
      // A pipe would otherwise hang here.
      descriptor = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
    } catch {
      throw error as? Errno ?? .ioError
    }
    defer { try? descriptor.close() }
    var status = stat()
    if unsafe fstat(descriptor.rawValue, &status) != 0 { throw Errno(rawValue: errno) }
    if status.st_mode & S_IFMT == S_IFDIR { throw .isDirectory }
    if status.st_mode & S_IFMT != S_IFREG { throw .notSupported }
    self.path = path
    size = Int(status.st_size)
    if size == 0 {
      unsafe base = nil
      return
    }
    let mapped = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, descriptor.rawValue, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { throw Errno(rawValue: errno) }
    unsafe base = mapped
    unsafe _ = madvise(mapped, size, MADV_SEQUENTIAL)
  }

  deinit { if let base = unsafe base { unsafe _ = munmap(base, size) } }

  /// Lends the bytes of `range`, which must lie within the file.
  package func withBytes<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= size, "a range inside the file")
    guard let base = unsafe base else { return try body(RawSpan()) }
    return try body(unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base + range.lowerBound), byteCount: range.count))
  }

  /// A copy of the bytes of `range`, as far as the file has them.
  package func bytes(_ range: Range<Int>) -> [UInt8] {
    let inside = range.clamped(to: 0..<size)
    return withBytes(inside) { span in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(inside.count)
      for offset in span.byteOffsets {
        bytes.append(unsafe span.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
      }
      return bytes
    }
  }

  /// A little-endian number at any offset; nil where the file does not reach.
  package func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number?
  {
    guard let base = unsafe base, offset >= 0, offset <= size - MemoryLayout<Number>.size else { return nil }
    return unsafe Number(littleEndian: UnsafeRawPointer(base).loadUnaligned(fromByteOffset: offset, as: type))
  }
}
