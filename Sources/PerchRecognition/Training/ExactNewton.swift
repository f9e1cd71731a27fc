import KernelTable
import PerchTensor

/// Newton's method with the Hessian itself, in double precision, on the coordinates of a `RowSpace`: for
/// problems with few unknowns. Damped by Armijo's rule; convex, so it ends at the optimum.
struct ExactNewton {
  let problem: LogisticProblem
  let space: RowSpace
  let penalty: [Double]
  let totals: [Double]
  let rule: StoppingRule
  let kernels: KernelTable
  private let loss: CrossEntropy

  private static let maximumSteps = 200

  init(_ evaluator: Evaluator, space: RowSpace, rule: StoppingRule, kernels: KernelTable) {
    problem = evaluator.problem
    self.space = space
    penalty = evaluator.penalty
    totals = evaluator.totals
    self.rule = rule
    self.kernels = kernels
    loss = CrossEntropy(evaluator.problem)
  }

  /// Improves `weights`, [rank + 1][outputs], to the optimum and returns the steps taken.
  func solve(_ weights: DoubleMatrix) -> Int {
    var steps = 0
    for group in problem.groups { steps = max(steps, solve(weights, group)) }
    return steps
  }

  private struct Point {
    /// [rank + 1][outputs of the group]
    var weights: DoubleMatrix
    var value: Double
    var gradient: DoubleMatrix
    /// [rows][outputs of the group]: p, or s·p·(1 − p).
    var curvature: DoubleMatrix
  }

  private func solve(_ weights: DoubleMatrix, _ group: Range<Int>) -> Int {
    let start = DoubleMatrix(rows: space.rank + 1, columns: group.count)
    copy(weights, group.lowerBound, to: start, 0, group.count)
    var here = point(start, group)
    var steps = 0
    while steps < Self.maximumSteps {
      guard let direction = direction(from: here, group) else { break }
      let slope = dot(here.gradient, direction)
      // At the end of double precision the direction is rounding, and need not lead down.
      guard slope < 0, let next = step(from: here, direction, slope, group) else { break }
      steps += 1
      here = next
      if -slope / 2 <= rule.excess * abs(here.value), magnitude(here.gradient) <= rule.gradient { break }
    }
    polish(&here, group)
    copy(here.weights, 0, to: weights, group.lowerBound, group.count)
    return steps
  }

  /// Whole steps as long as they at least halve the gradient: near the optimum differences of F are lost in
  /// rounding before those of its gradient.
  private func polish(_ here: inout Point, _ group: Range<Int>) {
    for _ in 0..<8 {
      guard let direction = direction(from: here, group) else { return }
      let there = point(moved(here.weights, 1, direction), group)
      guard magnitude(there.gradient) <= magnitude(here.gradient) / 2 else { return }
      here = there
    }
  }

  private func moved(_ weights: DoubleMatrix, _ length: Double, _ direction: DoubleMatrix) -> DoubleMatrix {
    let result = DoubleMatrix(rows: weights.rows, columns: weights.columns)
    for j in 0..<weights.rows {
      for k in 0..<weights.columns { result[j, k] = weights[j, k] + length * direction[j, k] }
    }
    return result
  }

  private func step(from here: Point, _ direction: DoubleMatrix, _ slope: Double, _ group: Range<Int>) -> Point? {
    var length = 1.0
    while length > 1e-10 {
      let there = point(moved(here.weights, length, direction), group)
      if there.value <= here.value + 1e-4 * length * slope + 1e-15 * abs(here.value) { return there }
      length /= 2
    }
    return nil
  }

  private func point(_ weights: DoubleMatrix, _ group: Range<Int>) -> Point {
    let (n, m, k0, outputs) = (problem.rows, space.rank + 1, group.lowerBound, group.count)
    let residual = DoubleMatrix(rows: n, columns: outputs)
    let curvature = DoubleMatrix(rows: n, columns: outputs)
    var value = 0.0
    for row in 0..<n {
      var logits = [Double](repeating: 0, count: outputs)
      space.coordinates.withRow(row) { z in
        weights.withAll { w in
          let stride = weights.stride
          for j in 0..<m { for k in 0..<outputs { logits[k] += z[j] * w[j * stride + k] } }
        }
      }
      value += differentiate(row, k0, &logits, residual, curvature)
    }
    let total = totals[k0]
    let gradient = DoubleMatrix(rows: m, columns: outputs)
    gradient.setProduct(
      transposed: space.coordinates, residual, rows: 0..<m, columns: 0..<outputs, depth: 0..<n, scale: 1 / total,
      kernels: kernels)
    value /= total
    for j in 0..<space.rank {
      for k in 0..<outputs {
        value += penalty[k0] * weights[j, k] * weights[j, k] / 2
        gradient[j, k] += penalty[k0] * weights[j, k]
      }
    }
    return Point(weights: weights, value: value, gradient: gradient, curvature: curvature)
  }

  /// s·ℓ of a row, with s·(p − y) and the curvature in double precision.
  private func differentiate(
    _ row: Int, _ k0: Int, _ logits: inout [Double], _ residual: DoubleMatrix, _ curvature: DoubleMatrix
  ) -> Double {
    let base = row * problem.outputs
    if problem.objective == .oneVsRest {
      let (s, y, z) = (problem.weights[base + k0], problem.targets[base + k0], logits[0])
      if s == 0 { return 0 }
      let (p, q) = (CrossEntropy.sigmoid(z), CrossEntropy.sigmoid(-z))
      residual[row, 0] = s * (y == 1 ? -q : p - y)
      curvature[row, 0] = s * p * q
      return s * (CrossEntropy.softplus(z) - y * z)
    }
    let s = problem.weights[base]
    let value = CrossEntropy.softmax(&logits, target: problem.targets[base..<base + problem.outputs])
    for k in 0..<problem.outputs {
      residual[row, k] = s * (logits[k] - problem.targets[base + k])
      curvature[row, k] = logits[k]
    }
    return s * value
  }

  /// −H⁻¹·gradient; nil when H is not positive definite to working precision.
  private func direction(from here: Point, _ group: Range<Int>) -> DoubleMatrix? {
    let (m, outputs) = (space.rank + 1, group.count)
    let block = m.roundedUp(to: DoubleMatrix.line)
    let inverse = 1 / totals[group.lowerBound]
    let hessian = DoubleMatrix(rows: block * outputs, columns: block * outputs)
    let scaled = DoubleMatrix(rows: problem.rows, columns: m)
    for i in 0..<outputs {
      for j in i..<outputs {
        scale(into: scaled, here.curvature, i, j)
        if i == j {
          hessian.setUpperProduct(
            transposed: space.coordinates, scaled, origin: (i * block, j * block), scale: inverse, kernels: kernels)
        } else {
          hessian.setProduct(
            transposed: space.coordinates, scaled, rows: 0..<m, columns: 0..<m, depth: 0..<problem.rows,
            origin: (i * block, j * block), scale: inverse, kernels: kernels)
        }
      }
    }
    regularize(hessian, block: block, outputs: outputs, penalty: penalty[group.lowerBound])
    guard let factor = Cholesky(factoring: hessian, kernels: kernels) else { return nil }
    let right = DoubleMatrix(rows: block * outputs, columns: 1)
    for k in 0..<outputs { for j in 0..<m { right[k * block + j, 0] = -here.gradient[j, k] } }
    factor.solve(right)
    let direction = DoubleMatrix(rows: m, columns: outputs)
    for k in 0..<outputs { for j in 0..<m { direction[j, k] = right[k * block + j, 0] } }
    return direction
  }

  /// Rows of the coordinates times the curvature of outputs i and j.
  private func scale(into scaled: DoubleMatrix, _ curvature: DoubleMatrix, _ i: Int, _ j: Int) {
    for row in 0..<problem.rows {
      let weight: Double
      switch problem.objective {
      case .oneVsRest: weight = curvature[row, 0]
      case .multinomial:
        let (p, q) = (curvature[row, i], curvature[row, j])
        weight = problem.weights[row * problem.outputs] * (i == j ? p * (1 - p) : -p * q)
      }
      space.coordinates.withRow(row) { from in
        scaled.withRow(row) { to in for column in 0..<to.count { to[column] = weight * from[column] } }
      }
    }
  }

  private func regularize(_ hessian: DoubleMatrix, block: Int, outputs: Int, penalty: Double) {
    let bias = space.rank
    for k in 0..<outputs {
      for j in 0..<space.rank { hessian[k * block + j, k * block + j] += penalty }
      for j in space.rank + 1..<max(block, space.rank + 1) { hessian[k * block + j, k * block + j] = 1 }
      // Of a softmax only differences of biases count: their sum is held at 0.
      if problem.objective == .multinomial {
        for l in k..<outputs { hessian[k * block + bias, l * block + bias] += 1 }
      }
    }
  }

  private func dot(_ a: DoubleMatrix, _ b: DoubleMatrix) -> Double {
    var sum = 0.0
    for j in 0..<a.rows { for k in 0..<a.columns { sum += a[j, k] * b[j, k] } }
    return sum
  }

  private func magnitude(_ a: DoubleMatrix) -> Double {
    var top = 0.0
    for j in 0..<a.rows { for k in 0..<a.columns { top = max(top, abs(a[j, k])) } }
    return top
  }

  private func copy(_ from: DoubleMatrix, _ first: Int, to: DoubleMatrix, _ second: Int, _ count: Int) {
    for j in 0..<from.rows { for k in 0..<count { to[j, second + k] = from[j, first + k] } }
  }
}
