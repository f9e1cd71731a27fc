import PerchTensor

/// What a linear layer is trained to say of each row.
package enum TrainingObjective: String, CaseIterable, Sendable {
  /// Every label on its own: present or not. Sigmoid cross-entropy.
  case oneVsRest = "one-vs-rest"
  /// Exactly one label for each row. Softmax cross-entropy.
  case multinomial
}

/// L2-regularised logistic regression on rows of embeddings:
///
///     F(W, b) = (1/S) Σ sᵢ·ℓᵢ + ‖W‖² / (2·C·S),  S = Σ sᵢ
///
/// with ℓ the cross-entropy of target and logits x·W + b. One-vs-rest is one such problem for each label, with
/// s, S and F of its own. The bias is not penalised. S·C·F is what scikit-learn minimises for the same C.
package struct LogisticProblem: Sendable {
  package let objective: TrainingObjective
  package let embeddings: RowMatrix
  /// Labels, and so columns of the solution.
  package let outputs: Int
  /// [rows][outputs], between 0 (absent) and 1 (present).
  package let targets: [Double]
  /// [rows][outputs], at least 0; under `multinomial` equal along a row.
  package let weights: [Double]

  package init(
    objective: TrainingObjective, embeddings: RowMatrix, outputs: Int, targets: [Double], weights: [Double]
  ) {
    precondition(
      targets.count == embeddings.rows * outputs && weights.count == targets.count,
      "a target and a weight for each row and label")
    self.objective = objective
    self.embeddings = embeddings
    self.outputs = outputs
    self.targets = targets
    self.weights = weights
  }

  package var rows: Int { embeddings.rows }

  /// S of each output; under `multinomial` all are the one S.
  var totals: [Double] {
    var sums = [Double](repeating: 0, count: outputs)
    for row in 0..<rows {
      for k in 0..<outputs { sums[k] += weights[row * outputs + k] }
    }
    return sums
  }

  /// Outputs that share one F, one step length and one end.
  var groups: [Range<Int>] {
    switch objective {
    case .oneVsRest: (0..<outputs).map { $0..<$0 + 1 }
    case .multinomial: [0..<outputs]
    }
  }
}

/// Why there is nothing to train. Rows are counted from 0.
package enum TrainingFault: Error, Equatable, Sendable {
  case noRows
  /// Under `multinomial`: fewer than two labels have rows.
  case singleClass
  case noPositive(label: Int)
  case noNegative(label: Int)
  /// An embedding holds something that is not a finite number.
  case notFinite(row: Int)
  /// C, or a weight, is not a positive finite number.
  case penalty
}

extension LogisticProblem {
  /// Says whether the problem has an optimum that means something.
  package func check() throws(TrainingFault) {
    if rows == 0 { throw .noRows }
    if let row = embeddings.firstNotFinite() { throw .notFinite(row: row) }
    var positive = [Bool](repeating: false, count: outputs)
    var negative = positive
    for row in 0..<rows {
      for k in 0..<outputs where weights[row * outputs + k] > 0 {
        let target = targets[row * outputs + k]
        if target > 0 { positive[k] = true }
        if target < 1 { negative[k] = true }
      }
    }
    switch objective {
    case .multinomial: if positive.count(where: \.self) < 2 { throw .singleClass }
    case .oneVsRest:
      for k in 0..<outputs {
        if !positive[k] { throw .noPositive(label: k) }
        if !negative[k] { throw .noNegative(label: k) }
      }
    }
  }
}
