import PerchCore

/// Vectors as Base64 text.
struct EmbeddingPayload {
  /// Values of an embedding, where the table's provenance tells.
  let dimension: Int?

  /// A row of the older CSV tables that were written with their columns shifted by one: `channel` holds
  /// the source, `offset` the channel, and the vector begins with the offset.
  struct Shifted {
    let start: Double
    /// Whether the table was made with 16-bit numbers, which the offset went through too.
    let isHalf: Bool
  }

  /// Values of a shifted vector: only models of 1280 were in use.
  private static let shiftedCount = 1281
  /// Values of the known models' embeddings, by which a payload of 16-bit numbers is told.
  private static let knownDimensions = [1280, 1536]

  /// The vector in `text`, and what was before it when `mayBeShifted` allows that; nil when it is no
  /// such text, or of a length that fits no width of number.
  func decode(
    _ text: ArraySlice<UInt8>, mayBeShifted: Bool, into vector: inout [Float]
  ) throws(TableFault) -> Shifted? {
    vector.removeAll(keepingCapacity: true)
    guard let bytes = Base64.decode(text) else { throw .malformed("the embedding is not Base64 text") }
    guard let width = width(of: bytes.count, mayBeShifted: mayBeShifted) else {
      throw .malformed("the embedding has \(bytes.count) bytes, which is no whole number of values")
    }
    var cursor = ByteCursor(bytes)
    if width == 4 {
      try cursor.floats(bytes.count / 4, into: &vector)
    } else {
      while cursor.remaining > 0 { vector.append(Float(try cursor.number(Float16.self))) }
    }
    guard mayBeShifted, vector.count == EmbeddingPayload.shiftedCount else { return nil }
    let start = vector.removeFirst()
    return Shifted(start: Double(start), isHalf: vector.allSatisfy { Float(Float16($0)) == $0 })
  }

  /// Bytes of a value: 4, or 2 where the dimension says so.
  private func width(of byteCount: Int, mayBeShifted: Bool) -> Int? {
    if let dimension, dimension > 0 {
      if byteCount == product(dimension, 4) { return 4 }
      return byteCount == product(dimension, 2) ? 2 : nil
    }
    let isHalf =
      EmbeddingPayload.knownDimensions.contains { byteCount == $0 * 2 }
      || (mayBeShifted && byteCount == EmbeddingPayload.shiftedCount * 2)
    if isHalf { return 2 }
    return byteCount > 0 && byteCount.isMultiple(of: 4) ? 4 : nil
  }

  private func product(_ a: Int, _ b: Int) -> Int? {
    let (value, isOverflow) = a.multipliedReportingOverflow(by: b)
    return isOverflow ? nil : value
  }
}

/// Restores offsets that passed through half precision, which holds multiples of 5 s up to 2048 s only:
/// 2055 became 2056, and 65 520 infinite.
///
/// Rows of one source and channel are in order of time, so an offset follows from the row's number and
/// the first two offsets, which are exact. Where the stored value is not the half-precision form of what
/// follows, the rows are not so ordered and the stored value stands.
struct HalfOffsets {
  private struct Key: Hashable {
    let source: String?
    let channel: Int32
  }

  private struct Series {
    let first: Double
    var hop = 0.0
    var count = 1
  }

  private var series: [Key: Series] = [:]

  mutating func restore(_ row: RawEmbedding) -> Double {
    let key = Key(source: row.source, channel: row.channel)
    guard var known = series[key] else {
      series[key] = Series(first: row.start)
      return row.start
    }
    if known.count == 1 { known.hop = row.start - known.first }
    let expected = known.first + Double(known.count) * known.hop
    known.count += 1
    series[key] = known
    return Float16(expected) == Float16(row.start) ? expected : row.start
  }
}
