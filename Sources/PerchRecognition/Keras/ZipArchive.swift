/// The entries of a zip archive (PKWARE APPNOTE 6.3) that are stored as they are, which is how Keras writes them.
struct ZipArchive {
  /// First bytes of an archive with an entry.
  static let signature: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

  private let bytes: [UInt8]
  private let entries: [String: Entry]

  private struct Entry {
    let method: Int
    let header: Int
    let size: Int
  }

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
      entries[name] = Entry(method: number(10, 2), header: number(42, 4), size: number(20, 4))
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
    guard entry.method == 0 else {
      throw RecognizerFault("\(name) in the archive is compressed; Keras stores it plainly", .otherRecognizer)
    }
    guard entry.header + Layout.headerSize <= bytes.count,
      LittleEndian.integer(bytes, at: entry.header, width: 4) == Layout.headerMark
    else { throw Self.damaged }
    let start =
      entry.header + Layout.headerSize + LittleEndian.integer(bytes, at: entry.header + 26, width: 2)
      + LittleEndian.integer(bytes, at: entry.header + 28, width: 2)
    guard start + entry.size <= bytes.count else { throw Self.damaged }
    return Array(bytes[start..<start + entry.size])
  }
}
