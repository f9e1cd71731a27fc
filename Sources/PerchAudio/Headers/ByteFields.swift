/// Fields of binary headers. Every read is checked: nil past the end.
extension Array where Element == UInt8 {
  /// Unsigned little-endian number of `count` (up to 8) bytes.
  func littleEndian(at offset: Int, _ count: Int) -> UInt64? {
    guard offset >= 0, offset <= self.count - count else { return nil }
    return self[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Unsigned big-endian number of `count` (up to 8) bytes.
  func bigEndian(at offset: Int, _ count: Int) -> UInt64? {
    guard offset >= 0, offset <= self.count - count else { return nil }
    return self[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// True where the bytes at `offset` are those of `text`.
  func has(_ text: String, at offset: Int = 0) -> Bool {
    guard offset >= 0, offset + text.utf8.count <= count else { return false }
    return self[offset..<offset + text.utf8.count].elementsEqual(text.utf8)
  }

  /// Text up to the first zero byte; what is not UTF-8 becomes U+FFFD.
  func text(_ range: Range<Int>? = nil) -> String {
    let slice = range.map { self[$0.clamped(to: indices)] } ?? self[...]
    return String(decoding: slice.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The bytes of a little-endian number.
  static func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}

/// A length that a file claims, as an Int: no claim exceeds `Int.max`.
func clamped(_ claim: UInt64) -> Int { Int(clamping: claim) }
