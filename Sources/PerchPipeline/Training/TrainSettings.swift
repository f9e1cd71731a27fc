import PerchAudio
import PerchCore
import PerchRecognition

/// What is assumed of what nobody said.
package enum Unlabelled: Equatable, Sendable {
  case ignore
  case negative
  /// Negative, with a weight between 0 and 1.
  case weak(Double)

  /// `ignore`, `negative` or a weight above 0 and up to 1.
  package init?(_ text: String) {
    switch text {
    case "ignore": self = .ignore
    case "negative": self = .negative
    default:
      guard let weight = Double(text), weight > 0, weight <= 1 else { return nil }
      self = weight == 1 ? .negative : .weak(weight)
    }
  }

  package var text: String {
    switch self {
    case .ignore: "ignore"
    case .negative: "negative"
    case .weak(let weight): "\(weight)"
    }
  }
}

/// What becomes of a clip longer than a window, labelled as a whole.
package enum Pooling: String, CaseIterable, Sendable {
  /// Every window has the label.
  case windows
  /// The mean of its embeddings is one row.
  case mean
}

/// What becomes of a window that is labelled both ways.
package enum Conflicts: String, CaseIterable, Sendable { case error, mean }

/// C: given, or chosen by cross-validation.
package enum PenaltyChoice: Equatable, Sendable {
  case auto
  case fixed(Double)

  package init?(_ text: String) {
    if text == "auto" {
      self = .auto
    } else {
      guard let c = Double(text), c > 0, c.isFinite else { return nil }
      self = .fixed(c)
    }
  }
}

/// The settings of `train`. The defaults are those of the command line.
package struct TrainSettings: Sendable {
  package var layout: DataLayout?
  package var labelColumn: String?
  package var embeddings: String?
  package var negatives = ["noise", "background", "other", "silence", "negative", "neg", "none"]
  /// Seconds.
  package var minimumOverlap = 0.5
  package var pooling = Pooling.windows
  package var unlabelledWindows = Unlabelled.ignore
  package var unlabelled = Unlabelled.negative
  package var conflicts = Conflicts.error
  package var allowsUnmatched = false
  package var objective = TrainingObjective.oneVsRest
  package var penalty = PenaltyChoice.auto
  package var grid = [1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3, 1e4]
  /// nil: 5 with `auto`, none with a given C.
  package var folds: Int?
  package var selection = SelectionScore.logLoss
  package var groupPattern: String?
  package var seed: UInt64 = 0
  /// `none`, `balanced` or a JSON file.
  package var classWeight = "none"
  package var standardize = false
  package var tolerance = 1e-8
  package var threshold = ThresholdRule.zero
  package var foldsCalibration = false
  package var keepsEmbeddings = false
  package var name: String?
  /// Words of the command line without what changes no result.
  package var command: [String] = []
  /// Model, hop, channel, jobs.
  package var generate: GenerateSettings

  package init(_ generate: GenerateSettings) { self.generate = generate }

  /// - Throws: exit code 2 for settings that contradict each other or are out of range.
  package func check() throws(RunnerError) {
    func refused(_ option: String, _ cause: String, _ remedy: String) -> RunnerError {
      RunnerError(option, cause, remedy: remedy, exit: .usage)
    }
    guard minimumOverlap >= 0, minimumOverlap <= 5 else {
      throw refused("--min-overlap", "\(minimumOverlap) is not between 0 and 5 s", "give seconds, such as 0.5")
    }
    if let folds, folds != 0, !(2...1000).contains(folds) {
      throw refused("--folds", "\(folds) is neither 0 nor between 2 and 1000", "give 5, or 0 for none")
    }
    if folds == 0, penalty == .auto {
      throw refused("--folds", "without folds nothing says which C is best", "give --c, such as --c 1")
    }
    guard !grid.isEmpty, grid.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw refused("--c-grid", "a C is not above 0 and finite", "give numbers such as 0.1,1,10")
    }
    guard tolerance > 0, tolerance < 1 else {
      throw refused("--tol", "\(tolerance) is not between 0 and 1", "give a gradient such as 1e-8")
    }
    if foldsCalibration, objective != .oneVsRest {
      throw refused(
        "--fold-calibration", "a softmax has no slope of each class", "leave it out, or train one-vs-rest")
    }
    if objective == .multinomial, unlabelled != .negative {
      throw refused("--unlabelled", "a softmax knows exactly one class of each window", "leave it out")
    }
    if let groupPattern, Self.pattern(groupPattern) == nil {
      throw refused(
        "--group-pattern", "'\(groupPattern)' is not a regular expression with one group",
        "write one such as '^(site[0-9]+)_'")
    }
  }

  static func pattern(_ text: String) -> Regex<AnyRegexOutput>? {
    guard let regex = try? Regex(text), "".firstMatch(of: regex)?.output.count ?? 2 == 2 else { return nil }
    return regex
  }

  var crossValidates: Bool { penalty == .auto || (folds ?? 0) > 0 }
}
