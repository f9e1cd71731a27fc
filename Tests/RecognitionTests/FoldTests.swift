import PerchRecognition
import PerchTensor
import Testing

@Suite struct FoldTests {
  /// `groups` recordings of `size` windows each; the label of a recording is its number modulo 2.
  private static func set(groups: Int, size: Int, order: [Int]? = nil) -> TrainingSet {
    var numbers = Numbers(state: 5)
    var windows: [TrainingWindow] = []
    var states: [LabelState] = []
    let matrix = RowMatrix(rows: groups * size, columns: 12)
    for group in 0..<groups {
      for place in 0..<size {
        matrix.set(
          row: windows.count, (0..<12).map { _ in Float(numbers.next() + (group % 2 == 0 ? 0.4 : -0.4)) })
        windows.append(
          TrainingWindow(source: "r\(group)", channel: 0, start: Double(5 * place), group: "g\(group)"))
        states.append(LabelState(value: group % 2 == 0 ? 1 : 0, weight: 1))
      }
    }
    return TrainingSet(
      objective: .oneVsRest, labels: ["a"], windows: windows, embeddings: matrix, states: states)
  }

  @Test func aGroupIsInOneFold() throws {
    let set = Self.set(groups: 11, size: 4)
    let folds = try #require(Folds(set, count: 5, seed: 0))
    #expect(folds.count == 5)
    #expect(folds.groups == 11)
    for group in Set(set.windows.map(\.group)) {
      let members = set.windows.indices.filter { set.windows[$0].group == group }
      #expect(Set(members.map { folds.assignment[$0] }).count == 1)
    }
    // The label has six groups: every fold holds one of them, one holds two.
    let positives = (0..<5).map { fold in folds.heldOut(fold).count { set.state($0, 0).value == 1 } }
    #expect(positives.sorted() == [4, 4, 4, 4, 8])
  }

  @Test func theSeedDrawsOtherFolds() throws {
    let set = Self.set(groups: 12, size: 2)
    let first = try #require(Folds(set, count: 4, seed: 0))
    #expect(Folds(set, count: 4, seed: 0) == first)
    #expect((1..<6).contains { Folds(set, count: 4, seed: $0) != first })
  }

  @Test func oneGroupOfALabelIsNotEnough() {
    #expect(Folds(Self.set(groups: 1, size: 6), count: 5, seed: 0) == nil)
    #expect(Folds(Self.set(groups: 2, size: 6), count: 5, seed: 0) == nil)
  }

  @Test func scoresAreOfWindowsNotTrainedOn() throws {
    let set = Self.set(groups: 12, size: 3)
    let folds = try #require(Folds(set, count: 4, seed: 1))
    let validation = CrossValidation(set, folds: folds, grid: [1, 0.01], FittingSettings())
    #expect(validation.grid.map(\.c) == [0.01, 1])
    let scores = validation.outOfFold(1)
    for fold in 0..<folds.count {
      let part = set.selecting(folds.training(fold))
      let solution = LogisticRegression(part.problem(.none), threads: 1).solve(c: 1)
      for row in folds.heldOut(fold) {
        let logit = solution.logits(set.embeddings, row: row)[0]
        // The validation came to C = 1 from C = 0.01, so the two differ by what the solver leaves.
        #expect(abs(Double(try #require(scores[row])) - logit) <= 1e-5)
      }
    }
  }

  @Test func threadsChangeNothing() throws {
    let set = Self.set(groups: 12, size: 3)
    let folds = try #require(Folds(set, count: 4, seed: 1))
    var settings = FittingSettings()
    let one = CrossValidation(set, folds: folds, grid: [0.1, 1], settings)
    settings.threads = 4
    let four = CrossValidation(set, folds: folds, grid: [0.1, 1], settings)
    #expect(one.grid == four.grid)
    #expect(one.outOfFold(0) == four.outOfFold(0))
  }

  @Test func balancedWeightsMakeBothSidesEqual() {
    let set = Self.set(groups: 5, size: 2)
    let problem = set.problem(.balanced)
    let positive = problem.targets.indices.reduce(0) { $0 + problem.weights[$1] * problem.targets[$1] }
    #expect(abs(positive - 5) < 1e-12)
    #expect(abs(problem.weights.reduce(0, +) - 10) < 1e-12)
  }
}
