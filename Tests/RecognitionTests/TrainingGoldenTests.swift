import PerchRecognition
import PerchTensor
import TestSupport
import Testing

/// Problems with known optima (golden/training/training_golden.h5, solved there in double precision by Newton's
/// method and, independently, by scikit-learn).
@Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
struct TrainingGoldenTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let group: String
    let solution: String
    var testDescription: String { "\(group) \(solution)" }
  }

  private static let file = "golden/training/training_golden.h5"

  static let cases: [Case] = (try? allCases()) ?? []
  static let faults = [
    "error_single_class": TrainingFault.noNegative(label: 0),
    "error_single_class_multinomial": .singleClass, "error_nan": .notFinite(row: 3),
    "error_inf": .notFinite(row: 7),
    "error_ovr_empty_class": .noPositive(label: 1), "error_no_rows": .noRows,
  ]

  private static func allCases() throws -> [Case] {
    let golden = try Golden(file: file)
    return try golden.groups().filter { !$0.hasPrefix("error_") }.flatMap { group in
      try golden.groups(under: group).filter { $0.hasPrefix("C=") }.map { Case(group: group, solution: $0) }
    }
  }

  @Test func thereAreProblems() { #expect(Self.cases.count > 30) }

  @Test(arguments: cases)
  func reachesTheOptimum(_ test: Case) throws {
    let golden = try Golden(file: Self.file)
    let problem = try Self.problem(golden, test.group)
    try problem.check()
    let standardize = try golden.int("standardize", of: test.group) == 1
    let path = "\(test.group)/\(test.solution)"
    let c = try golden.double("C", of: path)
    let solution = LogisticRegression(problem, standardize: standardize, threads: 2).solve(c: c)
    #expect(solution.gradientMaximum <= 1e-8, "\(solution.solver), \(solution.iterations) steps")

    let objective = try golden.double("objective_total", of: path)
    #expect(abs(solution.objective - objective) <= 1e-9 * objective)

    let probabilities = try golden.doubles("\(path)/probabilities").values
    #expect(Self.difference(solution, problem, probabilities, rounded: false) <= 1e-6)
    // With the weights as the recognizer file holds them.
    #expect(Self.difference(solution, problem, probabilities, rounded: true) <= 1e-5)

    let beta = try golden.doubles("\(path)/beta").values
    let top = beta.reduce(0) { max($0, abs($1)) }
    let worst = zip(solution.weights, beta).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(worst <= 1e-6 * top)
  }

  @Test(arguments: faults.keys.sorted())
  func refuses(_ group: String) throws {
    let problem = try Self.problem(Golden(file: Self.file), group)
    #expect(throws: try #require(Self.faults[group])) { try problem.check() }
  }

  @Test func copiedColumnsShareTheirWeight() throws {
    let problem = try Self.problem(Golden(file: Self.file), "duplicated_features")
    let weights = LogisticRegression(problem, threads: 1).solve(c: 1).weights
    for index in 0..<32 * 3 { #expect(abs(weights[index] - weights[32 * 3 + index]) <= 1e-9) }
  }

  @Test func aConstantColumnHasNoWeight() throws {
    let problem = try Self.problem(Golden(file: Self.file), "constant_feature")
    let weights = LogisticRegression(problem, threads: 1).solve(c: 1).weights
    for k in 0..<3 { #expect(abs(weights[5 * 3 + k]) <= 1e-9) }
  }

  private static func difference(
    _ solution: LinearSolution, _ problem: LogisticProblem, _ expected: [Double], rounded: Bool
  ) -> Double {
    let outputs = problem.outputs
    var worst = 0.0
    for row in 0..<problem.rows {
      var logits = rounded ? solution.bias.map { Double(Float($0)) } : solution.bias
      for j in 0..<problem.embeddings.columns {
        let x = Double(problem.embeddings[row, j])
        for k in 0..<outputs {
          let weight = solution.weights[j * outputs + k]
          logits[k] += x * (rounded ? Double(Float(weight)) : weight)
        }
      }
      let p = Naive.probabilities(logits, problem.objective)
      for k in 0..<outputs { worst = max(worst, abs(p[k] - expected[row * outputs + k])) }
    }
    return worst
  }

  static func problem(_ golden: Golden, _ group: String) throws -> LogisticProblem {
    let kind = try golden.string("objective", of: group)
    let (shape, values) = try golden.floats("\(group)/x")
    let matrix = RowMatrix(rows: shape[0], columns: shape[1])
    for row in 0..<shape[0] { matrix.set(row: row, Array(values[row * shape[1]..<(row + 1) * shape[1]])) }
    let labels = try golden.doubles("\(group)/labels").values
    guard golden.has("\(group)/effective_weight") else {
      return errorProblem(kind, matrix, labels)
    }
    let (weightShape, weights) = try golden.doubles("\(group)/effective_weight")
    let outputs = kind == "multinomial" ? try golden.int("classes", of: group) : weightShape[1]
    var targets = [Double](repeating: 0, count: shape[0] * outputs)
    var all = targets
    for row in 0..<shape[0] {
      for k in 0..<outputs {
        let index = row * outputs + k
        if kind == "multinomial" {
          targets[index] = Int(labels[row]) == k ? 1 : 0
          all[index] = weights[row]
        } else {
          targets[index] = labels[index]
          all[index] = weights[index]
        }
      }
    }
    return LogisticProblem(
      objective: kind == "multinomial" ? .multinomial : .oneVsRest, embeddings: matrix, outputs: outputs,
      targets: targets, weights: all)
  }

  private static func errorProblem(_ kind: String, _ matrix: RowMatrix, _ labels: [Double]) -> LogisticProblem {
    let outputs = kind == "ovr" ? 2 : kind == "multinomial" ? 2 : 1
    var targets = labels
    if kind == "multinomial" { targets = labels.flatMap { [$0 == 0 ? 1.0 : 0, $0 == 1 ? 1.0 : 0] } }
    return LogisticProblem(
      objective: kind == "multinomial" ? .multinomial : .oneVsRest, embeddings: matrix, outputs: outputs,
      targets: targets, weights: targets.map { _ in 1 })
  }
}
