/// Snappy's raw format (github.com/google/snappy, format_description.txt), reading only.
/// Float embeddings hardly compress, so nothing is written with it.
enum Snappy {
  /// No element makes more bytes of one: a copy of 64 bytes takes 3, rounded up.
  private static let maximumExpansion = 32

  /// - Parameter size: what the page's header promises.
  static func decompress(_ input: ByteCursor, size: Int) throws(TableFault) -> [UInt8] {
    var input = input
    let claimed = try input.variableInteger()
    // Before memory is taken: two claims that must agree, and that the input can fulfil.
    if claimed != UInt64(size) || size / maximumExpansion > input.remaining {
      throw .malformed("a compressed page has another size than its header says")
    }
    var output: [UInt8] = []
    output.reserveCapacity(size)
    while input.remaining > 0 {
      let tag = try input.byte()
      if tag & 3 == 0 {
        let literal = try input.take(try literalLength(tag, &input))
        output.append(contentsOf: literal.rest)
      } else {
        let (distance, count) = try copy(tag, &input)
        if distance == 0 || distance > output.count {
          throw .malformed("a compressed page refers to bytes before its start")
        }
        if output.count + count > size { break }
        output.appendCopy(distance: distance, count: count)
      }
      if output.count > size { break }
    }
    if output.count != size || input.remaining != 0 {
      throw .malformed("a compressed page has another size than its header says")
    }
    return output
  }

  /// Lengths up to 60 are in the tag, longer ones in the 1 to 4 bytes that follow it.
  private static func literalLength(_ tag: UInt8, _ input: inout ByteCursor) throws(TableFault) -> Int {
    let short = Int(tag >> 2)
    if short < 60 { return short + 1 }
    var length = 0
    for index in 0..<(short - 59) { length |= Int(try input.byte()) << (8 * index) }
    return length + 1
  }

  private static func copy(
    _ tag: UInt8, _ input: inout ByteCursor
  ) throws(TableFault) -> (distance: Int, count: Int) {
    switch tag & 3 {
    case 1: (Int(tag >> 5) << 8 | Int(try input.byte()), Int(tag >> 2 & 7) + 4)
    case 2: (Int(try input.number(UInt16.self)), Int(tag >> 2) + 1)
    default: (Int(try input.number(UInt32.self)), Int(tag >> 2) + 1)
    }
  }
}
