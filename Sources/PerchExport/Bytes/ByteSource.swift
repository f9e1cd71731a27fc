import Glibc
import SystemPackage

// The only file of this target that touches raw memory.

/// Bytes that are read at given places: a file, or what was unpacked from one.
///
/// Files are read, not mapped: a file that shrinks while it is read gives an error and not a signal.
final class ByteSource: Sendable {
  private enum Storage: Sendable {
    case file(FileDescriptor)
    case memory([UInt8])
  }

  let count: Int
  private let storage: Storage

  init(_ bytes: [UInt8]) {
    storage = .memory(bytes)
    count = bytes.count
  }

  /// - Throws: `missing` where there is no such file, `unreadable` where it is not a regular file.
  init(file: FilePath, missing: ExportFault.Reason) throws(ExportFault) {
    let name = file.lastComponent?.string ?? file.string
    do {
      // A pipe would otherwise wait here for a writer; it is refused below.
      let descriptor = try FileDescriptor.open(file, .readOnly, options: [.nonBlocking, .closeOnExec])
      var status = stat()
      guard unsafe fstat(descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        try descriptor.close()
        throw Errno.invalidArgument
      }
      storage = .file(descriptor)
      count = Int(status.st_size)
    } catch let error as Errno {
      switch error {
      case .noSuchFileOrDirectory: throw ExportFault(missing, "\(name) is not there")
      case .invalidArgument: throw ExportFault(.unreadable, "\(name) is not a file")
      default: throw ExportFault(.unreadable, "\(name) cannot be read (\(error))")
      }
    } catch {
      throw ExportFault(.unreadable, "\(name) cannot be read")
    }
  }

  deinit { if case .file(let descriptor) = storage { try? descriptor.close() } }

  /// All bytes where they are in memory already.
  var resident: [UInt8]? {
    if case .memory(let bytes) = storage { bytes } else { nil }
  }

  /// The bytes of `range`, which the caller has checked against `count`.
  func bytes(_ range: Range<Int>) throws(ExportFault) -> [UInt8] {
    switch storage {
    case .memory(let bytes): return Array(bytes[range])
    case .file(let descriptor):
      var result = [UInt8](repeating: 0, count: range.count)
      let got = unsafe result.withUnsafeMutableBytes { target in
        unsafe Self.fill(target, from: descriptor, at: range.lowerBound)
      }
      guard got else { throw Self.shrunk }
      return result
    }
  }

  /// Little-endian float32 values from `offset`, with the CRC-32C of their bytes. The caller has checked
  /// the range against `count`.
  func floats(at offset: Int, count: Int) throws(ExportFault) -> (values: [Float], checksum: UInt32) {
    var checksum = CRC32C()
    var complete = true
    let values = unsafe [Float](unsafeUninitializedCapacity: count) { target, filled in
      filled = count
      // In pieces, so that the checksum finds them in the cache.
      let piece = 1 << 16
      for start in stride(from: 0, to: count, by: piece) {
        let part = unsafe UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(target)[start * 4..<min(count, start + piece) * 4])
        switch storage {
        case .memory(let bytes):
          unsafe part.copyBytes(from: bytes[offset + start * 4..<offset + start * 4 + part.count])
        case .file(let descriptor):
          complete = unsafe complete && Self.fill(part, from: descriptor, at: offset + start * 4)
        }
        // Bytes that could not be read count as zero; the result is thrown away.
        if !complete { unsafe part.initializeMemory(as: UInt8.self, repeating: 0) }
        unsafe checksum.update(part.bytes)
      }
    }
    guard complete else { throw Self.shrunk }
    return (values, checksum.value)
  }

  private static func fill(
    _ target: UnsafeMutableRawBufferPointer, from descriptor: FileDescriptor, at offset: Int
  ) -> Bool {
    var filled = 0
    while filled < target.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[filled...])
      let got = unsafe try? descriptor.read(fromAbsoluteOffset: Int64(offset + filled), into: rest)
      guard let got, got > 0 else { return false }
      filled += got
    }
    return true
  }

  private static let shrunk = ExportFault(.truncated, "the file cannot be read to its end")
}

/// CRC-32 with the polynomial of Castagnoli, reflected 0x82F63B78 (RFC 3720, B.4), eight bytes at a time
/// (Kounavis and Berry 2005, "slicing-by-8").
struct CRC32C {
  private var register: UInt32 = ~0

  var value: UInt32 { ~register }

  /// The form in which checkpoint files store a checksum of their own bytes.
  static func masked(_ value: UInt32) -> UInt32 { (value >> 15 | value << 17) &+ 0xA282_EAD8 }

  static func masked(of bytes: [UInt8]) -> UInt32 {
    var checksum = CRC32C()
    unsafe checksum.update(bytes.span.bytes)
    return masked(checksum.value)
  }

  mutating func update(_ bytes: RawSpan) {
    let tables = Self.tables.span
    var crc = register
    var index = 0
    while index + 8 <= bytes.byteCount {
      let word =
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ UInt64(crc)
      crc = 0
      for lane in 0..<8 { crc ^= tables[(7 - lane) << 8 | Int(word >> (8 * UInt64(lane)) & 255)] }
      index += 8
    }
    while index < bytes.byteCount {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      crc = crc >> 8 ^ tables[Int((crc ^ UInt32(byte)) & 255)]
      index += 1
    }
    register = crc
  }

  /// Table k (256 entries each) is the effect of a byte that k zero bytes follow.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
      tables[byte] = crc
    }
    for index in 256..<2048 {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 255)]
    }
    return tables
  }()
}
