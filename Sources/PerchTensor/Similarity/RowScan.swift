import CPlatform
import KernelTable

/// One worker's comparison of stored rows with queries: every score that may matter, in double.
///
/// Sums in float32 come first, and go as fast as memory brings the rows; for many queries they are a matrix
/// product. They err by at most γ·‖a‖‖b‖ with γ = n·u/(1 − n·u), n = dimension + 2, u = 2⁻²⁴ (Higham, "Accuracy and
/// Stability of Numerical Algorithms", 2002, section 3.1), so a row whose sum stays further than that below
/// the limit cannot reach it, and only the others are summed in double. Their scores do not depend on the way
/// taken, and which rows are found at or above a limit does not either.
package struct RowScan {
  private let queries: QueryVectors
  private let score: SimilarityScore
  /// Rows that are estimated at a time: they stay in the second-level cache.
  private let blockRows: Int
  /// Columns of the estimates.
  private let columns: Int
  /// For 16-bit rows: a block for the matrix product, or a row.
  private let widened: Storage<Float>
  private let estimates: Storage<Float>
  private let estimatedSquares: Storage<Float>
  /// Dot product and squared norm of one row.
  private let sums = Storage<Double>(count: 2)
  /// Scores below these no longer matter, by query.
  private var limits: [Double]
  /// The same for what the estimates give, before the row's norm is taken into account.
  private var scaledLimits: [Double]
  /// By query: how far an estimate may be off, for a row of norm 1.
  private let slacks: [Double]
  /// ‖b‖ by query, scaled.
  private let scaledNorms: [Double]

  /// Rows whose score is not defined: zeros (cosine only), or numbers that are not finite.
  package private(set) var undefinedRows = 0

  /// From more queries than this on, the matrix product is faster.
  package static let directQueries = 4
  private static let blockBytes = 384 << 10

  package init(_ queries: QueryVectors, score: SimilarityScore) {
    self.queries = queries
    self.score = score
    blockRows = max(8, min(256, Self.blockBytes / (4 * queries.dimension)))
    columns = queries.count <= Self.directQueries ? queries.count : queries.panels.paddedColumns
    widened = Storage(count: blockRows * queries.dimension)
    estimates = Storage(count: max(1, blockRows * columns))
    estimatedSquares = Storage(count: blockRows)
    limits = Array(repeating: -.infinity, count: queries.count)
    scaledLimits = limits
    let error = Double(queries.dimension + 2) * 0x1p-24
    scaledNorms = zip(queries.squares, queries.scales).map { $0.squareRoot() * $1 }
    // γ for the sum, γ for the norm, which is estimated too (its root errs by half of that), and a tenth for
    // the products of the two and for this arithmetic in double.
    slacks = scaledNorms.map { $0 * 2.1 * error / (1 - error) }
  }

  /// Compares `count` rows that lie one after the other.
  ///
  /// - Parameters:
  ///   - rows: `count` × dimension numbers, aligned as such.
  ///   - offer: is given (query, row, score) for every defined score at or above the query's limit, perhaps for
  ///     some below, and returns the new limit, −∞ for none. Of one query the rows come in rising order.
  package mutating func scan(
    _ rows: RawSpan, of number: RowNumber, count: Int, offer: (Int, Int, Double) -> Double
  ) {
    precondition(rows.byteCount == count * queries.dimension * number.bytes, "as many numbers as rows hold")
    unsafe rows.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      precondition(Int(bitPattern: base) % number.bytes == 0, "aligned numbers")
      var first = 0
      while first < count {
        let part = min(blockRows, count - first)
        let from = unsafe base + first * queries.dimension * number.bytes
        unsafe estimate(from, number, part)
        for row in 0..<part {
          let values = unsafe from + row * queries.dimension * number.bytes
          unsafe compare(values, number, estimatesAt: row, first + row, offer)
        }
        first += part
      }
    }
  }

  /// The same for float32 rows in an array.
  package mutating func scan(_ rows: borrowing [Float], offer: (Int, Int, Double) -> Double) {
    let count = rows.count / queries.dimension
    unsafe scan(rows.span.bytes, of: .float32, count: count, offer: offer)
  }

  // MARK: - Estimates

  private func estimate(_ rows: UnsafeRawPointer, _ number: RowNumber, _ count: Int) {
    let isDirect = queries.count <= Self.directQueries
    var arguments = unsafe RowEstimates(
      rows: rows, row_count: count, depth: queries.dimension, half: number == .float16 ? 1 : 0,
      queries: queries.scaled.base, query_count: isDirect ? queries.count : 0, dots: estimates.base,
      squares: estimatedSquares.base)
    unsafe queries.kernels.similarity.rowEstimates(&arguments)
    if isDirect { return }
    let block = queries.kernels.channelBlock
    var product = unsafe MatrixProduct(
      a: floats(rows, number, count), a_row: queries.dimension, a_block: block, rows: count,
      depth: queries.dimension,
      columns: columns, b: UnsafePointer(queries.panels.storage.base), bias: nil, c: estimates.base, c_offsets: nil,
      c_row: columns, c_block: block, residual: nil, activation: ActivationCode.none)
    unsafe queries.kernels.matrixProduct(&product)
  }

  private func floats(_ rows: UnsafeRawPointer, _ number: RowNumber, _ count: Int) -> UnsafePointer<Float> {
    switch number {
    case .float32: return unsafe rows.assumingMemoryBound(to: Float.self)
    case .float16:
      unsafe queries.kernels.similarity.widenHalves(
        rows.assumingMemoryBound(to: UInt16.self), count * queries.dimension, widened.base)
      return unsafe UnsafePointer(widened.base)
    }
  }

  /// Squared norms within which no sum overflows, and what underflow costs is far below γ.
  private static let trusted: ClosedRange<Float> = 0x1p-100...0x1p+120

  // MARK: - In double

  private mutating func compare(
    _ values: UnsafeRawPointer, _ number: RowNumber, estimatesAt place: Int, _ row: Int,
    _ offer: (Int, Int, Double) -> Double
  ) {
    let square = unsafe estimatedSquares.base[place]
    let isTrusted = Self.trusted.contains(square)
    let norm = Double(square).squareRoot()
    let factor = score == .cosine ? norm : 1
    let dots = unsafe estimates.base + place * columns
    for query in 0..<queries.count {
      let highest = unsafe Double(dots[query]) + slacks[query] * norm
      if isTrusted && highest < scaledLimits[query] * factor { continue }
      let floats = unsafe floats(values, number, 1)
      guard let value = unsafe exact(floats, query) else {
        undefinedRows += 1
        return  // for every query
      }
      if value >= limits[query] {
        limits[query] = offer(query, row, value)
        scaledLimits[query] = limits[query] * (score == .cosine ? scaledNorms[query] : queries.scales[query])
      }
    }
  }

  private func exact(_ row: UnsafePointer<Float>, _ query: Int) -> Double? {
    var arguments = unsafe RowProducts(
      rows: row, row_count: 1, depth: queries.dimension,
      queries: queries.doubles.base + query * queries.dimension, query_count: 1, dots: sums.base,
      squares: sums.base + 1)
    unsafe queries.kernels.similarity.rowProducts(&arguments)
    return score.value(dot: sums[0], square: sums[1], querySquare: queries.squares[query])
  }
}
