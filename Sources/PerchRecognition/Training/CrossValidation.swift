import PerchTensor

/// What C is chosen by.
package enum SelectionScore: String, CaseIterable, Sendable {
  case logLoss = "log-loss"
  case cmap
  case rocAUC = "roc-auc"
}

/// How the optimum is computed, whatever the rows.
package struct FittingSettings: Sendable {
  package var classWeight = ClassWeight.none
  package var standardize = false
  package var tolerance = 1e-8
  package var threads = 1

  package init() {}
}

/// Scores of windows by recognizers that were not trained on them, for each C of a grid.
package struct CrossValidation: Sendable {
  /// Ascending.
  package let grid: [Candidate]
  package let folds: Folds
  /// [C][windows × labels]; nil where the window's fold could not be trained for the label.
  private let scores: [[Double?]]

  package struct Candidate: Equatable, Sendable {
    package let c: Double
    /// Means over the labels that have one; nil when none has.
    package let logLoss: Double?
    /// Standard error of the folds' log losses.
    package let logLossError: Double?
    package let cmap: Double?
    package let rocAUC: Double?
  }

  package init(_ set: TrainingSet, folds: Folds, grid: [Double], _ settings: FittingSettings) {
    let grid = grid.sorted()
    self.folds = folds
    let found = FoldScores(grid: grid.count, folds: folds.count)
    ParallelWork.run(folds.count, threads: settings.threads) { fold in
      // Folds side by side, each on one thread: no thread waits for another within a step.
      found.set(fold, Self.score(set, folds, fold, grid, settings))
    }
    var scores = [[Double?]](
      repeating: [Double?](repeating: nil, count: set.windows.count * set.labels.count), count: grid.count)
    for fold in 0..<folds.count {
      for (index, values) in found.scores(fold).enumerated() {
        for (row, window) in folds.heldOut(fold).enumerated() {
          for k in set.labels.indices {
            scores[index][window * set.labels.count + k] = values[row * set.labels.count + k]
          }
        }
      }
    }
    self.scores = scores
    self.grid = grid.indices.map { Self.candidate(set, folds, grid[$0], scores[$0]) }
  }

  /// [windows × labels] at the C with `index` in the grid, rounded as scores are.
  package func outOfFold(_ index: Int) -> [Float?] { scores[index].map { $0.map { Float($0) } } }

  /// Index of the smallest C whose score is within one standard error of the best (of the best itself where
  /// the score has none).
  package func choice(_ score: SelectionScore) -> Int? {
    switch score {
    case .logLoss:
      guard let best = grid.indices.filter({ grid[$0].logLoss != nil })
        .min(by: { grid[$0].logLoss ?? 0 < grid[$1].logLoss ?? 0 }), let lowest = grid[best].logLoss
      else { return nil }
      let bound = lowest + (grid[best].logLossError ?? 0)
      return grid.indices.first { grid[$0].logLoss.map { $0 <= bound } ?? false }
    case .cmap: return highest { $0.cmap }
    case .rocAUC: return highest { $0.rocAUC }
    }
  }

  private func highest(_ value: (Candidate) -> Double?) -> Int? {
    var best: (index: Int, value: Double)?
    for (index, candidate) in grid.enumerated() {
      if let value = value(candidate), value > best?.value ?? -1 { best = (index, value) }
    }
    return best?.index
  }

  /// For each C, the logits of the held-out windows, [windows][labels].
  private static func score(
    _ set: TrainingSet, _ folds: Folds, _ fold: Int, _ grid: [Double], _ settings: FittingSettings
  ) -> [[Double?]] {
    let heldOut = set.embeddings.selecting(folds.heldOut(fold))
    let part = set.selecting(folds.training(fold))
    // A label that the rest of the folds lacks cannot be trained; the others can.
    let trainable = set.labels.indices.filter { part.isTrainable($0) }
    var result = [[Double?]](
      repeating: [Double?](repeating: nil, count: heldOut.rows * set.labels.count), count: grid.count)
    let needed = set.objective == .oneVsRest ? 1 : set.labels.count
    guard trainable.count >= needed else { return result }
    let chosen = part.keeping(trainable)
    let regression = LogisticRegression(
      chosen.problem(settings.classWeight), standardize: settings.standardize,
      rule: StoppingRule(gradient: settings.tolerance), threads: 1)
    var solution: LinearSolution?
    for (index, c) in grid.enumerated() {
      let next = regression.solve(c: c, from: solution)
      solution = next
      for row in 0..<heldOut.rows {
        for (logit, label) in zip(next.logits(heldOut, row: row), trainable) {
          result[index][row * set.labels.count + label] = logit
        }
      }
    }
    return result
  }

  private static func candidate(_ set: TrainingSet, _ folds: Folds, _ c: Double, _ scores: [Double?]) -> Candidate {
    let losses = (0..<folds.count).compactMap { fold in
      set.meanLogLoss(scores, windows: folds.heldOut(fold))
    }
    let middle = mean(losses) ?? 0
    let variance = losses.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(max(losses.count - 1, 1))
    let cases = set.labels.indices.map { set.cases($0, scores.map { $0.map { Float($0) } }) }
    return Candidate(
      c: c, logLoss: set.meanLogLoss(scores, windows: Array(set.windows.indices)),
      logLossError: losses.count > 1 ? (variance / Double(losses.count)).squareRoot() : nil,
      cmap: mean(cases.compactMap(\.averagePrecision)), rocAUC: mean(cases.compactMap(\.rocAUC)))
  }

  fileprivate static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}

extension TrainingSet {
  fileprivate func isTrainable(_ label: Int) -> Bool {
    var (positive, negative) = (false, false)
    for row in windows.indices {
      let state = state(row, label)
      if state.weight <= 0 { continue }
      if state.value > 0 { positive = true }
      if state.value < 1 { negative = true }
    }
    return positive && negative
  }

  fileprivate func keeping(_ chosen: [Int]) -> TrainingSet {
    if chosen.count == labels.count { return self }
    return TrainingSet(
      objective: objective, labels: chosen.map { labels[$0] }, windows: windows, embeddings: embeddings,
      states: windows.indices.flatMap { row in chosen.map { state(row, $0) } })
  }

  /// Scores ([windows × labels]) of what is known of a label.
  package func cases(_ label: Int, _ scores: [Float?]) -> ScoredCases {
    ScoredCases(
      windows.indices.compactMap { row in
        let state = state(row, label)
        guard state.isEvidence, let score = scores[row * labels.count + label] else { return nil }
        return (score, state.value == 1)
      })
  }

  /// Mean over labels of their mean log loss over the evidence in `chosen`; under `multinomial` the mean over
  /// windows. nil without any.
  fileprivate func meanLogLoss(_ scores: [Double?], windows chosen: [Int]) -> Double? {
    let count = labels.count
    if objective == .multinomial {
      let losses = chosen.compactMap { row -> Double? in
        var logits = scores[row * count..<(row + 1) * count].compactMap(\.self)
        guard logits.count == count, let truth = truth(row) else { return nil }
        let target = (0..<count).map { $0 == truth ? 1.0 : 0 }
        return CrossEntropy.softmax(&logits, target: target[...])
      }
      return CrossValidation.mean(losses)
    }
    let means = (0..<count).compactMap { k in
      CrossValidation.mean(
        chosen.compactMap { row -> Double? in
          let state = state(row, k)
          guard state.isEvidence, let z = scores[row * count + k] else { return nil }
          return CrossEntropy.softplus(state.value == 1 ? -z : z)
        })
    }
    return CrossValidation.mean(means)
  }
}
