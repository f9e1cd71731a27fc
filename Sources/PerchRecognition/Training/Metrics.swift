import Glibc

/// What scores say of the presence of one label, by known cases.
package struct ScoredCases: Sendable {
  /// Scores, highest first, each with how many positives and negatives have it.
  package private(set) var steps: [(score: Float, positives: Int, negatives: Int)] = []
  package private(set) var positives = 0
  package private(set) var negatives = 0

  package init(_ cases: [(score: Float, isPositive: Bool)]) {
    for (score, isPositive) in cases.sorted(by: { $0.score > $1.score }) {
      if steps.last?.score != score { steps.append((score, 0, 0)) }
      if isPositive {
        steps[steps.count - 1].positives += 1
        positives += 1
      } else {
        steps[steps.count - 1].negatives += 1
        negatives += 1
      }
    }
  }

  /// The chance that a positive scores higher than a negative, equal scores counting one half (Mann and
  /// Whitney 1947); nil without both kinds.
  package var rocAUC: Double? {
    guard positives > 0, negatives > 0 else { return nil }
    var above = 0
    var twice = 0.0
    for step in steps {
      twice += Double(step.negatives) * Double(2 * above + step.positives)
      above += step.positives
    }
    return twice / (2 * Double(positives) * Double(negatives))
  }

  /// Σ (Rₜ − Rₜ₋₁)·Pₜ over distinct scores, equal ones in one step, without interpolation; nil without positives.
  package var averagePrecision: Double? {
    guard positives > 0 else { return nil }
    var sum = 0.0
    var (hits, kept) = (0, 0)
    for step in steps {
      hits += step.positives
      kept += step.positives + step.negatives
      sum += Double(step.positives) * Double(hits) / Double(kept)
    }
    return sum / Double(positives)
  }

  /// Precision, recall and F1 of keeping every score ≥ `threshold`; nil where undefined.
  package func quality(at threshold: Float) -> Quality {
    var (hits, kept) = (0, 0)
    for step in steps where step.score >= threshold {
      hits += step.positives
      kept += step.positives + step.negatives
    }
    return Quality(hits: hits, kept: kept, positives: positives)
  }

  package struct Quality: Equatable, Sendable {
    package let hits: Int
    package let kept: Int
    package let positives: Int

    package var precision: Double? { kept > 0 ? Double(hits) / Double(kept) : nil }
    package var recall: Double? { positives > 0 ? Double(hits) / Double(positives) : nil }
    package var f1: Double? { kept + positives > 0 ? 2 * Double(hits) / Double(kept + positives) : nil }
  }

  /// Quality at each distinct score, highest first.
  package var qualities: [(threshold: Float, quality: Quality)] {
    var (hits, kept) = (0, 0)
    return steps.map { step in
      hits += step.positives
      kept += step.positives + step.negatives
      return (step.score, Quality(hits: hits, kept: kept, positives: positives))
    }
  }
}

/// How the threshold of a label is chosen from scores of rows that were not trained on.
package enum ThresholdRule: Equatable, Sendable {
  case zero
  case maximumF1
  /// The lowest threshold whose precision is at least this.
  case precision(Double)
  /// The highest threshold whose recall is at least this.
  case recall(Double)

  /// `zero`, `max-f1`, `precision:0.9` or `recall:0.9`.
  package init?(_ text: String) {
    switch text {
    case "zero": self = .zero
    case "max-f1": self = .maximumF1
    default:
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let value = Double(parts[1]), value > 0, value <= 1 else { return nil }
      switch parts[0] {
      case "precision": self = .precision(value)
      case "recall": self = .recall(value)
      default: return nil
      }
    }
  }

  package var text: String {
    switch self {
    case .zero: "zero"
    case .maximumF1: "max-f1"
    case .precision(let value): "precision:\(value)"
    case .recall(let value): "recall:\(value)"
    }
  }

  /// nil when no threshold does what is asked. Equal F1: the highest threshold.
  package func threshold(_ cases: ScoredCases) -> Float? {
    switch self {
    case .zero: return 0
    case .maximumF1:
      var best: (threshold: Float, f1: Double)?
      for (threshold, quality) in cases.qualities {
        if let f1 = quality.f1, cases.positives > 0, f1 > best?.f1 ?? -1 { best = (threshold, f1) }
      }
      return best?.threshold
    case .precision(let least):
      return cases.qualities.last { ($0.quality.precision ?? 0) >= least }?.threshold
    case .recall(let least):
      return cases.qualities.first { ($0.quality.recall ?? 0) >= least }?.threshold
    }
  }
}

/// How well probabilities fit what was true.
package struct ProbabilityFit: Equatable, Sendable {
  package let brier: Double
  /// Mean of −ln of the probability of what was true.
  package let logLoss: Double
  /// Expected calibration error over 15 bins of equal width.
  package let calibrationError: Double
  /// Mean probability, share that was true and number of cases of each bin that has any.
  package let bins: [Bin]

  package struct Bin: Equatable, Sendable {
    package let probability: Double
    package let share: Double
    package let count: Int
  }

  package static let binCount = 15

  /// - Parameter cases: logits (already calibrated, where they are) and what was true. nil for none.
  package init?(_ cases: [(logit: Double, isPositive: Bool)]) {
    if cases.isEmpty { return nil }
    let count = Double(cases.count)
    var (brier, loss) = (0.0, 0.0)
    var sums = [(probability: Double, hits: Double, count: Int)](repeating: (0, 0, 0), count: Self.binCount)
    for (logit, isPositive) in cases {
      let p = CrossEntropy.sigmoid(logit)
      let error = isPositive ? CrossEntropy.sigmoid(-logit) : p
      brier += error * error
      loss += CrossEntropy.softplus(isPositive ? -logit : logit)
      let bin = min(Int(p * Double(Self.binCount)), Self.binCount - 1)
      sums[bin].probability += p
      sums[bin].hits += isPositive ? 1 : 0
      sums[bin].count += 1
    }
    self.brier = brier / count
    logLoss = loss / count
    bins = sums.filter { $0.count > 0 }.map {
      Bin(probability: $0.probability / Double($0.count), share: $0.hits / Double($0.count), count: $0.count)
    }
    calibrationError = bins.reduce(0) { $0 + abs($1.probability - $1.share) * Double($1.count) / count }
  }
}

/// Counts of truth (rows) against the label with the highest score (columns).
package struct ConfusionMatrix: Equatable, Sendable {
  package let counts: [[Int]]

  /// - Parameter rows: the logits of each case and its true label.
  package init(_ rows: [(logits: [Double], label: Int)], labels: Int) {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: labels), count: labels)
    for (logits, label) in rows {
      // Of equal logits the first label is taken.
      let best = logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }
      counts[label][best] += 1
    }
    self.counts = counts
  }

  /// Share of rows whose true label has the highest score; nil without rows.
  package var accuracy: Double? {
    let all = counts.reduce(0) { $0 + $1.reduce(0, +) }
    if all == 0 { return nil }
    return Double(counts.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(all)
  }
}
