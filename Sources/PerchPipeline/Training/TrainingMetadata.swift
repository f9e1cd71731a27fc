import PerchCore
import PerchRecognition

/// The metadata file of a recognizer: what was trained, from what, and how good it is.
struct TrainingMetadata {
  let material: TrainingMaterial
  let outcome: TrainingOutcome
  let settings: TrainSettings
  let classWeight: ClassWeight
  let recognizer: RecognizerText
  let dataDigest: String
  let created: String

  private var set: TrainingSet { outcome.set }

  var text: String {
    JSONDocument.object([
      ("format", .text("perch-runner.training")),
      ("format_version", .integer(1)),
      ("created_by", .object([("name", .text("perch-runner")), ("version", .text(programVersion))])),
      ("created_at", .text(created)),
      ("recognizer", recognizerPart),
      ("embedding_model", modelPart),
      ("data", dataPart),
      ("training", trainingPart),
      ("cross_validation", validationPart),
      ("metrics", metricsPart),
      ("thresholds", thresholdsPart),
      ("calibration", calibrationPart),
      ("warnings", .list(outcome.warnings.map { .text($0) })),
      ("command", .list(settings.command.map { .text($0) })),
    ]).text() + "\n"
  }

  private var recognizerPart: JSONDocument {
    .object([
      ("file", .text("\(recognizer.name).json")), ("sha256", .text(recognizer.digest)),
      ("classes", .list(set.labels.map { .text($0) })), ("embedding_dim", .integer(material.model.dimension)),
    ])
  }

  private var modelPart: JSONDocument {
    .object([
      ("name", .text(material.model.name)), ("weights_sha256", .text(material.model.digest)),
      ("window_seconds", .number(GenerateSettings.windowSeconds)), ("hop_seconds", .number(material.model.hop)),
      ("sample_rate", .integer(32_000)),
    ])
  }

  private var dataPart: JSONDocument {
    .object([
      ("layout", .text(settings.embeddings == nil ? material.layout.rawValue : "embeddings")),
      ("sources", .integer(material.sources)), ("windows", .integer(set.windows.count)),
      ("padded_clips", .integer(material.paddedClips)),
      ("groups", .integer(Set(set.windows.map(\.group)).count)),
      ("negatives", .list(material.takenNegatives.map { .text($0) })),
      ("per_class", .list(set.labels.indices.map { counts($0) })),
      ("sha256", .text(dataDigest)),
    ])
  }

  private func counts(_ label: Int) -> JSONDocument {
    let counts = LabelCounts(set, label)
    return .object([
      ("class", .text(set.labels[label])), ("positive", .integer(counts.positive)),
      ("negative", .integer(counts.negative)), ("weak", .integer(counts.weak)),
      ("unknown", .integer(counts.unknown)),
    ])
  }

  private var trainingPart: JSONDocument {
    .object([
      ("objective", .text(settings.objective.rawValue)), ("c", .number(outcome.c)),
      ("class_weight", classWeightPart), ("standardize", .bool(settings.standardize)),
      ("unlabelled", .text(settings.unlabelled.text)),
      ("unlabelled_windows", .text(settings.unlabelledWindows.text)),
      ("min_overlap_seconds", .number(settings.minimumOverlap)), ("pool", .text(settings.pooling.rawValue)),
      ("objective_value", .number(outcome.solution.objective)),
      ("objective_per_class", .list(outcome.solution.objectivePerGroup.map { .number($0) })),
      ("gradient_max_abs", .number(outcome.solution.gradientMaximum)),
      ("iterations", .integer(outcome.solution.iterations)), ("solver", .text(outcome.solution.solver)),
      ("float32_rounding_max_logit_error", .number(outcome.roundingError)),
    ])
  }

  private var classWeightPart: JSONDocument {
    switch classWeight {
    case .none: .text("none")
    case .balanced: .text("balanced")
    case .explicit(let factors):
      .object(factors.sorted { $0.key.precedes($1.key) }.map { ($0.key, .number($0.value)) })
    }
  }

  private var validationPart: JSONDocument {
    guard let validation = outcome.validation else { return .null }
    return .object([
      ("folds", .integer(validation.folds.count)),
      ("grouped_by", .text(settings.groupPattern ?? "group, else source")),
      ("seed", .integer(Int(truncatingIfNeeded: settings.seed))),
      ("selected_by", .text(settings.penalty == .auto ? settings.selection.rawValue : nil)),
      (
        "grid",
        .list(
          validation.grid.map { candidate in
            .object([
              ("c", .number(candidate.c)), ("log_loss", .number(candidate.logLoss)),
              ("log_loss_se", .number(candidate.logLossError)), ("cmap", .number(candidate.cmap)),
              ("roc_auc", .number(candidate.rocAUC)),
            ])
          })
      ),
      ("chosen", .number(outcome.c)),
    ])
  }

  private var metricsPart: JSONDocument {
    .object([
      ("out_of_fold", outcome.outOfFold.map { metrics($0) } ?? .null),
      ("in_sample", metrics(outcome.inSample)),
    ])
  }

  private func metrics(_ scores: [Float?]) -> JSONDocument {
    let summary = ScoreSummary(set, scores, thresholds: outcome.thresholds)
    var members: [(String, JSONDocument)] = [
      ("roc_auc_macro", .number(summary.macroAUC)), ("cmap", .number(summary.cmap)),
      (
        "per_class",
        .list(
          set.labels.indices.map { k in
            let quality = summary.qualities[k]
            return .object([
              ("class", .text(set.labels[k])), ("roc_auc", .number(summary.cases[k].rocAUC)),
              ("average_precision", .number(summary.cases[k].averagePrecision)),
              ("precision", .number(quality.precision)), ("recall", .number(quality.recall)),
              ("f1", .number(quality.f1)),
            ])
          })
      ),
    ]
    if let confusion = summary.confusion {
      members.append(("top1_accuracy", .number(confusion.accuracy)))
      members.append(
        ("confusion", .list(confusion.counts.map { .list($0.map { .integer($0) }) })))
    }
    return .object(members)
  }

  private var thresholdsPart: JSONDocument {
    .object([
      ("rule", .text(settings.threshold.text)),
      (
        "values",
        .list(
          set.labels.indices.map { k in
            .object([
              ("class", .text(set.labels[k])), ("threshold", .number(Double("\(outcome.thresholds[k])"))),
            ])
          })
      ),
    ])
  }

  private var calibrationPart: JSONDocument {
    if let temperature = outcome.temperature {
      return .object([
        ("method", .text("temperature")), ("temperature", .number(temperature.temperature)),
        ("log_loss_before", .number(temperature.lossBefore)), ("log_loss_after", .number(temperature.lossAfter)),
      ])
    }
    guard let scores = outcome.uncalibrated, outcome.platt.contains(where: { $0 != nil }) else { return .null }
    return .object([
      ("method", .text("platt")), ("folded_into_recognizer", .bool(settings.foldsCalibration)),
      ("per_class", .list(set.labels.indices.map { platt($0, scores) })),
    ])
  }

  private func platt(_ label: Int, _ scores: [Float?]) -> JSONDocument {
    guard let platt = outcome.platt[label] else { return .object([("class", .text(set.labels[label]))]) }
    let cases = set.logitCases(label, scores)
    let before = ProbabilityFit(cases)
    let after = ProbabilityFit(cases.map { (platt.logit($0.logit), $0.isPositive) })
    func fit(_ fit: ProbabilityFit?) -> JSONDocument {
      .object([
        ("brier", .number(fit?.brier)), ("log_loss", .number(fit?.logLoss)),
        ("ece_15", .number(fit?.calibrationError)),
      ])
    }
    return .object([
      ("class", .text(set.labels[label])), ("a", .number(platt.slope)), ("b", .number(platt.offset)),
      ("before", fit(before)), ("after", fit(after)),
    ])
  }
}

/// How many windows say what of a label.
struct LabelCounts: Equatable {
  var positive = 0
  var negative = 0
  var weak = 0
  var unknown = 0

  init(_ set: TrainingSet, _ label: Int) {
    for row in set.windows.indices {
      let state = set.state(row, label)
      if state.weight <= 0 {
        unknown += 1
      } else if state.isWeak {
        weak += 1
      } else if state.value > 0 {
        positive += 1
      } else {
        negative += 1
      }
    }
  }
}

/// Metrics of all labels on one set of scores.
struct ScoreSummary {
  let cases: [ScoredCases]
  let qualities: [ScoredCases.Quality]
  /// Under `multinomial`.
  let confusion: ConfusionMatrix?

  init(_ set: TrainingSet, _ scores: [Float?], thresholds: [Float]) {
    let cases = set.labels.indices.map { set.cases($0, scores) }
    self.cases = cases
    qualities = cases.indices.map { cases[$0].quality(at: thresholds[$0]) }
    confusion =
      set.objective == .multinomial
      ? ConfusionMatrix(set.logitRows(scores), labels: set.labels.count) : nil
  }

  var macroAUC: Double? { Self.mean(cases.compactMap(\.rocAUC)) }
  var cmap: Double? { Self.mean(cases.compactMap(\.averagePrecision)) }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
