import KernelTable

/// H = UᵀU of a symmetric positive definite matrix, U upper triangular.
package struct Cholesky {
  private let factor: DoubleMatrix

  /// Factors in place: what is read of `matrix` is its upper triangle, which U then replaces.
  /// nil when the matrix is not positive definite to working precision.
  ///
  /// Bands of rows: each is completed with the rows above it by the product kernel, then factored in itself
  /// (Golub and Van Loan, "Matrix Computations", 4th ed., 4.2.6, by rows).
  package init?(factoring matrix: DoubleMatrix, kernels: KernelTable) {
    precondition(matrix.rows == matrix.columns, "a square matrix")
    let n = matrix.rows
    factor = matrix
    for start in stride(from: 0, to: n, by: Self.band) {
      let end = min(start + Self.band, n)
      matrix.setProduct(
        transposed: matrix, matrix, rows: start..<end, columns: start..<n, depth: 0..<start, scale: -1,
        accumulates: true, kernels: kernels)
      for k in start..<end {
        guard Self.eliminate(row: k, from: start, in: matrix) else { return nil }
      }
    }
  }

  /// Rows factored with plain loops; larger blocks are left to the kernel.
  private static let band = 32

  /// Subtracts the rows `start` ..< `row` from `row` and scales it.
  private static func eliminate(row: Int, from start: Int, in matrix: DoubleMatrix) -> Bool {
    let n = matrix.columns
    let to = unsafe matrix.storage.base + row * matrix.stride
    for l in start..<row {
      let from = unsafe matrix.storage.base + l * matrix.stride
      let factor = unsafe from[row]
      if factor == 0 { continue }
      for j in row..<n { unsafe to[j] -= factor * from[j] }
    }
    let pivot = unsafe to[row]
    // A pivot that is lost in rounding is no pivot; NaN fails too.
    guard pivot > 0, pivot.isFinite else { return false }
    let root = pivot.squareRoot()
    let inverse = 1 / root
    for j in row..<n { unsafe to[j] *= inverse }
    unsafe to[row] = root
    return true
  }

  /// Solves H·x = b in place, for each column of `b`.
  package func solve(_ b: DoubleMatrix) {
    let n = factor.rows
    precondition(b.rows == n, "one row of b for each of H")
    let width = b.stride
    let x = unsafe b.storage.base
    // Uᵀ·y = b
    for i in 0..<n {
      let row = unsafe factor.storage.base + i * factor.stride
      let yi = unsafe x + i * width
      let inverse = unsafe 1 / row[i]
      for c in 0..<width { unsafe yi[c] *= inverse }
      for j in i + 1..<max(n, i + 1) {
        let f = unsafe row[j]
        let yj = unsafe x + j * width
        for c in 0..<width { unsafe yj[c] -= f * yi[c] }
      }
    }
    solveUpper(b)
  }

  /// Solves U·x = b in place, for each column of `b`.
  package func solveUpper(_ b: DoubleMatrix) {
    let n = factor.rows
    let width = b.stride
    let x = unsafe b.storage.base
    for i in stride(from: n - 1, through: 0, by: -1) {
      let row = unsafe factor.storage.base + i * factor.stride
      let xi = unsafe x + i * width
      for j in i + 1..<max(n, i + 1) {
        let f = unsafe row[j]
        let xj = unsafe x + j * width
        for c in 0..<width { unsafe xi[c] -= f * xj[c] }
      }
      let inverse = unsafe 1 / row[i]
      for c in 0..<width { unsafe xi[c] *= inverse }
    }
  }
}
