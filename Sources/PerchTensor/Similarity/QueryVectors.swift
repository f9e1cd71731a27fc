import CPlatform
import KernelTable

/// Vectors that stored rows are compared with, in the forms that the kernels take. Shared by all workers.
package struct QueryVectors: Sendable {
  package let count: Int
  package let dimension: Int
  /// Squared norm of each, summed in double in the order that rows are summed in: a row of the same bits has
  /// just this norm, and with it a similarity of 1.
  package let squares: [Double]
  let kernels: KernelTable
  /// [queries][dimension], as given.
  let doubles: Storage<Double>
  /// [queries][dimension], each times `scales` of itself.
  let scaled: Storage<Float>
  /// The same as columns for the matrix product.
  let panels: PackedMatrix
  /// Powers of two that bring the greatest magnitude of a query to 0.5 ..< 1: without rounding, and far from
  /// the ends of float32.
  let scales: [Double]

  /// - Parameter values: [queries][dimension], finite.
  package init(_ values: [Float], dimension: Int, kernels: KernelTable = Kernels.active) {
    precondition(dimension > 0 && values.count % dimension == 0, "whole vectors")
    count = values.count / dimension
    self.dimension = dimension
    self.kernels = kernels
    doubles = Storage(values.map(Double.init))
    let scales = (0..<count).map { query -> Double in
      let greatest = values[query * dimension..<(query + 1) * dimension].reduce(0) { max($0, abs($1)) }
      return greatest > 0 ? Double(sign: .plus, exponent: -Int(greatest.exponent) - 1, significand: 1) : 1
    }
    self.scales = scales
    let scaledValues = values.indices.map { Float(Double(values[$0]) * scales[$0 / dimension]) }
    scaled = Storage(scaledValues)
    panels = PackedMatrix(columns: scaledValues, depth: dimension, kernels: kernels) { _ in 1 }
    squares = Self.squares(values, count: count, dimension: dimension, doubles, kernels)
  }

  private static func squares(
    _ values: [Float], count: Int, dimension: Int, _ doubles: Storage<Double>, _ kernels: KernelTable
  ) -> [Double] {
    let rows = Storage(values)
    let squares = Storage<Double>(count: count)
    var arguments = unsafe RowProducts(
      rows: rows.base, row_count: count, depth: dimension, queries: doubles.base, query_count: 0,
      dots: squares.base, squares: squares.base)
    unsafe kernels.similarity.rowProducts(&arguments)
    return squares.values(0..<count)
  }
}

/// How a row is compared with a query. Larger is more alike.
package enum SimilarityScore: String, CaseIterable, Sendable {
  /// a·b / (‖a‖‖b‖), in [−1, 1]; not defined for a vector of zeros.
  case cosine
  /// a·b.
  case dot

  /// The score from sums in double; nil where it is not defined.
  package func value(dot: Double, square: Double, querySquare: Double) -> Double? {
    guard square.isFinite, dot.isFinite else { return nil }
    switch self {
    case .dot: return dot
    case .cosine:
      guard square > 0, querySquare > 0 else { return nil }
      // Of two equal vectors all three sums are equal, and the root of a square is exact.
      return min(1, max(-1, dot / (square * querySquare).squareRoot()))
    }
  }
}

/// How the numbers of stored rows are stored.
package enum RowNumber: Sendable {
  case float32, float16

  package var bytes: Int {
    switch self {
    case .float32: 4
    case .float16: 2
    }
  }
}
