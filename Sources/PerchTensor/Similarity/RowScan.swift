import CPlatform
import KernelTable

/// One worker's comparison of stored rows with queries: every score that may matter, in double.
///
/// Few queries are compared in double at once: the row comes from memory once, and that takes the time. Many
/// are compared by the matrix product in float32 first. Its sums err by at most γ·‖a‖‖b‖ with
/// γ = n·u/(1 − n·u), n = dimension + 2, u = 2⁻²⁴ (Higham, "Accuracy and Stability of Numerical Algorithms",
/// 2002, section 3.1), so a row whose sum stays further than that below the limit cannot reach it, and only
/// the others are compared in double. Scores that are offered, and which, never depend on the way taken.
package struct RowScan {
  private let queries: QueryVectors
  private let score: SimilarityScore
  /// Rows that are compared at a time: they stay in the second-level cache.
  private let blockRows: Int
  private let widened: Storage<Float>
  private let dots: Storage<Double>
  private let squares: Storage<Double>
  private let products: Storage<Float>
  /// Scores below these no longer matter, by query.
  private var limits: [Double]
  /// The same for what the matrix product gives, before the row's norm is taken into account.
  private var screenLimits: [Double]
  /// γ·‖b‖ by query, in the scale of the panels.
  private let slacks: [Double]
  /// ‖b‖ by query, in that scale.
  private let scaledNorms: [Double]

  /// Rows whose score is not defined: zeros (cosine only), or numbers that are not finite.
  package private(set) var undefinedRows = 0

  /// Up to this many queries the sums in double keep up with memory.
  package static let directQueries = 4
  private static let blockBytes = 384 << 10

  package init(_ queries: QueryVectors, score: SimilarityScore) {
    self.queries = queries
    self.score = score
    blockRows = max(8, min(256, Self.blockBytes / (4 * queries.dimension)))
    widened = Storage(count: blockRows * queries.dimension)
    let isDirect = queries.count <= Self.directQueries
    dots = Storage(count: max(1, isDirect ? blockRows * queries.count : 1))
    squares = Storage(count: blockRows)
    products = Storage(count: isDirect ? 1 : blockRows * queries.panels.paddedColumns)
    limits = Array(repeating: -.infinity, count: queries.count)
    screenLimits = limits
    let error = Double(queries.dimension + 2) * 0x1p-24
    scaledNorms = zip(queries.squares, queries.scales).map { $0.squareRoot() * $1 }
    // The last term is far above what this arithmetic in double errs by.
    slacks = scaledNorms.map { $0 * (error / (1 - error) + 1e-12) }
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
        let floats: UnsafePointer<Float>
        switch number {
        case .float32: unsafe floats = from.assumingMemoryBound(to: Float.self)
        case .float16:
          unsafe queries.kernels.similarity.widenHalves(
            from.assumingMemoryBound(to: UInt16.self), part * queries.dimension, widened.base)
          unsafe floats = UnsafePointer(widened.base)
        }
        if queries.count <= Self.directQueries {
          unsafe compare(floats, part, first, offer)
        } else {
          unsafe screen(floats, part, first, offer)
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

  // MARK: - In double

  private mutating func compare(
    _ rows: UnsafePointer<Float>, _ count: Int, _ first: Int, _ offer: (Int, Int, Double) -> Double
  ) {
    unsafe multiply(rows, count, queries.doubles.base, queries.count, squares.base)
    for row in 0..<count {
      let square = unsafe squares.base[row]
      var isDefined = true
      for query in 0..<queries.count {
        let dot = unsafe dots.base[row * queries.count + query]
        guard let value = score.value(dot: dot, square: square, querySquare: queries.squares[query]) else {
          isDefined = false
          continue
        }
        if value >= limits[query] { limits[query] = offer(query, first + row, value) }
      }
      if !isDefined { undefinedRows += 1 }
    }
  }

  private func multiply(
    _ rows: UnsafePointer<Float>, _ count: Int, _ vectors: UnsafePointer<Double>, _ vectorCount: Int,
    _ squares: UnsafeMutablePointer<Double>
  ) {
    var arguments = unsafe RowProducts(
      rows: rows, row_count: count, depth: queries.dimension, queries: vectors, query_count: vectorCount,
      dots: dots.base, squares: squares)
    unsafe queries.kernels.similarity.rowProducts(&arguments)
  }

  // MARK: - In float32 first

  /// Squared norms within which no sum of the matrix product overflows, and what underflow costs it is far
  /// below γ.
  private static let screened = 0x1p-100...0x1p+120

  private mutating func screen(
    _ rows: UnsafePointer<Float>, _ count: Int, _ first: Int, _ offer: (Int, Int, Double) -> Double
  ) {
    unsafe multiply(rows, count, queries.doubles.base, 0, squares.base)
    unsafe multiplyInSinglePrecision(rows, count)
    let columns = queries.panels.paddedColumns
    for row in 0..<count {
      let square = unsafe squares.base[row]
      let values = unsafe rows + row * queries.dimension
      guard Self.screened.contains(square) else {
        unsafe compareAll(values, square, first + row, offer)
        continue
      }
      let norm = square.squareRoot()
      let factor = score == .cosine ? norm : 1
      let sums = unsafe products.base + row * columns
      for query in 0..<queries.count {
        let highest = unsafe Double(sums[query]) + slacks[query] * norm
        if highest >= screenLimits[query] * factor { unsafe compareOne(values, query, first + row, offer) }
      }
    }
  }

  private func multiplyInSinglePrecision(_ rows: UnsafePointer<Float>, _ count: Int) {
    let block = queries.kernels.channelBlock
    var arguments = unsafe MatrixProduct(
      a: rows, a_row: queries.dimension, a_block: block, rows: count, depth: queries.dimension,
      columns: queries.panels.paddedColumns, b: UnsafePointer(queries.panels.storage.base), bias: nil,
      c: products.base, c_offsets: nil, c_row: queries.panels.paddedColumns, c_block: block, residual: nil,
      activation: ActivationCode.none)
    unsafe queries.kernels.matrixProduct(&arguments)
  }

  /// A row whose norm the matrix product cannot be trusted with.
  private mutating func compareAll(
    _ values: UnsafePointer<Float>, _ square: Double, _ row: Int, _ offer: (Int, Int, Double) -> Double
  ) {
    if !square.isFinite || (score == .cosine && square == 0) {
      undefinedRows += 1
      return
    }
    for query in 0..<queries.count { unsafe compareOne(values, query, row, offer) }
  }

  private mutating func compareOne(
    _ values: UnsafePointer<Float>, _ query: Int, _ row: Int, _ offer: (Int, Int, Double) -> Double
  ) {
    var square = 0.0
    unsafe multiply(values, 1, UnsafePointer(queries.doubles.base + query * queries.dimension), 1, &square)
    let querySquare = queries.squares[query]
    guard let value = unsafe score.value(dot: dots.base[0], square: square, querySquare: querySquare),
      value >= limits[query]
    else { return }
    limits[query] = offer(query, row, value)
    let scale = score == .cosine ? scaledNorms[query] : queries.scales[query]
    screenLimits[query] = limits[query] * scale
  }
}
