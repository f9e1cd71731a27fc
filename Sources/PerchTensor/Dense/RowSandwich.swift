import CPlatform
import KernelTable

/// Xᵀ·f(X·W + b): logits of all rows, a function of each row of logits, and the sums of the rows weighted by
/// its results. Gradients and products with the Hessian have this form; X is read once for both products.
///
/// W, the result and the logits have `width` columns, of which the last ones may be padding.
package struct RowSandwich: Sendable {
  package let matrix: RowMatrix
  /// Columns of W, padded.
  package let width: Int
  private let blocks: RowBlocks
  private let threads: Int
  private let kernels: KernelTable
  /// Lent to one product after the other: a sandwich is used by one caller at a time.
  private let scratch: Storage<Float>

  /// Rows worked on together: their logits and, widened, they themselves stay in the second-level cache.
  private static let rowsAtOnce = 128

  /// - Parameter outputs: columns of W that are used.
  package init(_ matrix: RowMatrix, outputs: Int, threads: Int, kernels: KernelTable) {
    self.matrix = matrix
    self.threads = threads
    self.kernels = kernels
    width = Self.width(outputs: outputs)
    blocks = RowBlocks(rows: matrix.rows)
    scratch = Storage(
      count: blocks.count * ((matrix.columns + 1) * width + Self.rowsAtOnce * width))
  }

  /// `outputs` rounded up to whole vectors of every build.
  package static func width(outputs: Int) -> Int { outputs.roundedUp(to: 16) }

  /// Logits and widened rows for each worker.
  private var workspaces: [(Storage<Double>, DoubleMatrix)] {
    (0..<max(1, min(threads, blocks.count))).map { _ in
      (
        Storage<Double>(count: Self.rowsAtOnce * width),
        DoubleMatrix(rows: Self.rowsAtOnce, columns: matrix.columns)
      )
    }
  }

  /// In single precision, its sums over blocks in double.
  ///
  /// - Parameters:
  ///   - weights: [columns + 1][width], the last row being b.
  ///   - apply: is given rows and their logits [rows][width], which it replaces. Called on several threads.
  /// - Returns: [columns + 1][width], the last row being the sum of the results.
  package func single(
    _ weights: [Float], apply: @Sendable (Range<Int>, inout MutableSpan<Float>) -> Void
  ) -> [Double] {
    let columns = matrix.columns
    precondition(weights.count == (columns + 1) * width, "a row of weights for each column, and b")
    let size = (columns + 1) * width
    let shared = Storage(weights)
    ParallelWork.run(blocks.count, threads: threads) { block in
      let sums = unsafe scratch.base + block * size
      let logits = unsafe scratch.base + (blocks.count * size + block * Self.rowsAtOnce * width)
      unsafe sums.update(repeating: 0, count: size)
      for rows in blocks[block].pieces(of: Self.rowsAtOnce) {
        let x = unsafe matrix.storage.base + rows.lowerBound * matrix.stride
        for row in 0..<rows.count {
          unsafe (logits + row * width).update(from: shared.base + columns * width, count: width)
        }
        unsafe withUnsafePointer(
          to: StridedProduct(
            a: x, a_row: matrix.stride, a_column: 1, rows: rows.count, depth: columns, b: shared.base, b_row: width,
            columns: width, c: logits, c_row: width, scale: 1, accumulates: 1)
        ) { unsafe kernels.stridedProduct($0) }
        var span = unsafe MutableSpan(_unsafeStart: logits, count: rows.count * width)
        apply(rows, &span)
        unsafe withUnsafePointer(
          to: StridedProduct(
            a: x, a_row: 1, a_column: matrix.stride, rows: columns, depth: rows.count, b: logits, b_row: width,
            columns: width, c: sums, c_row: width, scale: 1, accumulates: 1)
        ) { unsafe kernels.stridedProduct($0) }
        unsafe Self.addRows(logits, rows.count, width, to: sums + columns * width)
      }
    }
    return total(scratch, size)
  }

  /// In double precision, of (x − mean)·scale.
  package func double(
    _ weights: [Double], mean: [Double], scale: [Double],
    apply: @Sendable (Range<Int>, inout MutableSpan<Double>) -> Void
  ) -> [Double] {
    let columns = matrix.columns
    let size = (columns + 1) * width
    precondition(weights.count == size, "a row of weights for each column, and b")
    let shared = Storage(weights)
    let partial = Storage<Double>(count: max(blocks.count, 1) * size)
    let workspaces = workspaces
    ParallelWork.run(blocks.count, threads: threads) { block, worker in
      let (logits, wide) = workspaces[worker]
      let sums = unsafe partial.base + block * size
      for rows in blocks[block].pieces(of: Self.rowsAtOnce) {
        matrix.widen(rows, mean: mean, scale: scale, into: wide)
        multiply(wide, rows.count, shared, into: logits)
        logits.withMutableSpan(0..<rows.count * width) { apply(rows, &$0) }
        unsafe withUnsafePointer(
          to: StridedProductDouble(
            a: wide.storage.base, a_row: 1, a_column: wide.stride, rows: columns, depth: rows.count,
            b: logits.base, b_row: width, columns: width, c: sums, c_row: width, scale: 1, accumulates: 1)
        ) { unsafe kernels.stridedProductDouble($0) }
        unsafe Self.addRows(logits.base, rows.count, width, to: sums + columns * width)
      }
    }
    return total(partial, size)
  }

  /// X·W + b in double precision, without the second product.
  ///
  /// - Parameters:
  ///   - weights: [columns + 1][width], the last row being b.
  ///   - body: is given rows and their logits [rows][width]. Called on several threads.
  package func logits(
    _ weights: [Double], body: @Sendable (Range<Int>, Span<Double>) -> Void
  ) {
    let columns = matrix.columns
    precondition(weights.count == (columns + 1) * width, "a row of weights for each column, and b")
    let shared = Storage(weights)
    let (mean, scale) = ([Double](repeating: 0, count: columns), [Double](repeating: 1, count: columns))
    let workspaces = workspaces
    ParallelWork.run(blocks.count, threads: threads) { block, worker in
      let (logits, wide) = workspaces[worker]
      for rows in blocks[block].pieces(of: Self.rowsAtOnce) {
        matrix.widen(rows, mean: mean, scale: scale, into: wide)
        multiply(wide, rows.count, shared, into: logits)
        logits.withMutableSpan(0..<rows.count * width) { body(rows, $0.span) }
      }
    }
  }

  /// logits ← rows·W + b.
  private func multiply(
    _ wide: DoubleMatrix, _ rows: Int, _ weights: Storage<Double>, into logits: Storage<Double>
  ) {
    for row in 0..<rows {
      unsafe (logits.base + row * width).update(from: weights.base + matrix.columns * width, count: width)
    }
    unsafe withUnsafePointer(
      to: StridedProductDouble(
        a: wide.storage.base, a_row: wide.stride, a_column: 1, rows: rows, depth: matrix.columns,
        b: weights.base, b_row: width, columns: width, c: logits.base, c_row: width, scale: 1, accumulates: 1)
    ) { unsafe kernels.stridedProductDouble($0) }
  }

  private static func addRows<Number: BinaryFloatingPoint>(
    _ rows: UnsafeMutablePointer<Number>, _ count: Int, _ width: Int, to sums: UnsafeMutablePointer<Number>
  ) {
    for row in 0..<count {
      for column in 0..<width { unsafe sums[column] += rows[row * width + column] }
    }
  }

  /// The blocks' sums, added in their order.
  private func total<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ partial: Storage<Number>, _ size: Int
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: size)
    for block in 0..<blocks.count {
      for index in 0..<size { unsafe sums[index] += Double(partial.base[block * size + index]) }
    }
    return sums
  }
}

extension Range<Int> {
  /// This range in pieces of `size`, the last one shorter.
  fileprivate func pieces(of size: Int) -> [Range<Int>] {
    stride(from: lowerBound, to: upperBound, by: size).map { $0..<Swift.min($0 + size, upperBound) }
  }
}
