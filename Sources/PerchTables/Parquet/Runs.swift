// The RLE and bit-packing hybrid of levels, dictionary indices and truth values: parquet-format,
// Encodings.md, "Run Length Encoding / Bit-Packing Hybrid".

/// Reads the hybrid run by run, so that a long run costs no memory.
struct RunDecoder {
  /// Value of the run at hand, and how often it is still to come.
  private(set) var value: UInt32 = 0
  private(set) var left = 0

  private var cursor: ByteCursor
  private let width: Int
  private var packedLeft = 0
  private var packedBytes = ByteCursor([])
  private var bits: UInt64 = 0
  private var bitCount = 0

  /// - Parameter width: bits of a value, 0 to 32.
  init(_ cursor: ByteCursor, width: Int) throws(TableFault) {
    if !(0...32).contains(width) { throw .malformed("values have \(width) bits") }
    self.cursor = cursor
    self.width = width
  }

  /// An endless run of zeros: the levels of a column that needs none.
  static let zeros = RunDecoder()

  private init() {
    cursor = ByteCursor([])
    width = 0
    left = Int.max
  }

  mutating func next() throws(TableFault) -> UInt32 {
    try fill()
    left -= 1
    return value
  }

  /// Makes `value` and `left` those of the next value.
  mutating func fill() throws(TableFault) {
    while left == 0 {
      if packedLeft > 0 {
        packedLeft -= 1
        value = try packed()
        left = 1
        return
      }
      let header = try cursor.variableInteger()
      let count = Int(header >> 1)
      if header & 1 == 1 {
        packedLeft = try product(count, 8)
        packedBytes = try cursor.take(min(try product(count, width), cursor.remaining))
        bits = 0
        bitCount = 0
      } else {
        var bytes: UInt32 = 0
        for shift in stride(from: 0, to: width, by: 8) { bytes |= UInt32(try cursor.byte()) << UInt32(shift) }
        value = bytes
        left = count
      }
    }
  }

  /// Takes `count` values of the run at hand, `count` ≤ `left`.
  mutating func skip(_ count: Int) { left -= count }

  private mutating func packed() throws(TableFault) -> UInt32 {
    if bitCount < width {
      // Four bytes at a time as long as there are some: they fit beside the bits that are left.
      if let more = packedBytes.fourBytes() {
        bits |= UInt64(more) << UInt64(bitCount)
        bitCount += 32
      } else {
        while bitCount < width {
          bits |= UInt64(try packedBytes.byte()) << UInt64(bitCount)
          bitCount += 8
        }
      }
    }
    let value = UInt32(truncatingIfNeeded: bits & (1 << UInt64(width) - 1))
    bits >>= UInt64(width)
    bitCount -= width
    return value
  }
}

/// Writes the hybrid with runs only. The levels and indices of our tables repeat for long; packing
/// bits would save a few bytes in a row of kilobytes.
struct RunEncoder {
  private var runs: [(value: UInt32, count: Int)] = []

  /// Memory the runs take, for the size of the row group.
  var byteCount: Int { runs.count * MemoryLayout<(UInt32, Int)>.stride }

  mutating func append(_ value: UInt32, count: Int = 1) {
    if count == 0 { return }
    if let last = runs.last, last.value == value {
      runs[runs.count - 1].count += count
    } else {
      runs.append((value, count))
    }
  }

  /// The runs as bytes, for values of `width` bits.
  func bytes(width: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for run in runs {
      bytes.append(variableInteger: UInt64(run.count) << 1)
      for shift in stride(from: 0, to: width, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: run.value >> UInt32(shift)))
      }
    }
    return bytes
  }

  mutating func removeAll() { runs.removeAll(keepingCapacity: true) }
}
