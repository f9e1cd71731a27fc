import PerchCore
import PerchRecognition
import PerchReport

extension TrainingReport {
  init(
    _ name: String, _ material: TrainingMaterial, _ outcome: TrainingOutcome, _ settings: TrainSettings,
    created: String
  ) {
    self.init()
    self.name = name
    self.created = created
    warnings = outcome.warnings
    isOutOfFold = outcome.outOfFold != nil
    facts = Self.facts(material, outcome, settings)
    let summary = ScoreSummary(outcome.set, outcome.judged, thresholds: outcome.thresholds)
    classes = outcome.set.labels.indices.map { ClassResult(outcome, summary, $0) }
    confusion = summary.confusion?.counts
    chosenC = outcome.c
    grid = (outcome.validation?.grid ?? []).compactMap { candidate in
      candidate.logLoss.map { Candidate(c: candidate.c, logLoss: $0, error: candidate.logLossError ?? 0) }
    }
    mistakes = Self.mistakes(outcome)
  }

  private static func facts(
    _ material: TrainingMaterial, _ outcome: TrainingOutcome, _ settings: TrainSettings
  ) -> [(name: String, value: String)] {
    let model = material.model
    let count = material.sources == 1 ? "1 recording" : "\(material.sources) recordings"
    let gradient = exponential(outcome.solution.gradientMaximum)
    var facts = [
      ("Embeddings", "\(model.name ?? "model not stated"), \(model.dimension) values"),
      ("Training data", "\(outcome.set.windows.count) windows of \(count)"),
      ("Objective", "\(settings.objective.rawValue), C = \(outcome.c)"),
      ("Solved to", "gradient \(gradient), \(outcome.solution.iterations) steps"),
    ]
    if let folds = outcome.validation?.folds {
      facts.append(("Cross-validation", "\(folds.count) folds, \(folds.groups) groups kept together"))
    }
    if material.paddedClips > 0 {
      facts.append(("Short clips", "\(material.paddedClips) padded with silence to 5 s"))
    }
    if !material.takenNegatives.isEmpty {
      facts.append(("Taken as negatives", material.takenNegatives.joined(separator: ", ")))
    }
    facts.append(("Threshold rule", settings.threshold.text))
    return facts
  }

  /// Two digits and a power of ten.
  private static func exponential(_ value: Double) -> String {
    guard value > 0, value.isFinite else { return "\(value)" }
    var (digits, exponent) = (value, 0)
    while digits >= 9.95 { (digits, exponent) = (digits / 10, exponent + 1) }
    while digits < 0.995 { (digits, exponent) = (digits * 10, exponent - 1) }
    return "\((digits * 10).rounded() / 10)e\(exponent)"
  }

  /// The twenty windows farthest on the wrong side of their threshold.
  private static func mistakes(_ outcome: TrainingOutcome) -> [Mistake] {
    let set = outcome.set
    let count = set.labels.count
    var found: [(distance: Float, mistake: Mistake)] = []
    for (row, window) in set.windows.enumerated() {
      for k in 0..<count {
        let state = set.state(row, k)
        guard state.isEvidence, let score = outcome.judged[row * count + k] else { continue }
        let isPresent = state.value == 1
        let isKept = score >= outcome.thresholds[k]
        if isPresent == isKept { continue }
        found.append(
          (
            abs(score - outcome.thresholds[k]),
            Mistake(
              source: window.source, channel: Int(window.channel), start: window.start, label: set.labels[k],
              isPresent: isPresent, score: Double(score))
          ))
      }
    }
    // Equal distances keep the order of the windows: sorting is stable.
    return found.sorted { $0.distance > $1.distance }.prefix(20).map(\.mistake)
  }
}

extension TrainingReport.ClassResult {
  init(_ outcome: TrainingOutcome, _ summary: ScoreSummary, _ label: Int) {
    self.init()
    let set = outcome.set
    let counts = LabelCounts(set, label)
    let (cases, quality) = (summary.cases[label], summary.qualities[label])
    name = set.labels[label]
    (positives, negatives, weak, unknown) = (counts.positive, counts.negative, counts.weak, counts.unknown)
    rocAUC = cases.rocAUC
    averagePrecision = cases.averagePrecision
    (precision, recall, f1) = (quality.precision, quality.recall, quality.f1)
    threshold = Double(outcome.thresholds[label])
    let logits = set.logitCases(label, outcome.judged)
    positiveScores = logits.filter(\.isPositive).map(\.logit)
    negativeScores = logits.filter { !$0.isPositive }.map(\.logit)
    precisionRecall = Self.thinned(
      cases.qualities.compactMap { entry in
        guard let recall = entry.quality.recall, let precision = entry.quality.precision else { return nil }
        return .init(recall, precision)
      })
    if cases.positives > 0, cases.negatives > 0 {
      roc = Self.thinned(
        [.init(0, 0)]
          + cases.qualities.map { entry in
            .init(
              Double(entry.quality.kept - entry.quality.hits) / Double(cases.negatives),
              Double(entry.quality.hits) / Double(cases.positives))
          })
    }
    guard let raw = outcome.uncalibrated, set.objective == .oneVsRest else { return }
    let uncalibrated = set.logitCases(label, raw)
    reliability = Self.points(ProbabilityFit(uncalibrated))
    if let platt = outcome.platt[label] {
      calibratedReliability = Self.points(
        ProbabilityFit(uncalibrated.map { (platt.logit($0.logit), $0.isPositive) }))
    }
  }

  private static func points(_ fit: ProbabilityFit?) -> [TrainingReport.Point] {
    (fit?.bins ?? []).map { .init($0.probability, $0.share) }
  }

  /// At most 400 points, the first and the last among them: more are not seen.
  private static func thinned(_ points: [TrainingReport.Point]) -> [TrainingReport.Point] {
    if points.count <= 400 { return points }
    return (0..<400).map { points[$0 * (points.count - 1) / 399] }
  }
}
