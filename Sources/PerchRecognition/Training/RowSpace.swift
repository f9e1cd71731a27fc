import KernelTable
import PerchTensor

/// Centred rows in as few columns as they need: Z = (X − mean)·scale itself, or its coordinates in the space
/// that its rows span, where the optimum lies and ‖W‖ is the same.
///
/// With fewer rows than columns the coordinates are the Cholesky factor of the Gram matrix ZZᵀ = LLᵀ, found
/// with the largest pivot first and ended where nothing but rounding is left, so that equal rows do no harm.
struct RowSpace {
  /// [rows][rank + 1], the last column being ones.
  let coordinates: DoubleMatrix
  let rank: Int
  private let pivots: [Int]
  private let wide: DoubleMatrix

  init(_ matrix: RowMatrix, scaling: ColumnScaling, kernels: KernelTable) {
    let (n, p) = (matrix.rows, matrix.columns)
    let wide = DoubleMatrix(rows: n, columns: p)
    matrix.widen(0..<n, mean: scaling.mean, scale: scaling.scale, into: wide)
    self.wide = wide
    if n > p {
      pivots = []
      rank = p
      coordinates = Self.withOnes(rows: n, rank: p) { wide[$0, $1] }
    } else {
      let (order, factor) = Self.pivotedCholesky(of: Self.gram(wide, kernels))
      pivots = order
      rank = order.count
      coordinates = Self.withOnes(rows: n, rank: order.count) { factor[$1, $0] }
    }
  }

  private static func withOnes(rows: Int, rank: Int, _ value: (Int, Int) -> Double) -> DoubleMatrix {
    let result = DoubleMatrix(rows: rows, columns: rank + 1)
    for row in 0..<rows {
      for column in 0..<rank { result[row, column] = value(row, column) }
      result[row, rank] = 1
    }
    return result
  }

  /// ZZᵀ, all of it.
  private static func gram(_ wide: DoubleMatrix, _ kernels: KernelTable) -> DoubleMatrix {
    let turned = DoubleMatrix(rows: wide.columns, columns: wide.rows)
    for row in 0..<wide.rows {
      wide.withRow(row) { span in for column in 0..<span.count { turned[column, row] = span[column] } }
    }
    let gram = DoubleMatrix(rows: wide.rows, columns: wide.rows)
    gram.setUpperProduct(transposed: turned, turned, scale: 1, kernels: kernels)
    for row in 0..<wide.rows {
      for column in 0..<row { gram[row, column] = gram[column, row] }
    }
    return gram
  }

  /// Rows of the factor (one for each pivot, as long as the matrix) with Lᵀ·L… = `gram`, and the pivots.
  private static func pivotedCholesky(of gram: DoubleMatrix) -> (order: [Int], factor: DoubleMatrix) {
    let n = gram.rows
    let factor = DoubleMatrix(rows: n, columns: n)
    var left = (0..<n).map { gram[$0, $0] }
    let floor = (left.max() ?? 0) * 1e-14
    var order: [Int] = []
    while order.count < n {
      var pivot = -1
      for row in 0..<n where left[row] > (pivot < 0 ? floor : left[pivot]) { pivot = row }
      if pivot < 0 { break }
      let root = left[pivot].squareRoot()
      let k = order.count
      var values = (0..<n).map { gram[pivot, $0] }
      for earlier in 0..<k {
        let f = factor[earlier, pivot]
        factor.withRow(earlier) { span in for row in 0..<n { values[row] -= f * span[row] } }
      }
      for row in 0..<n {
        values[row] /= root
        left[row] -= values[row] * values[row]
      }
      for done in order { values[done] = 0 }
      values[pivot] = root
      left[pivot] = -1
      factor.withRow(k) { span in for row in 0..<n { span[row] = values[row] } }
      order.append(pivot)
    }
    return (order, factor)
  }

  /// Weights of the columns of Z, [columns][outputs], from those of the coordinates, [rank + 1][outputs].
  func expand(_ weights: DoubleMatrix, outputs: Int, kernels: KernelTable) -> DoubleMatrix {
    let p = wide.columns
    let result = DoubleMatrix(rows: p, columns: outputs)
    if pivots.isEmpty && rank == p {
      for j in 0..<p {
        for k in 0..<outputs { result[j, k] = weights[j, k] }
      }
      return result
    }
    // W = Zᵀ·L⁻ᵀ·u over the pivot rows: L⁻ᵀ from the back, for rows in the order of the pivots.
    let shares = DoubleMatrix(rows: rank, columns: outputs)
    for i in stride(from: rank - 1, through: 0, by: -1) {
      for k in 0..<outputs {
        var value = weights[i, k]
        for later in i + 1..<max(rank, i + 1) { value -= coordinates[pivots[later], i] * shares[later, k] }
        shares[i, k] = value / coordinates[pivots[i], i]
      }
    }
    let chosen = DoubleMatrix(rows: rank, columns: p)
    for (i, pivot) in pivots.enumerated() {
      for j in 0..<p { chosen[i, j] = wide[pivot, j] }
    }
    result.setProduct(
      transposed: chosen, shares, rows: 0..<p, columns: 0..<outputs, depth: 0..<rank, kernels: kernels)
    return result
  }

  /// Coordinates of given weights of the columns of Z: where a solution for another C begins.
  func reduce(_ weights: [Double], width: Int, outputs: Int) -> DoubleMatrix {
    let result = DoubleMatrix(rows: rank + 1, columns: outputs)
    let p = wide.columns
    for k in 0..<outputs { result[rank, k] = weights[p * width + k] }
    if pivots.isEmpty && rank == p {
      for j in 0..<p {
        for k in 0..<outputs { result[j, k] = weights[j * width + k] }
      }
      return result
    }
    // Qᵀ·W with Z = L·Qᵀ: solve L·u = Z·W over the pivot rows.
    for i in 0..<rank {
      for k in 0..<outputs {
        var value = 0.0
        for j in 0..<p { value += wide[pivots[i], j] * weights[j * width + k] }
        for earlier in 0..<i { value -= coordinates[pivots[i], earlier] * result[earlier, k] }
        result[i, k] = value / coordinates[pivots[i], i]
      }
    }
    return result
  }
}
