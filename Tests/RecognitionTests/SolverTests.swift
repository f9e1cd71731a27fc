import PerchRecognition
import PerchTensor
import TestSupport
import Testing

/// The solvers on problems made here, judged by a second, plain computation of the gradient.
@Suite struct SolverTests {
  /// Rows around a mean for each label, from a fixed sequence.
  static func problem(
    rows: Int, columns: Int, outputs: Int, _ objective: TrainingObjective, seed: UInt64 = 1
  ) -> LogisticProblem {
    var numbers = Numbers(state: seed)
    let centres = (0..<outputs * columns).map { _ in numbers.next() * 0.6 }
    let matrix = RowMatrix(rows: rows, columns: columns)
    var targets = [Double](repeating: 0, count: rows * outputs)
    for row in 0..<rows {
      let label = row % outputs
      matrix.set(row: row, (0..<columns).map { Float(centres[label * columns + $0] + numbers.next() + 0.5) })
      targets[row * outputs + (row % 7 == 0 ? (label + 1) % outputs : label)] = 1
    }
    return LogisticProblem(
      objective: objective, embeddings: matrix, outputs: outputs, targets: targets,
      weights: targets.map { _ in 1 })
  }

  @Test(arguments: TrainingObjective.allCases, [(120, 300, 3), (3000, 700, 4)])
  func gradientIsSmall(_ objective: TrainingObjective, _ size: (rows: Int, columns: Int, outputs: Int)) {
    let problem = Self.problem(rows: size.rows, columns: size.columns, outputs: size.outputs, objective)
    let solution = LogisticRegression(problem, threads: 2).solve(c: 0.1)
    let gradient = Naive.gradientMaximum(problem, solution.weights, solution.bias, c: 0.1)
    #expect(solution.solver == (size.rows == 120 ? "newton" : "newton-cg"))
    #expect(gradient <= 1e-8)
    // Both sum the same terms in double precision; the order differs.
    #expect(abs(gradient - solution.gradientMaximum) <= 1e-12)
  }

  /// A start elsewhere must lead to the same point.
  @Test(arguments: TrainingObjective.allCases)
  func warmStartEndsAtTheSameOptimum(_ objective: TrainingObjective) {
    let problem = Self.problem(rows: 150, columns: 200, outputs: 3, objective)
    let regression = LogisticRegression(problem, threads: 1)
    let cold = regression.solve(c: 10)
    let warm = regression.solve(c: 10, from: regression.solve(c: 0.01))
    #expect(abs(cold.objective - warm.objective) <= 1e-12 * cold.objective)
    for (a, b) in zip(cold.weights, warm.weights) { #expect(abs(a - b) <= 1e-8) }
  }

  @Test(arguments: TrainingObjective.allCases, [(150, 200, 3), (3000, 700, 4)])
  func threadsChangeNothing(_ objective: TrainingObjective, _ size: (rows: Int, columns: Int, outputs: Int)) {
    let problem = Self.problem(rows: size.rows, columns: size.columns, outputs: size.outputs, objective)
    let one = LogisticRegression(problem, threads: 1).solve(c: 1)
    for threads in [2, 4] {
      let several = LogisticRegression(problem, threads: threads).solve(c: 1)
      #expect(one.weights == several.weights)
      #expect(one.bias == several.bias)
    }
  }

  /// Equal rows make the Gram matrix singular.
  @Test func equalRowsDoNoHarm() {
    let single = Self.problem(rows: 40, columns: 90, outputs: 2, .oneVsRest)
    let twice = LogisticProblem(
      objective: .oneVsRest, embeddings: single.embeddings.selecting(Array(0..<40) + Array(0..<40)), outputs: 2,
      targets: single.targets + single.targets, weights: single.weights + single.weights)
    // Twice the rows are the same problem at half of C.
    let a = LogisticRegression(single, threads: 1).solve(c: 2)
    let b = LogisticRegression(twice, threads: 1).solve(c: 1)
    for (x, y) in zip(a.weights, b.weights) { #expect(abs(x - y) <= 1e-9) }
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014), and from it numbers that are nearly normal.
struct Numbers {
  var state: UInt64

  mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Sum of twelve uniform numbers minus 6: mean 0, variance 1.
  mutating func next() -> Double {
    (0..<12).reduce(-6.0) { sum, _ in sum + Double(bits() >> 11) * 0x1p-53 }
  }
}
