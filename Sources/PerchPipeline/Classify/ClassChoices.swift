import PerchCore

/// The least score that is kept.
package enum ScoreFloor: Equatable, Sendable {
  case none
  case score(Float)

  /// As a threshold.
  package var threshold: Float? {
    switch self {
    case .none: nil
    case .score(let score): score
    }
  }
}

/// What turns a head's raw logits into scores.
package enum LogitTransform: Equatable, Sendable {
  /// That of the weights file.
  case model
  case none
  /// slope · logit + intercept, with a slope above zero.
  case linear(slope: Double, intercept: Double)

  var text: String {
    switch self {
    case .model: "model"
    case .none: "none"
    case .linear(let slope, let intercept): "\(slope),\(intercept)"
    }
  }

  /// As on the command line: `model`, `none` or two numbers as in `0.97,-10`; nil for other text.
  package init?(text: String) {
    switch text {
    case "model": self = .model
    case "none": self = .none
    default:
      let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
      guard numbers.count == 2, let slope = numbers[0], let intercept = numbers[1] else { return nil }
      self = .linear(slope: slope, intercept: intercept)
    }
  }
}

/// Which of the model's own classes become events.
package struct ClassChoices: Equatable, Sendable {
  /// So many of the best of each window and channel; nil for all of them.
  package let top: Int?
  /// Applied to scores, not to raw logits.
  package let floor: ScoreFloor
  /// Names wanted as the user gave them; nil for all classes.
  package let species: SpeciesList?
  package let transform: LogitTransform

  /// - Parameters:
  ///   - top: from the command line; 10 where it says nothing.
  ///   - floor: the same; 0.
  ///   - all: every class of every window.
  /// - Throws: exit code 2 for choices that are out of range or contradict each other.
  package init(
    top: Int? = nil, floor: ScoreFloor? = nil, species: SpeciesList? = nil, all: Bool = false,
    transform: LogitTransform? = nil
  ) throws(RunnerError) {
    if let top, !(1...1_000_000).contains(top) {
      throw RunnerError(
        "--top", "\(top) is not a number of classes between 1 and 1000000", remedy: "give another number",
        exit: .usage)
    }
    if all, let other = top != nil ? "--top" : floor != nil ? "--min-score" : nil {
      throw RunnerError(
        "--all-scores", "writes every class, \(other) leaves some out", remedy: "give one of the two", exit: .usage)
    }
    if case .linear(let slope, let intercept) = transform, !(slope > 0 && slope.isFinite && intercept.isFinite) {
      throw RunnerError(
        "--logit-transform", "'\(slope),\(intercept)' has a slope that is not above 0, or is not finite",
        remedy: "give two numbers such as 0.97,-10", exit: .usage)
    }
    self.top = all ? nil : top ?? 10
    self.floor = all ? .none : floor ?? .score(0)
    self.species = species
    self.transform = transform ?? .model
  }
}
