import PerchTensor

/// A window that is trained on.
package struct TrainingWindow: Equatable, Sendable {
  package let source: String
  package let channel: Int32
  /// Seconds.
  package let start: Double
  /// What must stay together in one fold: the recording, or what the user says.
  package let group: String

  package init(source: String, channel: Int32, start: Double, group: String) {
    self.source = source
    self.channel = channel
    self.start = start
    self.group = group
  }
}

/// What is known of one window and one label.
package struct LabelState: Equatable, Sendable {
  /// 1 present, 0 absent, between them where labels disagree and their mean was asked for.
  package var value: Double
  /// 0: unknown.
  package var weight: Double
  /// Assumed absent because nothing says otherwise, with a weight below 1: no evidence, so in no metric.
  package var isWeak: Bool

  package static let unknown = LabelState(value: 0, weight: 0, isWeak: false)

  package init(value: Double, weight: Double, isWeak: Bool = false) {
    self.value = value
    self.weight = weight
    self.isWeak = isWeak
  }

  /// Whether metrics count it: known, and of one value.
  package var isEvidence: Bool { weight > 0 && !isWeak && (value == 0 || value == 1) }
}

/// Windows with their embeddings, and what is known of each label: all that training looks at.
package struct TrainingSet: Sendable {
  package let objective: TrainingObjective
  /// Sorted by code point: the order of columns everywhere.
  package let labels: [String]
  package let windows: [TrainingWindow]
  package let embeddings: RowMatrix
  /// [windows][labels]; under `multinomial` exactly one value of each window is 1.
  package let states: [LabelState]

  package init(
    objective: TrainingObjective, labels: [String], windows: [TrainingWindow], embeddings: RowMatrix,
    states: [LabelState]
  ) {
    precondition(
      embeddings.rows == windows.count && states.count == windows.count * labels.count,
      "an embedding for each window, a state for each window and label")
    self.objective = objective
    self.labels = labels
    self.windows = windows
    self.embeddings = embeddings
    self.states = states
  }

  package func state(_ window: Int, _ label: Int) -> LabelState { states[window * labels.count + label] }

  package func selecting(_ chosen: [Int]) -> TrainingSet {
    TrainingSet(
      objective: objective, labels: labels, windows: chosen.map { windows[$0] },
      embeddings: embeddings.selecting(chosen),
      states: chosen.flatMap { states[$0 * labels.count..<($0 + 1) * labels.count] })
  }

  /// Index of the label of a window under `multinomial`.
  package func truth(_ window: Int) -> Int? {
    labels.indices.first { state(window, $0).value == 1 && state(window, $0).weight > 0 }
  }
}

/// How much the labels count beside each other.
package enum ClassWeight: Equatable, Sendable {
  case none
  /// As if every label, and under one-vs-rest its presence and its absence, had equally many rows.
  case balanced
  /// A factor for the rows of each label; 1 where it is not named.
  case explicit([String: Double])
}

extension TrainingSet {
  /// The problem with its effective weights: sample weight × class weight × mask.
  package func problem(_ classWeight: ClassWeight) -> LogisticProblem {
    let count = labels.count
    var weights = states.map(\.weight)
    switch objective {
    case .oneVsRest:
      for k in 0..<count {
        let factors = binaryFactors(k, classWeight)
        for row in windows.indices {
          weights[row * count + k] *= state(row, k).value > 0 ? factors.positive : factors.negative
        }
      }
    case .multinomial:
      let truths = windows.indices.map { truth($0) }
      let factors = multinomialFactors(truths, classWeight)
      for row in windows.indices {
        let weight = truths[row].map { state(row, $0).weight * factors[$0] } ?? 0
        for k in 0..<count { weights[row * count + k] = weight }
      }
    }
    return LogisticProblem(
      objective: objective, embeddings: embeddings, outputs: count, targets: states.map(\.value), weights: weights)
  }

  private func binaryFactors(_ k: Int, _ classWeight: ClassWeight) -> (positive: Double, negative: Double) {
    switch classWeight {
    case .none: return (1, 1)
    case .explicit(let factors): return (factors[labels[k]] ?? 1, 1)
    case .balanced:
      let known = windows.indices.filter { state($0, k).weight > 0 }
      let positives = Double(known.count { state($0, k).value > 0 })
      let all = Double(known.count)
      guard positives > 0, positives < all else { return (1, 1) }
      return (all / (2 * positives), all / (2 * (all - positives)))
    }
  }

  private func multinomialFactors(_ truths: [Int?], _ classWeight: ClassWeight) -> [Double] {
    switch classWeight {
    case .none: return labels.map { _ in 1 }
    case .explicit(let factors): return labels.map { factors[$0] ?? 1 }
    case .balanced:
      var counts = labels.map { _ in 0.0 }
      for truth in truths { if let truth { counts[truth] += 1 } }
      let all = counts.reduce(0, +)
      return counts.map { $0 > 0 ? all / (Double(labels.count) * $0) : 1 }
    }
  }
}
