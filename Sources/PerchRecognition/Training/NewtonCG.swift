import PerchTensor

/// How a solver ended.
struct SolverResult {
  /// [columns + 1][width]
  var weights: [Double]
  var iterations: Int
}

/// When a point counts as the optimum.
package struct StoppingRule: Sendable {
  /// Largest magnitude that an element of the gradient may have.
  package var gradient: Double
  /// F may be above its minimum by this part of itself, as Newton's decrement estimates it.
  package var excess = 1e-11

  package init(gradient: Double = 1e-8) { self.gradient = gradient }
}

/// Newton's method with directions from conjugate gradients (Nocedal and Wright, "Numerical Optimization", 2nd
/// ed., algorithm 7.1), for problems whose Hessian is too large to be formed.
///
/// F and its gradient are computed in double precision over all rows, the many products with the Hessian in
/// single over the rows that matter to it: an error in a direction costs a further step and never accuracy.
struct NewtonCG {
  let evaluator: Evaluator
  let rule: StoppingRule
  private let groups: [Range<Int>]
  private let scratch: RowSandwich.Scratch

  private static let maximumSteps = 200
  private static let maximumProducts = 250
  /// A direction is good enough when its residual has shrunk to this.
  private static let forcing = 0.1
  /// Armijo's constant.
  private static let decrease = 1e-4

  init(_ evaluator: Evaluator, rule: StoppingRule) {
    self.evaluator = evaluator
    self.rule = rule
    groups = evaluator.problem.groups
    scratch = evaluator.sandwich.makeScratch()
  }

  func solve(from start: [Double]) -> SolverResult {
    var weights = start
    var here = evaluator.evaluate(weights)
    var isOpen = [Bool](repeating: true, count: groups.count)
    for iteration in 0..<Self.maximumSteps {
      let steepest = evaluator.gradientMaximum(here.gradient)
      let direction = direction(here.gradient, isOpen)
      let slopes = dots(here.gradient, direction)
      for g in groups.indices where isOpen[g] {
        // Half of Newton's decrement estimates how far F is above its minimum.
        isOpen[g] = steepest[g] > rule.gradient || -slopes[g] / 2 > max(rule.excess, 1e-10) * abs(here.values[g])
      }
      guard isOpen.contains(true) else { return SolverResult(weights: weights, iterations: iteration) }
      guard let next = step(from: weights, here, direction, slopes, &isOpen) else {
        return SolverResult(weights: weights, iterations: iteration)
      }
      (weights, here) = next
    }
    return SolverResult(weights: weights, iterations: Self.maximumSteps)
  }

  /// The first of 1, ½, ¼, … of `direction` that lowers F of each group enough; nil when none does any more.
  private func step(
    from weights: [Double], _ here: Evaluation, _ direction: [Double], _ slopes: [Double], _ isOpen: inout [Bool]
  ) -> (weights: [Double], Evaluation)? {
    var lengths = isOpen.map { $0 ? 1.0 : 0.0 }
    for _ in 0..<40 {
      var candidate = weights
      forEach { g, index in candidate[index] += lengths[g] * direction[index] }
      let there = evaluator.evaluate(candidate)
      var isDone = true
      for g in groups.indices where lengths[g] > 0 {
        let bound = here.values[g] + Self.decrease * lengths[g] * slopes[g] + 1e-15 * abs(here.values[g])
        if there.values[g] <= bound { continue }
        isDone = false
        lengths[g] /= 2
        if lengths[g] < 1e-9 {
          // Rounding hides any further decrease.
          lengths[g] = 0
          isOpen[g] = false
        }
      }
      if isDone { return lengths.contains { $0 > 0 } ? (candidate, there) : nil }
    }
    return nil
  }

  /// Solves H·d = −gradient for the open groups, roughly.
  private func direction(_ gradient: [Double], _ isOpen: [Bool]) -> [Double] {
    let diagonal = diagonal()
    let chosen = evaluator.curvedRows()
    var direction = [Double](repeating: 0, count: gradient.count)
    var residual = direction
    forEach { g, index in residual[index] = isOpen[g] ? -gradient[index] : 0 }
    let target = dots(residual, residual).map { $0 * Self.forcing * Self.forcing }
    var scaled = divided(residual, by: diagonal)
    var search = scaled
    var product = dots(residual, scaled)
    var isActive = isOpen
    for _ in 0..<Self.maximumProducts {
      let curved = evaluator.curve(search, chosen: chosen, scratch: scratch)
      let bends = dots(search, curved)
      for g in groups.indices where !(bends[g] > 0) { isActive[g] = false }
      let lengths = groups.indices.map { isActive[$0] ? product[$0] / bends[$0] : 0 }
      forEach { g, index in
        direction[index] += lengths[g] * search[index]
        residual[index] -= lengths[g] * curved[index]
      }
      let left = dots(residual, residual)
      for g in groups.indices where left[g] <= target[g] { isActive[g] = false }
      if !isActive.contains(true) { break }
      scaled = divided(residual, by: diagonal)
      let next = dots(residual, scaled)
      forEach { g, index in
        search[index] = isActive[g] ? scaled[index] + next[g] / product[g] * search[index] : 0
      }
      product = next
    }
    return direction
  }

  /// The diagonal of the Hessian, by which conjugate gradients are preconditioned. Computed for a sample of
  /// the rows: it guides the search and decides nothing.
  private func diagonal() -> [Double] {
    let (problem, scaling) = (evaluator.problem, evaluator.scaling)
    let (outputs, width, columns) = (problem.outputs, evaluator.width, evaluator.columns)
    var diagonal = [Double](repeating: 0, count: (columns + 1) * width)
    let step = max(1, problem.rows / 2048)
    var means = [Double](repeating: 0, count: columns)
    var curvatures = [Double](repeating: 0, count: outputs)
    var count = 0.0
    for row in stride(from: 0, to: problem.rows, by: step) {
      count += 1
      problem.embeddings.withRow(row) { x in
        for j in 0..<columns {
          let z = (Double(x[j]) - scaling.mean[j]) * scaling.scale[j]
          means[j] += z * z
        }
      }
      for k in 0..<outputs {
        let q = Double(evaluator.curvature[row * outputs + k])
        curvatures[k] += problem.objective == .oneVsRest ? q : problem.weights[row * outputs] * q * (1 - q)
      }
    }
    for k in 0..<outputs {
      let bend = max(curvatures[k] / count * Double(problem.rows) / evaluator.totals[k], 1e-12)
      for j in 0..<columns { diagonal[j * width + k] = bend * means[j] / count + evaluator.penalty[k] }
      diagonal[columns * width + k] = bend
    }
    return diagonal
  }

  private func divided(_ a: [Double], by diagonal: [Double]) -> [Double] {
    var result = a
    forEach { _, index in result[index] /= diagonal[index] }
    return result
  }

  /// Dot product of each group's elements.
  private func dots(_ a: [Double], _ b: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: groups.count)
    forEach { g, index in sums[g] += a[index] * b[index] }
    return sums
  }

  /// Calls `body` with every group and index in use, in order.
  private func forEach(_ body: (Int, Int) -> Void) {
    let width = evaluator.width
    for j in 0...evaluator.columns {
      for (g, group) in groups.enumerated() {
        for k in group { body(g, j * width + k) }
      }
    }
  }
}
