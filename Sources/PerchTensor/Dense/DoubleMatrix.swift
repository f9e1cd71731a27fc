import CPlatform
import KernelTable

/// A matrix of doubles in rows. The distance of two rows is an odd number of cache lines, so that a walk down
/// a column does not return to the same few sets of the cache.
package struct DoubleMatrix: Sendable {
  package let rows: Int
  package let columns: Int
  /// Distance of two rows in numbers; the numbers beyond `columns` are zeros.
  package let stride: Int
  let storage: Storage<Double>

  /// All zeros.
  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    let lines = max(1, columns.roundedUp(to: Self.line) / Self.line)
    // A few columns side by side are read as one stretch and need no gaps.
    stride = (lines > 8 && lines.isMultiple(of: 2) ? lines + 1 : lines) * Self.line
    storage = Storage(count: rows * stride)
  }

  /// Doubles in a cache line; also a multiple of every vector.
  package static let line = 8

  package subscript(row: Int, column: Int) -> Double {
    get { storage[row * stride + column] }
    nonmutating set { storage[row * stride + column] = newValue }
  }

  /// Lends row `row`, `columns` numbers.
  package func withRow<Result>(
    _ row: Int, _ body: (inout MutableSpan<Double>) throws -> Result
  ) rethrows -> Result {
    try storage.withMutableSpan(row * stride..<row * stride + columns, body)
  }

  /// Lends everything, row after row with `stride`.
  package func withAll<Result>(_ body: (inout MutableSpan<Double>) throws -> Result) rethrows -> Result {
    try storage.withMutableSpan(0..<rows * stride, body)
  }

  /// One column as an array.
  package func column(_ column: Int) -> [Double] { (0..<rows).map { self[$0, column] } }

  /// A part of this ← scale · (part of `a`)ᵀ · (part of `b`), or added to it.
  ///
  /// - Parameters:
  ///   - rows: of this, which are columns of `a`.
  ///   - columns: of this and of `b`; begins at a multiple of 8.
  ///   - depth: the rows of `a` and of `b` that are summed over.
  ///   - origin: where element (0, 0) of the product stands in this; a multiple of 8 columns.
  package func setProduct(
    transposed a: DoubleMatrix, _ b: DoubleMatrix, rows: Range<Int>, columns: Range<Int>, depth: Range<Int>,
    origin: (row: Int, column: Int) = (0, 0), scale: Double = 1, accumulates: Bool = false, kernels: KernelTable
  ) {
    precondition(
      rows.upperBound <= min(self.rows - origin.row, a.columns)
        && columns.upperBound <= min(self.columns - origin.column, b.columns)
        && depth.upperBound <= min(a.rows, b.rows) && columns.lowerBound.isMultiple(of: Self.line)
        && origin.column.isMultiple(of: Self.line),
      "parts inside their matrices")
    guard !rows.isEmpty, !columns.isEmpty else { return }
    let width = columns.count.roundedUp(to: Self.line)
    unsafe withUnsafePointer(
      to: StridedProductDouble(
        a: a.storage.base + (depth.lowerBound * a.stride + rows.lowerBound), a_row: 1, a_column: a.stride,
        rows: rows.count, depth: depth.count,
        b: b.storage.base + (depth.lowerBound * b.stride + columns.lowerBound), b_row: b.stride, columns: width,
        c: storage.base + ((origin.row + rows.lowerBound) * stride + origin.column + columns.lowerBound),
        c_row: stride, scale: scale, accumulates: accumulates ? 1 : 0)
    ) { unsafe kernels.stridedProductDouble($0) }
  }

  /// The upper triangle of a square of this at `origin` ← scale · aᵀ · b: all there is to a symmetric product.
  package func setUpperProduct(
    transposed a: DoubleMatrix, _ b: DoubleMatrix, origin: (row: Int, column: Int) = (0, 0), scale: Double = 1,
    kernels: KernelTable
  ) {
    for start in Swift.stride(from: 0, to: a.columns, by: Self.band) {
      setProduct(
        transposed: a, b, rows: start..<min(start + Self.band, a.columns), columns: start..<a.columns,
        depth: 0..<a.rows, origin: origin, scale: scale, kernels: kernels)
    }
  }

  /// Rows of an upper triangle that are computed together.
  static let band = 96
}
