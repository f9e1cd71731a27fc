/// The entries of a zip archive (PKWARE APPNOTE 6.3): stored as they are, which is how Keras writes them, or
/// deflated, as after somebody packed them again. Checked against the archive's checksums.
struct ZipArchive {
  /// First bytes of an archive with an entry.
  static let signature: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

  private let bytes: [UInt8]
  private let entries: [String: Entry]

  private struct Entry {
    let method: Int
    let header: Int
    let checksum: Int
    let packedSize: Int
    let size: Int
  }

  /// Methods of packing, by their numbers.
  private enum Method {
    static let stored = 0
    static let deflated = 8
  }

  /// No recognizer comes near; what claims more is not unpacked.
  private static let largestEntry = 256 << 20

  /// Sizes and marks of the three structures that are read.
  private enum Layout {
    static let endMark = 0x0605_4B50
    static let endSize = 22
    static let longestComment = 0xFFFF
    static let directoryMark = 0x0201_4B50
    static let directorySize = 46
    static let headerMark = 0x0403_4B50
    static let headerSize = 30
  }

  init(_ bytes: [UInt8]) throws(RecognizerFault) {
    self.bytes = bytes
    guard let end = Self.end(of: bytes) else {
      throw RecognizerFault("the zip archive ends too early", .copyAgain)
    }
    let count = LittleEndian.integer(bytes, at: end + 10, width: 2)
    var at = LittleEndian.integer(bytes, at: end + 16, width: 4)
    var entries: [String: Entry] = [:]
    for _ in 0..<count {
      guard at + Layout.directorySize <= end,
        LittleEndian.integer(bytes, at: at, width: 4) == Layout.directoryMark
      else { throw Self.damaged }
      func number(_ offset: Int, _ width: Int) -> Int { LittleEndian.integer(bytes, at: at + offset, width: width) }
      let nameEnd = at + Layout.directorySize + number(28, 2)
      guard nameEnd <= end else { throw Self.damaged }
      let name = String(decoding: bytes[at + Layout.directorySize..<nameEnd], as: UTF8.self)
      entries[name] = Entry(
        method: number(10, 2), header: number(42, 4), checksum: number(16, 4), packedSize: number(20, 4),
        size: number(24, 4))
      at = nameEnd + number(30, 2) + number(32, 2)
    }
    self.entries = entries
  }

  private static var damaged: RecognizerFault { RecognizerFault("the zip archive is damaged", .copyAgain) }

  /// Where the record at the end begins; a comment may follow it.
  private static func end(of bytes: [UInt8]) -> Int? {
    let last = bytes.count - Layout.endSize
    guard last >= 0 else { return nil }
    return (max(0, last - Layout.longestComment)...last).last {
      LittleEndian.integer(bytes, at: $0, width: 4) == Layout.endMark
    }
  }

  /// The bytes of an entry.
  func entry(_ name: String) throws(RecognizerFault) -> [UInt8] {
    guard let entry = entries[name] else { throw RecognizerFault("the archive has no \(name)", .otherRecognizer) }
    guard entry.header + Layout.headerSize <= bytes.count,
      LittleEndian.integer(bytes, at: entry.header, width: 4) == Layout.headerMark
    else { throw Self.damaged }
    let start =
      entry.header + Layout.headerSize + LittleEndian.integer(bytes, at: entry.header + 26, width: 2)
      + LittleEndian.integer(bytes, at: entry.header + 28, width: 2)
    guard start + entry.packedSize <= bytes.count else { throw Self.damaged }
    let contents = try Self.unpacked(bytes[start..<start + entry.packedSize], entry, name)
    guard Self.checksum(contents) == UInt32(entry.checksum) else {
      throw RecognizerFault("\(name) in the archive is damaged", .copyAgain)
    }
    return contents
  }

  private static func unpacked(
    _ packed: ArraySlice<UInt8>, _ entry: Entry, _ name: String
  ) throws(RecognizerFault) -> [UInt8] {
    switch entry.method {
    case Method.stored: return Array(packed)
    case Method.deflated:
      guard entry.size <= largestEntry else {
        throw RecognizerFault("\(name) in the archive is larger than 256 MiB", .otherRecognizer)
      }
      guard let contents = Inflate.decode(packed, size: entry.size) else {
        throw RecognizerFault("\(name) in the archive is damaged", .copyAgain)
      }
      return contents
    default:
      throw RecognizerFault(
        "\(name) in the archive is packed by method \(entry.method), which is not known", .otherRecognizer)
    }
  }

  /// CRC-32 of ISO 3309, least bit first.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    let polynomial: UInt32 = 0xEDB8_8320
    var table: [UInt32] = []
    for byte in 0..<UInt32(256) {
      var value = byte
      for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : (value >> 1) ^ polynomial }
      table.append(value)
    }
    var sum = ~UInt32(0)
    for byte in bytes { sum = table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ (sum >> 8) }
    return ~sum
  }
}
