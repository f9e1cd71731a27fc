/// Why a compressed block cannot be unpacked.
package enum SnappyFault: Error, Equatable, Sendable {
  /// The input ends within an element.
  case truncated
  case malformed(String)
}

/// Snappy's raw format (github.com/google/snappy, format_description.txt), reading only.
/// Float embeddings hardly compress, so nothing is written with it.
package enum Snappy {
  /// No element makes more bytes of one: a copy of 64 bytes takes 3, rounded up.
  private static let maximumExpansion = 32

  /// - Parameter size: what the container promises, or nil where only the block itself says it.
  /// - Parameter limit: most bytes that are unpacked.
  package static func decompress(
    _ input: ArraySlice<UInt8>, size: Int? = nil, limit: Int = .max
  ) throws(SnappyFault) -> [UInt8] {
    var input = Input(input)
    let claimed = try input.variableInteger()
    // Before memory is taken: two claims that must agree, and that the input can fulfil.
    guard claimed <= UInt64(limit), size == nil || claimed == UInt64(size ?? 0),
      claimed / UInt64(maximumExpansion) <= UInt64(input.remaining)
    else { throw wrongSize }
    let size = Int(claimed)
    var output: [UInt8] = []
    output.reserveCapacity(size)
    while input.remaining > 0 {
      let tag = try input.byte()
      if tag & 3 == 0 {
        output.append(contentsOf: try input.take(try literalLength(tag, &input)))
      } else {
        let (distance, count) = try copy(tag, &input)
        if distance == 0 || distance > output.count {
          throw .malformed("a compressed page refers to bytes before its start")
        }
        if output.count + count > size { break }
        // Ends may overlap: byte by byte.
        for _ in 0..<count { output.append(output[output.count - distance]) }
      }
      if output.count > size { break }
    }
    if output.count != size || input.remaining != 0 { throw wrongSize }
    return output
  }

  private static let wrongSize = SnappyFault.malformed(
    "a compressed page has another size than its header says")

  /// Lengths up to 60 are in the tag, longer ones in the 1 to 4 bytes that follow it.
  private static func literalLength(_ tag: UInt8, _ input: inout Input) throws(SnappyFault) -> Int {
    let short = Int(tag >> 2)
    return short < 60 ? short + 1 : try input.number(short - 59) + 1
  }

  private static func copy(
    _ tag: UInt8, _ input: inout Input
  ) throws(SnappyFault) -> (distance: Int, count: Int) {
    switch tag & 3 {
    case 1: (Int(tag >> 5) << 8 | (try input.number(1)), Int(tag >> 2 & 7) + 4)
    case 2: (try input.number(2), Int(tag >> 2) + 1)
    default: (try input.number(4), Int(tag >> 2) + 1)
    }
  }

  private struct Input {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    var remaining: Int { bytes.count }

    mutating func byte() throws(SnappyFault) -> UInt8 {
      guard let first = bytes.popFirst() else { throw .truncated }
      return first
    }

    mutating func take(_ count: Int) throws(SnappyFault) -> ArraySlice<UInt8> {
      guard count <= bytes.count else { throw .truncated }
      defer { bytes = bytes.dropFirst(count) }
      return bytes.prefix(count)
    }

    /// Little-endian, of `width` bytes.
    mutating func number(_ width: Int) throws(SnappyFault) -> Int {
      var value = 0
      for index in 0..<width { value |= Int(try byte()) << (8 * index) }
      return value
    }

    mutating func variableInteger() throws(SnappyFault) -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        let byte = try byte()
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
      }
      throw .malformed("a number has more than 64 bits")
    }
  }
}
