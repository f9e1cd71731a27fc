/// Deflate, backwards (RFC 1951). For small archives: it says what it does and is not made for speed.
package struct Inflate {
  private let input: ArraySlice<UInt8>
  private var position: Int
  private var bits: UInt32 = 0
  private var bitCount = 0
  private var output: [UInt8] = []
  private let size: Int

  private struct Damaged: Error {}

  /// The bytes that `input` stands for, or nil unless they are well formed and just `size`.
  package static func decode(_ input: ArraySlice<UInt8>, size: Int) -> [UInt8]? {
    var inflate = Inflate(input, size: size)
    guard (try? inflate.run()) != nil, inflate.output.count == size else { return nil }
    return inflate.output
  }

  private init(_ input: ArraySlice<UInt8>, size: Int) {
    self.input = input
    self.size = size
    position = input.startIndex
  }

  private mutating func run() throws(Damaged) {
    var isLast = false
    while !isLast {
      isLast = try take(1) == 1
      switch try take(2) {
      case 0: try copyStored()
      case 1: try copyCoded(Self.fixedLiterals, Self.fixedDistances)
      case 2:
        let (literals, distances) = try readCodes()
        try copyCoded(literals, distances)
      default: throw Damaged()
      }
    }
  }

  private mutating func take(_ count: Int) throws(Damaged) -> Int {
    while bitCount < count {
      guard position < input.endIndex else { throw Damaged() }
      bits |= UInt32(input[position]) << UInt32(bitCount)
      position += 1
      bitCount += 8
    }
    defer {
      bits >>= UInt32(count)
      bitCount -= count
    }
    return Int(bits & (1 << UInt32(count) - 1))
  }

  private mutating func append(_ byte: UInt8) throws(Damaged) {
    guard output.count < size else { throw Damaged() }
    output.append(byte)
  }

  private mutating func copyStored() throws(Damaged) {
    _ = try take(bitCount % 8)
    let (count, complement) = (try take(16), try take(16))
    guard count == ~complement & 0xFFFF else { throw Damaged() }
    for _ in 0..<count { try append(UInt8(try take(8))) }
  }

  /// Bases and extra bits of lengths from symbol 257, and of distances (section 3.2.5).
  private static let lengths = zip(
    [
      3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
      258,
    ],
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
  ).map { (base: $0, extra: $1) }
  private static let distances = (0..<30).map { symbol in
    let extra = max(0, symbol / 2 - 1)
    return (base: symbol < 4 ? symbol + 1 : (2 + symbol % 2) << extra + 1, extra: extra)
  }

  private mutating func copyCoded(_ literals: Code, _ distances: Code) throws(Damaged) {
    while true {
      let symbol = try next(literals)
      if symbol < 256 {
        try append(UInt8(symbol))
      } else if symbol == 256 {
        return
      } else {
        guard symbol - 257 < Self.lengths.count else { throw Damaged() }
        let length = Self.lengths[symbol - 257]
        let count = length.base + (try take(length.extra))
        let far = try next(distances)
        guard far < Self.distances.count else { throw Damaged() }
        let distance = Self.distances[far].base + (try take(Self.distances[far].extra))
        guard distance <= output.count else { throw Damaged() }
        for _ in 0..<count { try append(output[output.count - distance]) }
      }
    }
  }

  /// A canonical Huffman code: how many symbols have each length, and the symbols in the order of theirs.
  private struct Code {
    var counts = [Int](repeating: 0, count: 16)
    var symbols: [Int] = []

    init(_ lengths: some Collection<Int>) {
      for length in lengths { counts[length] += 1 }
      counts[0] = 0
      symbols = lengths.enumerated().filter { $0.element > 0 }
        .sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }.map(\.offset)
    }
  }

  private static let fixedLiterals = Code(
    (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
  private static let fixedDistances = Code([Int](repeating: 5, count: 30))

  private mutating func next(_ code: Code) throws(Damaged) -> Int {
    var (value, first, index) = (0, 0, 0)
    for length in 1..<16 {
      value |= try take(1)
      let count = code.counts[length]
      if value - first < count { return code.symbols[index + value - first] }
      index += count
      first = (first + count) << 1
      value <<= 1
    }
    throw Damaged()
  }

  private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  private mutating func readCodes() throws(Damaged) -> (Code, Code) {
    let literals = try take(5) + 257
    let distances = try take(5) + 1
    var lengths = [Int](repeating: 0, count: 19)
    for place in Self.order.prefix(try take(4) + 4) { lengths[place] = try take(3) }
    let code = Code(lengths)
    lengths = []
    while lengths.count < literals + distances {
      let symbol = try next(code)
      if symbol < 16 {
        lengths.append(symbol)
        continue
      }
      guard symbol != 16 || !lengths.isEmpty else { throw Damaged() }
      let value = symbol == 16 ? lengths[lengths.count - 1] : 0
      let count = symbol == 16 ? 3 + (try take(2)) : symbol == 17 ? 3 + (try take(3)) : 11 + (try take(7))
      lengths += Array(repeating: value, count: count)
    }
    guard lengths.count == literals + distances else { throw Damaged() }
    return (Code(lengths[..<literals]), Code(lengths[literals...]))
  }
}
