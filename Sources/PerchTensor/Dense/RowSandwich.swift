import CPlatform
import KernelTable

/// Xᵀ·f(X·W + b): logits of all rows, a function of each row of logits, and the sums of the rows weighted by
/// its results. Gradients and products with the Hessian have this form; X is read once for both products.
///
/// W, the result and the logits have `width` columns, of which the last ones may be padding.
package struct RowSandwich: Sendable {
  package let matrix: RowMatrix
  private let outputs: Int
  /// Columns of W, padded.
  package let width: Int
  private let blocks: RowBlocks
  private let threads: Int
  private let kernels: KernelTable
  /// Rows worked on together: their logits and, widened, they themselves stay in the second-level cache.
  private static let rowsAtOnce = 128

  /// - Parameter outputs: columns of W that are used.
  package init(_ matrix: RowMatrix, outputs: Int, threads: Int, kernels: KernelTable) {
    self.matrix = matrix
    self.outputs = outputs
    self.threads = threads
    self.kernels = kernels
    width = Self.width(outputs: outputs)
    blocks = RowBlocks(rows: matrix.rows)
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

  /// In single precision, of (x − mean)·scale, its sums over blocks in double.
  ///
  /// The rows of a piece are standardised on their way into the cache, so that no copy of the matrix is kept.
  /// There both products go along the rows: neither computes more columns than there are outputs.
  ///
  /// - Parameters:
  ///   - weights: [columns + 1][width], the last row being b.
  ///   - chosen: the rows that count, in ascending order; nil for all.
  ///   - scratch: of this sandwich; lent to one product after the other.
  ///   - apply: is given places in `chosen` (rows without it) and their logits [rows][width], which it
  ///     replaces. Called on several threads.
  /// - Returns: [columns + 1][width], the last row being the sum of the results.
  package func single(
    _ weights: [Double], mean: [Double], scale: [Double], chosen: [Int]? = nil, scratch: Scratch,
    apply: @Sendable (Range<Int>, inout MutableSpan<Float>) -> Void
  ) -> [Double] {
    let columns = matrix.columns
    precondition(weights.count == (columns + 1) * width, "a row of weights for each column, and b")
    precondition(mean.count == columns && scale.count == columns, "a mean and a scale for each column")
    precondition(chosen?.allSatisfy { $0 >= 0 && $0 < matrix.rows } ?? true, "rows of the matrix")
    let blocks = RowBlocks(rows: chosen?.count ?? matrix.rows)
    let padded = columns.roundedUp(to: Self.lanes)
    let turned = turned(weights, padded)
    let (means, scales) = (Storage(mean.map { Float($0) }), Storage(scale.map { Float($0) }))
    // A row of sums for each output, and behind them the sums of the logits.
    let size = outputs * padded + width
    let partial = scratch.sums
    ParallelWork.run(blocks.count, threads: threads) { block, worker in
      let (logits, piece) = scratch.workspaces[worker]
      let sums = unsafe partial.base + block * size
      unsafe sums.update(repeating: 0, count: size)
      for rows in blocks[block].pieces(of: Self.rowsAtOnce) {
        for (at, place) in rows.enumerated() {
          unsafe kernels.standardizeRow(
            matrix.storage.base + (chosen?[place] ?? place) * matrix.stride, means.base, scales.base, columns,
            piece.storage.base + at * piece.stride)
        }
        unsafe withUnsafePointer(
          to: RowLogits(
            rows: piece.storage.base, row_count: rows.count, row_stride: piece.stride, depth: padded,
            weights: turned.base, weight_stride: padded, outputs: outputs, bias: turned.base + outputs * padded,
            logits: logits.base, logit_stride: width)
        ) { unsafe kernels.rowLogits($0) }
        logits.withMutableSpan(0..<rows.count * width) { apply(rows, &$0) }
        unsafe withUnsafePointer(
          to: StridedProduct(
            a: logits.base, a_row: 1, a_column: width, rows: outputs, depth: rows.count, b: piece.storage.base,
            b_row: piece.stride, columns: padded, c: sums, c_row: padded, scale: 1, accumulates: 1)
        ) { unsafe kernels.stridedProduct($0) }
        unsafe Self.addRows(logits.base, rows.count, width, to: sums + outputs * padded)
      }
    }
    return turnedBack(total(partial, size, blocks.count), padded)
  }

  /// A multiple of the vectors of every build.
  private static let lanes = 16

  /// [outputs][padded] and the biases, from [columns + 1][width].
  private func turned(_ weights: [Double], _ padded: Int) -> Storage<Float> {
    let turned = Storage<Float>(count: outputs * (padded + 1))
    for k in 0..<outputs {
      for j in 0..<matrix.columns { turned[k * padded + j] = Float(weights[j * width + k]) }
      turned[outputs * padded + k] = Float(weights[matrix.columns * width + k])
    }
    return turned
  }

  /// [columns + 1][width], from [outputs][padded] and the sums of the logits.
  private func turnedBack(_ sums: [Double], _ padded: Int) -> [Double] {
    let columns = matrix.columns
    var result = [Double](repeating: 0, count: (columns + 1) * width)
    for k in 0..<outputs {
      for j in 0..<columns { result[j * width + k] = sums[k * padded + j] }
      result[columns * width + k] = sums[outputs * padded + k]
    }
    return result
  }

  /// Memory for `single`, which is called hundreds of times.
  package struct Scratch: Sendable {
    /// Of every block.
    fileprivate let sums: Storage<Float>
    /// Logits and a piece of the rows for each worker.
    fileprivate let workspaces: [(Storage<Float>, RowMatrix)]
  }

  package func makeScratch() -> Scratch {
    Scratch(
      sums: Storage(
        count: RowBlocks.most(rows: matrix.rows) * (outputs * matrix.columns.roundedUp(to: Self.lanes) + width)),
      workspaces: (0..<max(1, min(threads, blocks.count))).map { _ in
        (Storage(count: Self.rowsAtOnce * width), RowMatrix(rows: Self.rowsAtOnce, columns: matrix.columns))
      })
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
    return total(partial, size, blocks.count)
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
    _ partial: Storage<Number>, _ size: Int, _ blocks: Int
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: size)
    for block in 0..<blocks {
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
