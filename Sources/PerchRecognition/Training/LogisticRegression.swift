import KernelTable
import PerchTensor

/// A trained linear layer in double precision, on the embeddings as they come.
package struct LinearSolution: Sendable {
  /// [columns][outputs]
  package let weights: [Double]
  /// One for each output.
  package let bias: [Double]
  /// F of each label under one-vs-rest, else one number.
  package let objectivePerGroup: [Double]
  /// Largest magnitude of an element of F's gradient, recomputed over all rows.
  package let gradientMaximum: Double
  package let iterations: Int
  /// `newton` or `newton-cg`.
  package let solver: String
  /// Where the next solution for another C may begin.
  fileprivate let scaled: [Double]

  /// Σ F.
  package var objective: Double { objectivePerGroup.reduce(0, +) }

  /// Logits of `row` of `matrix`.
  package func logits(_ matrix: RowMatrix, row: Int) -> [Double] {
    var logits = bias
    let outputs = bias.count
    matrix.withRow(row) { x in
      for j in 0..<x.count {
        let value = Double(x[j])
        for k in 0..<outputs { logits[k] += value * weights[j * outputs + k] }
      }
    }
    return logits
  }
}

/// Solves one problem for any number of C, each from the solution before it.
package struct LogisticRegression {
  private let problem: LogisticProblem
  private let scaling: ColumnScaling
  private let space: RowSpace?
  private let threads: Int
  private let kernels: KernelTable
  private let rule: StoppingRule

  /// The problem must have passed `check`.
  package init(
    _ problem: LogisticProblem, standardize: Bool = false, rule: StoppingRule = StoppingRule(), threads: Int,
    kernels: KernelTable = Kernels.active
  ) {
    self.problem = problem
    self.threads = threads
    self.kernels = kernels
    self.rule = rule
    scaling = ColumnScaling(problem.embeddings, standardize: standardize, threads: threads)
    space =
      Self.hasFewUnknowns(problem) ? RowSpace(problem.embeddings, scaling: scaling, kernels: kernels) : nil
  }

  /// Whether a step of Newton's method with the whole Hessian takes less than some tenths of a second.
  private static func hasFewUnknowns(_ problem: LogisticProblem) -> Bool {
    let rank = Double(min(problem.rows, problem.embeddings.columns) + 1)
    let (n, outputs) = (Double(problem.rows), Double(problem.outputs))
    let work: Double
    switch problem.objective {
    case .oneVsRest: work = outputs * (n * rank * rank + rank * rank * rank / 3)
    case .multinomial:
      let unknowns = outputs * rank
      // Beyond this the Hessian alone takes more than 130 MB.
      if unknowns > 4000 { return false }
      work = n * unknowns * unknowns / 2 + unknowns * unknowns * unknowns / 3
    }
    return work <= 4e9
  }

  /// The optimum for `c`, which is positive and finite.
  package func solve(c: Double, from start: LinearSolution? = nil) -> LinearSolution {
    let evaluator = Evaluator(problem, c: c, scaling: scaling, threads: threads, kernels: kernels)
    let size = (evaluator.columns + 1) * evaluator.width
    let first = start?.scaled ?? [Double](repeating: 0, count: size)
    var result: SolverResult
    if let space {
      result = exact(space, evaluator, first)
    } else {
      result = NewtonCG(evaluator, rule: rule).solve(from: first)
    }
    if problem.objective == .multinomial { centreBiases(&result.weights, evaluator) }
    let there = evaluator.evaluate(result.weights)
    return solution(result, there, evaluator)
  }

  private func exact(_ space: RowSpace, _ evaluator: Evaluator, _ first: [Double]) -> SolverResult {
    let (outputs, width, p) = (problem.outputs, evaluator.width, evaluator.columns)
    let unknowns = space.reduce(first, width: width, outputs: outputs)
    let steps = ExactNewton(evaluator, space: space, rule: rule, kernels: kernels).solve(unknowns)
    let expanded = space.expand(unknowns, outputs: outputs, kernels: kernels)
    var weights = first
    for k in 0..<outputs {
      for j in 0..<p { weights[j * width + k] = expanded[j, k] }
      weights[p * width + k] = unknowns[space.rank, k]
    }
    return SolverResult(weights: weights, iterations: steps)
  }

  private func centreBiases(_ weights: inout [Double], _ evaluator: Evaluator) {
    let base = evaluator.columns * evaluator.width
    let mean = weights[base..<base + problem.outputs].reduce(0, +) / Double(problem.outputs)
    for k in 0..<problem.outputs { weights[base + k] -= mean }
  }

  /// Folds the scaling of the columns into the weights.
  private func solution(_ result: SolverResult, _ there: Evaluation, _ evaluator: Evaluator) -> LinearSolution {
    let (outputs, width, p) = (problem.outputs, evaluator.width, evaluator.columns)
    var weights = [Double](repeating: 0, count: p * outputs)
    var bias = (0..<outputs).map { result.weights[p * width + $0] }
    for j in 0..<p {
      for k in 0..<outputs {
        let weight = result.weights[j * width + k] * scaling.scale[j]
        weights[j * outputs + k] = weight
        bias[k] -= scaling.mean[j] * weight
      }
    }
    return LinearSolution(
      weights: weights, bias: bias, objectivePerGroup: there.values,
      gradientMaximum: evaluator.gradientMaximum(there.gradient).max() ?? 0, iterations: result.iterations,
      solver: space == nil ? "newton-cg" : "newton", scaled: result.weights)
  }
}
