import Glibc
import SystemPackage

// The byte views of the table formats: the only file here that touches raw memory. Both formats are
// little-endian, as are all machines this program is built for.

/// A file that is read at given places. Closed when the last reference goes.
final class InputFile: Sendable {
  let path: FilePath
  /// Bytes in the file when it was opened.
  let size: Int
  /// nil where the bytes are in memory.
  private let descriptor: FileDescriptor?
  private let memory: [UInt8]

  /// Bytes that have been read already, under a name for messages.
  init(_ bytes: [UInt8], name: FilePath) {
    path = name
    size = bytes.count
    descriptor = nil
    memory = bytes
  }

  init(_ path: FilePath) throws(TableFault) {
    memory = []
    do {
      // A pipe would otherwise hang here; it is refused by `seek`.
      let descriptor = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
      do {
        self.size = Int(try descriptor.seek(offset: 0, from: .end))
      } catch {
        try? descriptor.close()
        throw error
      }
      self.path = path
      self.descriptor = descriptor
    } catch {
      throw .unreadable(error as? Errno ?? .ioError)
    }
  }

  deinit { try? descriptor?.close() }

  /// Up to `count` bytes from `offset`; fewer only at the end of the file.
  func read(at offset: Int, upTo count: Int) throws(TableFault) -> [UInt8] {
    let wanted = min(count, max(0, size - offset))
    if wanted <= 0 || offset < 0 { return [] }
    guard let descriptor else { return Array(memory[offset..<offset + wanted]) }
    do {
      return try unsafe [UInt8](unsafeUninitializedCapacity: wanted) { target, filled in
        while filled < wanted {
          let rest = unsafe UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(target)[filled...])
          let got = unsafe try descriptor.read(fromAbsoluteOffset: Int64(offset + filled), into: rest)
          if got == 0 { break }
          filled += got
        }
      }
    } catch {
      throw .unreadable(error as? Errno ?? .ioError)
    }
  }

  /// Just `count` bytes from `offset`.
  func read(at offset: Int, count: Int, of what: @autoclosure () -> String) throws(TableFault) -> [UInt8] {
    let bytes = try read(at: offset, upTo: count)
    if bytes.count != count { throw .truncated(what()) }
    return bytes
  }
}

/// A place in bytes, which moves forward. Every step is checked against the end.
struct ByteCursor: Sendable {
  private let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = 0
    end = bytes.count
  }

  private init(_ bytes: [UInt8], from position: Int, to end: Int) {
    self.bytes = bytes
    self.position = position
    self.end = end
  }

  var remaining: Int { end - position }

  /// The next four bytes as a number, or nil when fewer are left.
  mutating func fourBytes() -> UInt32? {
    if end - position < 4 { return nil }
    defer { position += 4 }
    return UInt32(bytes[position]) | UInt32(bytes[position + 1]) << 8 | UInt32(bytes[position + 2]) << 16
      | UInt32(bytes[position + 3]) << 24
  }

  mutating func byte() throws(TableFault) -> UInt8 {
    if position >= end { throw .truncated("a value") }
    defer { position += 1 }
    return bytes[position]
  }

  /// Skips `count` bytes and returns a cursor over them.
  mutating func take(_ count: Int) throws(TableFault) -> ByteCursor {
    if count < 0 || count > remaining { throw .truncated("a value") }
    defer { position += count }
    return ByteCursor(bytes, from: position, to: position + count)
  }

  /// The bytes from here to the end.
  var rest: ArraySlice<UInt8> { bytes[position..<end] }

  /// A little-endian number of any width.
  mutating func number<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) throws(TableFault) -> Value {
    let width = MemoryLayout<Value>.size
    if remaining < width { throw .truncated("a value") }
    defer { position += width }
    return unsafe bytes.withUnsafeBytes {
      unsafe $0.loadUnaligned(fromByteOffset: position, as: Value.self)
    }
  }

  /// Appends the next `count` float32 values to `values`.
  mutating func floats(_ count: Int, into values: inout [Float]) throws(TableFault) {
    let source = try take(try product(count, MemoryLayout<Float>.size))
    let old = values.count
    values.append(contentsOf: repeatElement(0, count: count))
    unsafe values.withUnsafeMutableBytes { target in
      unsafe source.bytes.withUnsafeBytes { bytes in
        let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[source.position..<source.end])
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[(old * 4)...]).copyMemory(from: part)
      }
    }
  }

  /// Unsigned LEB128, at most 64 bits.
  mutating func variableInteger() throws(TableFault) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try byte()
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw .malformed("a number has more than 64 bits")
  }

  mutating func text(_ count: Int) throws(TableFault) -> String {
    let source = try take(count)
    guard let text = String(validating: source.rest, as: UTF8.self) else {
      throw .malformed("a text is not UTF-8")
    }
    return text
  }
}

/// a·b of two claims of a file.
func product(_ a: Int, _ b: Int) throws(TableFault) -> Int {
  let (value, isOverflow) = a.multipliedReportingOverflow(by: b)
  if isOverflow { throw .malformed("a length is beyond any file") }
  return value
}

/// a+b of two claims of a file.
func sum(_ a: Int, _ b: Int) throws(TableFault) -> Int {
  let (value, isOverflow) = a.addingReportingOverflow(b)
  if isOverflow { throw .malformed("a length is beyond any file") }
  return value
}

extension [UInt8] {
  /// Appends the little-endian bytes of a number.
  mutating func append<Value: BitwiseCopyable>(bytesOf value: Value) {
    unsafe Swift.withUnsafeBytes(of: value) { unsafe append(contentsOf: $0) }
  }

  /// Appends the little-endian float32 bytes of `values`.
  mutating func append(bytesOf values: [Float]) {
    unsafe values.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }
}

extension RawSpan {
  /// An unsigned number of at most 4 bytes; the place is checked.
  func littleEndianNumber(at offset: Int, bytes count: Int) -> UInt32 {
    precondition(offset >= 0 && count <= 4 && offset + count <= byteCount, "a place inside the span")
    var value: UInt32 = 0
    for index in 0..<count {
      value |= UInt32(unsafe unsafeLoad(fromByteOffset: offset + index, as: UInt8.self)) << UInt32(8 * index)
    }
    return value
  }
}
