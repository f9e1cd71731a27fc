import PerchCore
import PerchRecognition
import PerchTensor

/// A trained recognizer with all that is known of how good it is.
struct TrainingOutcome: Sendable {
  let set: TrainingSet
  let c: Double
  let solution: LinearSolution
  /// As the recognizer file holds them: [dimension][labels] and [labels].
  let weights: [Float]
  let bias: [Float]
  /// Largest change of a logit of a training row by rounding to single precision.
  let roundingError: Double
  let validation: CrossValidation?
  /// Of windows that were not trained on, as the recognizer that is written would score them.
  let outOfFold: [Float?]?
  /// The same before any calibration was folded in: what calibration was fitted to.
  let uncalibrated: [Float?]?
  let inSample: [Float?]
  /// Of each label, in their order.
  let thresholds: [Float]
  let platt: [PlattScaling?]
  let temperature: TemperatureScaling?
  let warnings: [String]

  /// Whether everything that is written is a number.
  fileprivate var isFinite: Bool {
    let scores = [inSample, outOfFold ?? []].joined().compactMap(\.self)
    return solution.objective.isFinite && weights.allSatisfy(\.isFinite) && bias.allSatisfy(\.isFinite)
      && scores.allSatisfy(\.isFinite) && thresholds.allSatisfy(\.isFinite)
  }

  /// Scores that metrics are taken from: of windows that were not trained on, where there are any.
  var judged: [Float?] { outOfFold ?? inSample }
}

/// Trains.
struct Trainer {
  let settings: TrainSettings
  let subject: String
  let classWeight: ClassWeight

  func train(_ set: TrainingSet) throws(RunnerError) -> TrainingOutcome {
    if set.labels.isEmpty {
      throw .training(subject, "names no class, only negatives", "give clips of what is to be recognized")
    }
    let problem = set.problem(classWeight)
    do throws(TrainingFault) { try problem.check() } catch { throw describe(error, set) }
    var warnings: [String] = []
    let fitting = fitting
    let validation = crossValidate(set, fitting, &warnings)
    let chosen = try choose(validation, &warnings)
    let solution = LogisticRegression(
      problem, standardize: settings.standardize, rule: StoppingRule(gradient: settings.tolerance),
      threads: settings.generate.jobs
    ).solve(c: chosen.c)
    if !(solution.gradientMaximum <= settings.tolerance) {
      warnings.append(
        "the solver stopped at a gradient of \(solution.gradientMaximum), above \(settings.tolerance) (--tol)")
    }
    let outOfFold = validation.map { $0.outOfFold(chosen.index) }
    let outcome = finish(set, chosen.c, solution, validation, outOfFold, warnings)
    guard outcome.isFinite else {
      throw .training(
        subject, "the embeddings are so large that scores are beyond single precision",
        "check what made them")
    }
    return outcome
  }

  private var fitting: FittingSettings {
    var fitting = FittingSettings()
    fitting.classWeight = classWeight
    fitting.standardize = settings.standardize
    fitting.tolerance = settings.tolerance
    fitting.threads = settings.generate.jobs
    return fitting
  }

  private func crossValidate(
    _ set: TrainingSet, _ fitting: FittingSettings, _ warnings: inout [String]
  ) -> CrossValidation? {
    guard settings.crossValidates else { return nil }
    guard let folds = Folds(set, count: settings.folds ?? 5, seed: settings.seed) else {
      warnings.append(
        "a class has fewer than 2 groups (recordings): no cross-validation, C is 1 unless given, "
          + "metrics are in-sample")
      return nil
    }
    var grid = settings.grid
    if case .fixed(let c) = settings.penalty { grid = [c] }
    return CrossValidation(set, folds: folds, grid: grid, fitting)
  }

  private func choose(
    _ validation: CrossValidation?, _ warnings: inout [String]
  ) throws(RunnerError) -> (c: Double, index: Int) {
    if case .fixed(let c) = settings.penalty { return (c, 0) }
    guard let validation, let index = validation.choice(settings.selection) else { return (1, 0) }
    if index == 0 || index == validation.grid.count - 1, validation.grid.count > 1 {
      warnings.append("C \(validation.grid[index].c) is at the end of the grid (--c-grid)")
    }
    return (validation.grid[index].c, index)
  }

  private func finish(
    _ set: TrainingSet, _ c: Double, _ solution: LinearSolution, _ validation: CrossValidation?,
    _ uncalibrated: [Float?]?, _ earlier: [String]
  ) -> TrainingOutcome {
    var warnings = earlier
    let count = set.labels.count
    let calibration = calibrate(set, uncalibrated)
    var outOfFold = uncalibrated
    var (weights, bias) = (solution.weights, solution.bias)
    if settings.foldsCalibration {
      for (k, platt) in calibration.platt.enumerated() {
        guard let platt else {
          warnings.append("\(set.labels[k]): no calibration to fold in")
          continue
        }
        for j in 0..<set.embeddings.columns { weights[j * count + k] *= platt.slope }
        bias[k] = platt.logit(bias[k])
        for row in set.windows.indices {
          let index = row * count + k
          if let score = uncalibrated?[index] { outOfFold?[index] = Float(platt.logit(Double(score))) }
        }
      }
    }
    let rounded = (weights: weights.map { Float($0) }, bias: bias.map { Float($0) })
    let scores = score(set, weights, bias, rounded.weights, rounded.bias)
    var thresholds: [Float] = []
    for k in 0..<count {
      let threshold = settings.threshold.threshold(set.cases(k, outOfFold ?? scores.inSample))
      if threshold == nil {
        warnings.append("\(set.labels[k]): no threshold reaches \(settings.threshold.text), 0.0 is written")
      }
      thresholds.append(threshold ?? 0)
    }
    return TrainingOutcome(
      set: set, c: c, solution: solution, weights: rounded.weights, bias: rounded.bias,
      roundingError: scores.error, validation: validation, outOfFold: outOfFold,
      uncalibrated: uncalibrated, inSample: scores.inSample,
      thresholds: thresholds, platt: calibration.platt, temperature: calibration.temperature, warnings: warnings)
  }

  private func calibrate(
    _ set: TrainingSet, _ scores: [Float?]?
  ) -> (platt: [PlattScaling?], temperature: TemperatureScaling?) {
    guard let scores else { return (set.labels.map { _ in nil }, nil) }
    switch set.objective {
    case .oneVsRest: return (set.labels.indices.map { PlattScaling(set.logitCases($0, scores)) }, nil)
    case .multinomial: return (set.labels.map { _ in nil }, TemperatureScaling(set.logitRows(scores)))
    }
  }

  /// In-sample scores with the rounded weights, and how far rounding moved any of them.
  private func score(
    _ set: TrainingSet, _ weights: [Double], _ bias: [Double], _ rounded: [Float], _ roundedBias: [Float]
  ) -> (inSample: [Float?], error: Double) {
    let count = set.labels.count
    // Side by side: the logits, and what rounding takes from them.
    let sandwich = RowSandwich(
      set.embeddings, outputs: 2 * count, threads: settings.generate.jobs, kernels: Kernels.active)
    let dimension = set.embeddings.columns
    var both = [Double](repeating: 0, count: (dimension + 1) * sandwich.width)
    for j in 0...dimension {
      for k in 0..<count {
        let exact = j < dimension ? weights[j * count + k] : bias[k]
        let kept = j < dimension ? rounded[j * count + k] : roundedBias[k]
        both[j * sandwich.width + k] = exact
        both[j * sandwich.width + count + k] = exact - Double(kept)
      }
    }
    let scores = Storage<Float>(count: set.windows.count * count)
    let errors = Storage<Double>(count: set.windows.count)
    let width = sandwich.width
    sandwich.logits(both) { rows, logits in
      for (at, row) in rows.enumerated() {
        for k in 0..<count {
          let change = logits[at * width + count + k]
          scores[row * count + k] = Float(logits[at * width + k] - change)
          errors[row] = max(errors[row], abs(change))
        }
      }
    }
    let worst = (0..<set.windows.count).reduce(0.0) { max($0, errors[$1]) }
    return (scores.values(0..<set.windows.count * count).map { $0 }, worst)
  }

  private func describe(_ fault: TrainingFault, _ set: TrainingSet) -> RunnerError {
    switch fault {
    case .noRows: .training(subject, "holds no labelled windows", "check the labels and --unlabelled-windows")
    case .singleClass:
      .training(
        subject, "holds one class only", "a softmax needs two: add clips of another class, or of background")
    case .noPositive(let k):
      .training(subject, "the class '\(set.labels[k])' has no positive window", "add clips of it")
    case .noNegative(let k):
      .training(
        subject, "the class '\(set.labels[k])' has no negative window",
        "add clips without it, such as a folder named 'background'")
    case .notFinite(let row):
      .training(
        set.windows[row].source,
        "the embedding of channel \(set.windows[row].channel) at \(set.windows[row].start) s is not finite",
        "write the table again")
    case .penalty: RunnerError("--c", "is not above 0 and finite", remedy: "give a number such as 1", exit: .usage)
    }
  }
}

extension TrainingSet {
  /// Logits of what is known of a label.
  func logitCases(_ label: Int, _ scores: [Float?]) -> [(logit: Double, isPositive: Bool)] {
    windows.indices.compactMap { row in
      let state = state(row, label)
      guard state.isEvidence, let score = scores[row * labels.count + label] else { return nil }
      return (Double(score), state.value == 1)
    }
  }

  /// Logits of all labels with the true one, of windows that have both.
  func logitRows(_ scores: [Float?]) -> [(logits: [Double], label: Int)] {
    windows.indices.compactMap { row in
      let logits = scores[row * labels.count..<(row + 1) * labels.count].compactMap { $0.map(Double.init) }
      guard logits.count == labels.count, let truth = truth(row) else { return nil }
      return (logits, truth)
    }
  }
}
