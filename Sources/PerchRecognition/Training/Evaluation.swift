import KernelTable
import PerchTensor

/// F and its gradient at one point, in double precision.
struct Evaluation {
  /// F of each group (`LogisticProblem.groups`).
  let values: [Double]
  /// [columns + 1][width]: by W, then by b.
  let gradient: [Double]
}

/// The columns that are worked with: z = (x − mean)·scale. Subtracting the mean changes nothing but the bias,
/// which is not penalised, and makes the problem far better conditioned.
struct ColumnScaling: Sendable {
  let mean: [Double]
  /// 1, or 1 / standard deviation; 1 for a constant column.
  let scale: [Double]
  let isStandardized: Bool

  init(_ matrix: RowMatrix, standardize: Bool, threads: Int) {
    let (mean, deviation) = matrix.columnStatistics(threads: threads)
    self.mean = mean
    isStandardized = standardize
    scale = deviation.map { standardize && $0 > 0 ? 1 / $0 : 1 }
  }
}

/// Evaluates F over all rows. Weights are [columns + 1][width], the bias last, padding zero.
struct Evaluator: Sendable {
  let problem: LogisticProblem
  let penalty: [Double]
  let totals: [Double]
  let scaling: ColumnScaling
  let sandwich: RowSandwich
  /// [rows][outputs]: the curvature at the point last evaluated (`CrossEntropy.differentiate`).
  let curvature: Storage<Float>
  private let loss: CrossEntropy
  private let losses: Storage<Double>

  init(_ problem: LogisticProblem, c: Double, scaling: ColumnScaling, threads: Int, kernels: KernelTable) {
    self.problem = problem
    self.scaling = scaling
    totals = problem.totals
    penalty = totals.map { 1 / (c * $0) }
    sandwich = RowSandwich(problem.embeddings, outputs: problem.outputs, threads: threads, kernels: kernels)
    curvature = Storage(count: problem.rows * problem.outputs)
    losses = Storage(count: problem.rows * problem.outputs)
    loss = CrossEntropy(problem)
  }

  var width: Int { sandwich.width }
  var columns: Int { problem.embeddings.columns }

  func evaluate(_ weights: [Double]) -> Evaluation {
    let (outputs, width) = (problem.outputs, width)
    let loss = loss
    let curvature = curvature
    let losses = losses
    var gradient = sandwich.double(weights, mean: scaling.mean, scale: scaling.scale) { rows, logits in
      let part = rows.lowerBound * outputs..<rows.upperBound * outputs
      curvature.withMutableSpan(part) { curvature in
        losses.withMutableSpan(part) { losses in
          for (at, row) in rows.enumerated() {
            loss.differentiate(
              row: row, at: at * width, of: &logits, curvature: &curvature, losses: &losses, at: at * outputs)
            for k in outputs..<width { logits[at * width + k] = 0 }
          }
        }
      }
    }
    var values = problem.groups.map { group in sum(of: group.lowerBound) / totals[group.lowerBound] }
    for (g, group) in problem.groups.enumerated() {
      for k in group {
        for j in 0...columns {
          let index = j * width + k
          gradient[index] /= totals[k]
          if j == columns { continue }
          gradient[index] += penalty[k] * weights[index]
          values[g] += penalty[k] * weights[index] * weights[index] / 2
        }
      }
    }
    return Evaluation(values: values, gradient: gradient)
  }

  /// Sum of one column of the losses: over blocks of 256 rows, then over the blocks.
  private func sum(of output: Int) -> Double {
    var total = 0.0
    for start in stride(from: 0, to: problem.rows, by: 256) {
      var part = 0.0
      for row in start..<min(start + 256, problem.rows) { part += losses[row * problem.outputs + output] }
      total += part
    }
    return total
  }

  /// Largest magnitude of the gradient of each group in the columns of F: raw or standardised ones, not centred.
  func gradientMaximum(_ gradient: [Double]) -> [Double] {
    problem.groups.map { group in
      var top = 0.0
      for k in group {
        let bias = gradient[columns * width + k]
        top = max(top, abs(bias))
        for j in 0..<columns {
          let shift = scaling.isStandardized ? 0 : scaling.mean[j] * bias
          top = max(top, abs(gradient[j * width + k] + shift))
        }
      }
      return top
    }
  }

  /// The rows that hold all but a thousandth of the curvature at the point last evaluated, in order; nil where
  /// that is most of them. Rows that are far from any doubt bend F no more.
  func curvedRows() -> [Int]? {
    let outputs = problem.outputs
    let bends = (0..<problem.rows).map { row -> Double in
      let part = (0..<outputs).map { Double(curvature[row * outputs + $0]) }
      switch problem.objective {
      case .oneVsRest: return part.reduce(0, +)
      case .multinomial: return problem.weights[row * outputs] * (1 - part.reduce(0) { $0 + $1 * $1 })
      }
    }
    let order = bends.indices.sorted { (bends[$1], $0) < (bends[$0], $1) }
    var left = bends.reduce(0, +) * 1e-3
    var count = order.count
    while count > 0, left - bends[order[count - 1]] >= 0 {
      count -= 1
      left -= bends[order[count]]
    }
    return count * 10 < problem.rows * 9 && count > 0 ? order[..<count].sorted() : nil
  }

  /// The Hessian at the point last evaluated, times `direction`, in single precision over the rows of `chosen`
  /// (all, when nil).
  func curve(_ direction: [Double], chosen: [Int]?, scratch: RowSandwich.Scratch) -> [Double] {
    let (outputs, width) = (problem.outputs, width)
    let loss = loss
    let curvature = curvature
    var result = sandwich.single(
      direction, mean: scaling.mean, scale: scaling.scale, chosen: chosen, scratch: scratch
    ) {
      rows, products in
      curvature.withMutableSpan(0..<curvature.count) { span in
        for (at, place) in rows.enumerated() {
          let row = chosen?[place] ?? place
          loss.bend(row: row, at: at * width, of: &products, curvature: span.span, at: row * outputs)
        }
      }
    }
    for k in 0..<outputs {
      for j in 0...columns {
        let index = j * width + k
        result[index] /= totals[k]
        if j < columns { result[index] += penalty[k] * direction[index] }
      }
    }
    return result
  }
}
