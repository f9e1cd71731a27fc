/// A part of a file or of memory: a message, a tensor, a text.
struct ByteRange: Sendable {
  let source: ByteSource
  let range: Range<Int>

  init(_ source: ByteSource) { self.init(source, 0..<source.count) }

  init(_ source: ByteSource, _ range: Range<Int>) {
    self.source = source
    self.range = range
  }

  var count: Int { range.count }

  /// A copy of the bytes. `limit` bounds what is small by its nature.
  func bytes(limit: Int = .max) throws(ExportFault) -> [UInt8] {
    guard count <= limit else { throw ExportFault(.corrupt, "a field of \(count) bytes is too long") }
    return try source.bytes(range)
  }

  /// The same bytes in memory, for messages of many small fields.
  func loaded(limit: Int) throws(ExportFault) -> ByteRange {
    ByteRange(ByteSource(try bytes(limit: limit)))
  }

  func text() throws(ExportFault) -> String {
    guard let text = String(validating: try bytes(limit: 1 << 20), as: UTF8.self) else {
      throw ExportFault(.corrupt, "a text is not UTF-8")
    }
    return text
  }
}

/// A place in bytes that moves forward. Every step is checked against the end.
struct ByteCursor {
  private let source: ByteSource
  private(set) var position: Int
  private let end: Int
  /// What is in memory, from `start`.
  private var buffer: [UInt8]
  private var start: Int

  init(_ range: ByteRange) {
    (source, position, end) = (range.source, range.range.lowerBound, range.range.upperBound)
    (buffer, start) = (source.resident ?? [], source.resident == nil ? position : 0)
  }

  var remaining: Int { end - position }

  mutating func byte() throws(ExportFault) -> UInt8 {
    guard position < end else { throw ExportFault(.corrupt, "a value runs past its end") }
    if position < start || position >= start + buffer.count {
      buffer = try source.bytes(position..<min(end, position + 4096))
      start = position
    }
    defer { position += 1 }
    return buffer[position - start]
  }

  /// Skips `count` bytes, a claim of the file, and returns what they are.
  mutating func take(_ count: UInt64) throws(ExportFault) -> ByteRange {
    guard count <= UInt64(remaining) else { throw ExportFault(.corrupt, "a length runs past its end") }
    defer { position += Int(count) }
    return ByteRange(source, position..<position + Int(count))
  }

  /// Unsigned, little-endian, `width` up to 8 bytes.
  mutating func number(_ width: Int) throws(ExportFault) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<width { value |= UInt64(try byte()) << UInt64(8 * index) }
    return value
  }

  /// Seven bits a byte, low ones first, at most 64 in all.
  mutating func variableInteger() throws(ExportFault) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try byte()
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw ExportFault(.corrupt, "a number has more than 64 bits")
  }
}
