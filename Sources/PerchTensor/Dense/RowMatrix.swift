import CPlatform
import KernelTable

/// A tall matrix in single precision, row after row: the embeddings that are trained on. As in `DoubleMatrix`
/// the distance of two rows is an odd number of cache lines: products go down its columns too.
package struct RowMatrix: Sendable {
  package let rows: Int
  package let columns: Int
  /// Distance of two rows in numbers.
  let stride: Int
  let storage: Storage<Float>

  /// All zeros.
  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    let line = 16
    let lines = max(1, columns.roundedUp(to: line) / line)
    stride = (lines.isMultiple(of: 2) ? lines + 1 : lines) * line
    storage = Storage(count: rows * stride)
  }

  /// Lends row `row`.
  package func withRow<Result>(_ row: Int, _ body: (inout MutableSpan<Float>) throws -> Result) rethrows -> Result {
    try storage.withMutableSpan(row * stride..<row * stride + columns, body)
  }

  package func set(row: Int, _ values: [Float]) {
    precondition(values.count == columns, "a whole row")
    withRow(row) { span in for j in 0..<columns { span[j] = values[j] } }
  }

  /// The numbers of row `row` as they stand in memory, which is little-endian on every machine this runs on.
  package func bytes(row: Int) -> [UInt8] {
    precondition(row >= 0 && row < rows, "a row of this matrix")
    return unsafe Array(UnsafeRawBufferPointer(start: storage.base + row * stride, count: columns * 4))
  }

  package subscript(row: Int, column: Int) -> Float {
    get { storage[row * stride + column] }
    nonmutating set { storage[row * stride + column] = newValue }
  }

  /// The rows `chosen`, copied in their order.
  package func selecting(_ chosen: [Int]) -> RowMatrix {
    let result = RowMatrix(rows: chosen.count, columns: columns)
    for (to, from) in chosen.enumerated() {
      precondition(from >= 0 && from < rows, "a row of this matrix")
      unsafe (result.storage.base + to * stride).update(from: storage.base + from * stride, count: columns)
    }
    return result
  }

  /// Whether every number is finite, and where the first one is that is not.
  package func firstNotFinite() -> Int? {
    for row in 0..<rows {
      for index in row * stride..<row * stride + columns where unsafe !storage.base[index].isFinite { return row }
    }
    return nil
  }

  /// Writes (x − mean)·scale of `block` in double precision, one row of `target` for each.
  package func widen(_ block: Range<Int>, mean: [Double], scale: [Double], into target: DoubleMatrix) {
    precondition(
      block.upperBound <= rows && target.rows >= block.count && target.columns == columns && mean.count == columns
        && scale.count == columns, "as many columns everywhere")
    for (to, row) in block.enumerated() {
      let from = unsafe storage.base + row * stride
      let out = unsafe target.storage.base + to * target.stride
      for j in 0..<columns { unsafe out[j] = (Double(from[j]) - mean[j]) * scale[j] }
    }
  }

  /// Means of the columns, and their population standard deviations, in double precision and two passes.
  /// A column whose numbers are all the same has exactly these numbers as its mean, and deviation 0.
  package func columnStatistics(threads: Int) -> (mean: [Double], deviation: [Double]) {
    let blocks = RowBlocks(rows: rows)
    let count = Double(max(rows, 1))
    var mean = sums(blocks, threads) { value, _ in value }.map { $0 / count }
    let isConstant = (0..<columns).map { column in
      (0..<rows).allSatisfy { unsafe storage.base[$0 * stride + column] == storage.base[column] }
    }
    for column in 0..<columns where isConstant[column] && rows > 0 {
      mean[column] = unsafe Double(storage.base[column])
    }
    let center = mean
    let squares = sums(blocks, threads) { value, column in
      let d = value - center[column]
      return d * d
    }
    return (mean, squares.map { ($0 / count).squareRoot() })
  }

  /// Sums of `term` down the columns: within blocks, then over the blocks in order.
  private func sums(
    _ blocks: RowBlocks, _ threads: Int, _ term: @Sendable (Double, Int) -> Double
  ) -> [Double] {
    let partial = Storage<Double>(count: max(blocks.count, 1) * columns)
    ParallelWork.run(blocks.count, threads: threads) { block in
      let out = unsafe partial.base + block * columns
      for row in blocks[block] {
        let from = unsafe storage.base + row * stride
        for j in 0..<columns { unsafe out[j] += term(Double(from[j]), j) }
      }
    }
    return (0..<columns).map { column in
      var sum = 0.0
      for block in 0..<blocks.count { sum += partial[block * columns + column] }
      return sum
    }
  }
}

/// Rows cut into pieces whose size depends on their number alone: sums over the pieces, taken in order, are
/// then the same for any number of threads.
package struct RowBlocks: Sendable {
  package let rows: Int
  private let size: Int

  private static let least = 1024
  private static let mostPieces = 64

  /// At most 64 pieces of at least 1024 rows.
  package init(rows: Int) {
    self.rows = rows
    size = max(Self.least, (rows + Self.mostPieces - 1) / Self.mostPieces)
  }

  /// No number of rows up to `rows` is cut into more pieces.
  static func most(rows: Int) -> Int { max(1, min(mostPieces, (rows + least - 1) / least)) }

  package var count: Int { (rows + size - 1) / size }

  package subscript(index: Int) -> Range<Int> { index * size..<min((index + 1) * size, rows) }
}
