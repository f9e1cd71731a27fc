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

  private struct Class: Sendable {
    let index: Int
    let name: Int
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
    let listed = try choices.species?.classes(among: labels, of: model) ?? Array(labels.indices)
    guard top != nil else {
      wanted = listed.map { Class(index: $0, name: $0) }
      return
    }
    // The first class of a name stands for it.
    var first: [String: Int] = [:]
    let classes = listed.map { index in
      let name = first[labels[index]] ?? index
      first[labels[index]] = name
      return Class(index: index, name: name)
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

  /// The kept ones of the raw logits of all classes: greatest first, equal ones by class; nil when a logit that
  /// counts is not finite.
  package func select(_ logits: borrowing Span<Float>) -> [ClassScore]? {
    var ranking = Ranking(limit: top ?? wanted.count, of: wanted.count)
    var place = 0
    while place < wanted.count {
      let name = wanted[place].name
      var best = wanted[place].index
      repeat {
        let index = wanted[place].index
        guard logits[index].isFinite else { return nil }
        if logits[index] > logits[best] { best = index }
        place += 1
      } while place < wanted.count && wanted[place].name == name
      let score = Float(slope * Double(logits[best]) + intercept)
      guard score.isFinite else { return nil }
      if floor.map({ score >= $0 }) ?? true { ranking.offer(logits[best], ClassScore(index: best, score: score)) }
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

  private static func precedes(_ a: (logit: Float, class: ClassScore), _ b: (logit: Float, class: ClassScore)) -> Bool {
    a.logit != b.logit ? a.logit > b.logit : a.class.index < b.class.index
  }
}

/// Scores of the head's classes for what a worker's workspace holds.
struct HeadClassScorer: ClassScorer {
  private let model: PerchModel
  private let workspace: Workspace
  private let selection: ClassSelection
  /// One worker writes and reads it, in turn.
  private let logits: Storage<Float>

  init(_ model: PerchModel, _ workspace: Workspace, _ selection: ClassSelection) {
    self.model = model
    self.workspace = workspace
    self.selection = selection
    logits = Storage(count: selection.labels.count)
  }

  func scores() -> [ClassScore]? {
    logits.withMutableSpan(0..<selection.labels.count) { span in
      model.logits(ClassSelection.head, workspace, into: &span)
      return selection.select(span.span)
    }
  }
}
