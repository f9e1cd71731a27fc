import PerchCore
import PerchModel
import PerchTensor
import PerchWeights

/// A class of the model that is kept, with its score.
package struct ClassScore: Equatable, Sendable {
  /// Place among the head's classes.
  package let index: Int
  package let score: Float

  package init(index: Int, score: Float) {
    self.index = index
    self.score = score
  }
}

/// Scores the classes of the window that a worker has just embedded.
package protocol ClassScorer: Sendable {
  /// The kept classes, best first, equal scores by class; nil when a logit is not a number.
  func scores() -> [ClassScore]?
}

/// Which classes of a head are kept, and what their scores are.
package struct ClassSelection: Sendable {
  /// Name of the head.
  package static let head = "label"
  /// One name for each class of the head.
  package let labels: [String]
  private let slope: Double
  private let intercept: Double
  private let floor: Float?
  private let top: Int?
  /// Wanted classes; those of one name follow each other, so that the best of them stands for the name.
  private let wanted: [Class]
  /// Classes that a list of species names, in the order of their logits; nil for all.
  package let listed: [Int]?

  private struct Class: Sendable {
    let index: Int
    let name: Int
    /// Among the listed classes.
    let place: Int
  }

  /// - Throws: exit code 2 for a species that the head does not know.
  package init(
    _ choices: ClassChoices, labels: [String], slope: Double, intercept: Double, model: String
  ) throws(RunnerError) {
    self.labels = labels
    floor = choices.floor.threshold
    top = choices.top
    (self.slope, self.intercept) =
      switch choices.transform {
      case .model: (slope, intercept)
      case .none: (1, 0)
      case .linear(let slope, let intercept): (slope, intercept)
      }
    listed = try choices.species?.classes(among: labels, of: model)
    let places = (listed ?? Array(labels.indices)).enumerated()
    guard top != nil else {
      wanted = places.map { Class(index: $1, name: $1, place: $0) }
      return
    }
    // The first class of a name stands for it.
    var first: [String: Int] = [:]
    let classes = places.map { place, index in
      let name = first[labels[index]] ?? index
      first[labels[index]] = name
      return Class(index: index, name: name, place: place)
    }
    wanted = classes.sorted { ($0.name, $0.index) < ($1.name, $1.index) }
  }

  /// - Throws: exit code 4 for weights without such a head.
  init(_ choices: ClassChoices, of source: some WeightSource) throws(RunnerError) {
    let labels = try ClassLabels.labels(of: source)
    let head = source.settings.heads.first { $0.name == Self.head }
    try self.init(
      choices, labels: labels, slope: head?.logitSlope ?? 1, intercept: head?.logitIntercept ?? 0,
      model: source.settings.name)
  }

  /// So many of the greatest logits give all scores that are kept; nil where all logits must be looked at: when
  /// every class is wanted, or some share a name and only the best of these counts.
  var mostLogits: Int? { wanted.allSatisfy { $0.index == $0.name } ? top : nil }

  /// No logit below this one reaches the floor; a little low, because scores are rounded.
  var logitFloor: Float {
    guard let floor else { return -.infinity }
    let logit = (Double(floor) - intercept) / slope
    return Float(logit - 1e-5 * (abs(logit) + abs(intercept / slope) + 1))
  }

  /// nil for a logit that no table may hold the score of.
  private func score(_ logit: Float) -> Float? {
    let score = Float(slope * Double(logit) + intercept)
    return score.isFinite ? score : nil
  }

  /// What is kept of the greatest logits, as many as `mostLogits` says; nil when one is not finite.
  func scores(ofGreatest logits: borrowing Span<ClassLogit>) -> [ClassScore]? {
    var kept: [ClassScore] = []
    for i in 0..<logits.count {
      guard let score = score(logits[i].logit) else { return nil }
      if floor.map({ score >= $0 }) ?? true { kept.append(ClassScore(index: logits[i].index, score: score)) }
    }
    return kept
  }

  /// The kept ones of the raw logits of all listed classes, in their order: greatest first, equal ones by class;
  /// nil when a logit is not finite.
  package func select(listed logits: borrowing Span<Float>) -> [ClassScore]? {
    var ranking = Ranking(limit: top ?? wanted.count, of: wanted.count)
    var next = 0
    while next < wanted.count {
      let name = wanted[next].name
      var best = wanted[next]
      repeat {
        let logit = logits[wanted[next].place]
        guard logit.isFinite else { return nil }
        if logit > logits[best.place] { best = wanted[next] }
        next += 1
      } while next < wanted.count && wanted[next].name == name
      guard let score = score(logits[best.place]) else { return nil }
      if floor.map({ score >= $0 }) ?? true {
        ranking.offer(logits[best.place], ClassScore(index: best.index, score: score))
      }
    }
    return ranking.best
  }
}

/// The greatest of many.
private struct Ranking {
  private let limit: Int
  /// Whether so many are wanted that sorting them all is the shorter way.
  private let keepsAll: Bool
  private var entries: [(logit: Float, class: ClassScore)] = []

  init(limit: Int, of count: Int) {
    self.limit = limit
    keepsAll = limit > count / 8
  }

  mutating func offer(_ logit: Float, _ class: ClassScore) {
    if keepsAll { return entries.append((logit, `class`)) }
    if entries.count == limit, let last = entries.last, !Self.precedes((logit, `class`), last) { return }
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if Self.precedes(entries[middle], (logit, `class`)) { low = middle + 1 } else { high = middle }
    }
    entries.insert((logit, `class`), at: low)
    if entries.count > limit { entries.removeLast() }
  }

  var best: [ClassScore] {
    let sorted = keepsAll ? entries.sorted(by: Self.precedes) : entries
    return sorted.prefix(limit).map(\.class)
  }

  private static func precedes(_ a: (logit: Float, class: ClassScore), _ b: (logit: Float, class: ClassScore))
    -> Bool
  {
    a.logit != b.logit ? a.logit > b.logit : a.class.index < b.class.index
  }
}

/// The head of a model with the classes that are wanted of it, shared by all workers.
struct HeadScoring: Sendable {
  private let head: HeadScorer
  private let selection: ClassSelection

  init(_ model: PerchModel, _ selection: ClassSelection) {
    self.selection = selection
    head = model.makeHeadScorer(
      ClassSelection.head, listed: selection.listed, purpose: selection.mostLogits == nil ? .all : .greatest)
  }

  /// What scores the window that `workspace` holds.
  func scorer(_ workspace: Workspace) -> HeadClassScorer {
    HeadClassScorer(
      head: head.makeWorkspace(), workspace: workspace, selection: selection,
      logits: Storage(count: selection.mostLogits == nil ? head.classes : 0))
  }
}

/// Scores of the head's classes for what a worker's workspace holds.
struct HeadClassScorer: ClassScorer {
  let head: HeadWorkspace
  let workspace: Workspace
  let selection: ClassSelection
  /// Room for all logits where the greatest are not enough. One worker writes and reads it, in turn.
  let logits: Storage<Float>

  func scores() -> [ClassScore]? {
    head.keep(workspace, slot: 0)
    guard let most = selection.mostLogits else {
      return logits.withMutableSpan(0..<logits.count) { span in
        head.allLogits(windows: 1, into: &span)
        return selection.select(listed: span.span)
      }
    }
    var kept: [ClassScore]? = []
    head.topClasses(most, floor: selection.logitFloor, windows: 1) { _, greatest in
      kept = selection.scores(ofGreatest: greatest)
    }
    return kept
  }
}
