/// What a page about a trained recognizer shows.
package struct TrainingReport: Sendable {
  package var name = ""
  /// UTC, ISO 8601.
  package var created = ""
  /// Names and values of what was trained, in order.
  package var facts: [(name: String, value: String)] = []
  package var warnings: [String] = []
  /// Whether the scores are of windows that the recognizer was not trained on.
  package var isOutOfFold = false
  package var classes: [ClassResult] = []
  package var grid: [Candidate] = []
  package var chosenC: Double?
  /// Truth by best score, in the order of the classes; nil where classes do not exclude each other.
  package var confusion: [[Int]]?
  package var mistakes: [Mistake] = []

  package init() {}

  package struct ClassResult: Sendable {
    package var name = ""
    package var positives = 0
    package var negatives = 0
    package var weak = 0
    package var unknown = 0
    package var rocAUC: Double?
    package var averagePrecision: Double?
    package var precision: Double?
    package var recall: Double?
    package var f1: Double?
    package var threshold = 0.0
    package var positiveScores: [Double] = []
    package var negativeScores: [Double] = []
    /// Recall and precision, from the highest threshold down.
    package var precisionRecall: [Point] = []
    /// False and true positive rate, from the highest threshold down.
    package var roc: [Point] = []
    /// Mean probability and share of positives, as σ(score) and calibrated.
    package var reliability: [Point] = []
    package var calibratedReliability: [Point] = []

    package init() {}
  }

  package struct Point: Sendable {
    package let x: Double
    package let y: Double

    package init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  package struct Candidate: Sendable {
    package let c: Double
    package let logLoss: Double
    package let error: Double

    package init(c: Double, logLoss: Double, error: Double) {
      self.c = c
      self.logLoss = logLoss
      self.error = error
    }
  }

  /// A window whose score is far on the wrong side of the threshold.
  package struct Mistake: Sendable {
    package let source: String
    package let channel: Int
    /// Seconds.
    package let start: Double
    package let label: String
    package let isPresent: Bool
    package let score: Double

    package init(source: String, channel: Int, start: Double, label: String, isPresent: Bool, score: Double) {
      self.source = source
      self.channel = channel
      self.start = start
      self.label = label
      self.isPresent = isPresent
      self.score = score
    }
  }
}
