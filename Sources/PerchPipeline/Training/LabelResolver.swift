import PerchCore
import PerchRecognition
import PerchTensor

/// From label rows to what is known of each window and label.
struct LabelResolver {
  private let rows: [LabelRow]
  private let settings: TrainSettings
  private let subject: String
  private let negatives: Set<String>
  /// What negatives are called where a softmax needs a class of them.
  private static let background = "background"

  let labels: [String]
  /// Names that were taken for negatives, as they were written.
  let takenNegatives: [String]

  init(_ rows: [LabelRow], _ settings: TrainSettings, subject: String) {
    self.rows = rows
    self.settings = settings
    self.subject = subject
    let negatives = Set(settings.negatives.map { LabelRow.normalized($0).lowercased() }.filter { !$0.isEmpty })
    self.negatives = negatives
    var names = Set<String>()
    var taken = Set<String>()
    for row in rows {
      if row.label.isEmpty { continue }
      if negatives.contains(row.label.lowercased()) { taken.insert(row.label) } else { names.insert(row.label) }
    }
    let hasBackground =
      settings.objective == .multinomial
      && (!taken.isEmpty || rows.contains { $0.label.isEmpty } || settings.unlabelledWindows != .ignore)
    if hasBackground { names.insert(Self.background) }
    labels = names.sorted { $0.precedes($1) }
    takenNegatives = taken.sorted { $0.precedes($1) }
  }

  /// The states of all windows, [windows][labels].
  ///
  /// - Throws: exit code 3 for windows that are labelled both ways, or by several classes under a softmax.
  func states(_ windows: [LabelledWindow]) throws(RunnerError) -> [LabelState] {
    var states: [LabelState] = []
    var conflicts: [String] = []
    for window in windows {
      switch settings.objective {
      case .oneVsRest: states += binary(window, &conflicts)
      case .multinomial: states += try single(window)
      }
    }
    if !conflicts.isEmpty {
      let shown = conflicts.prefix(10).joined(separator: ", ")
      throw .training(
        subject, "\(conflicts.count) windows are labelled both present and absent: \(shown)",
        "correct the labels, or give --conflicts mean")
    }
    return states
  }

  private func isNegative(_ label: String) -> Bool { label.isEmpty || negatives.contains(label.lowercased()) }

  private func binary(_ window: LabelledWindow, _ conflicts: inout [String]) -> [LabelState] {
    let own = window.rows.map { rows[$0] }
    let weight = own.map(\.weight).max() ?? 1
    let rest: LabelState =
      if own.isEmpty {
        assumed(settings.unlabelledWindows, 1)
      } else if own.allSatisfy(\.isAboutOneLabel) {
        .unknown
      } else {
        assumed(settings.unlabelled, weight)
      }
    let heardNone = own.contains { isNegative($0.label) && $0.value == 1 }
    return labels.map { label in
      let said = own.filter { $0.label == label }
      if said.isEmpty { return heardNone ? LabelState(value: 0, weight: weight) : rest }
      let mean = said.reduce(0) { $0 + $1.value } / Double(said.count)
      if (mean != 0 && mean != 1 || mean == 1 && heardNone) && settings.conflicts == .error {
        conflicts.append("\(window.source) channel \(window.channel) at \(window.start) s (\(label))")
      }
      return LabelState(value: mean, weight: said.map(\.weight).max() ?? 1)
    }
  }

  private func assumed(_ unlabelled: Unlabelled, _ weight: Double) -> LabelState {
    switch unlabelled {
    case .ignore: .unknown
    case .negative: LabelState(value: 0, weight: weight)
    case .weak(let factor): LabelState(value: 0, weight: factor * weight, isWeak: true)
    }
  }

  private func single(_ window: LabelledWindow) throws(RunnerError) -> [LabelState] {
    let own = window.rows.map { rows[$0] }
    let named = Set(own.filter { $0.value == 1 }.map { isNegative($0.label) ? Self.background : $0.label })
    guard named.count <= 1 else {
      let all = named.sorted { $0.precedes($1) }.joined(separator: ", ")
      throw .training(
        subject, "\(window.source) at \(window.start) s has the classes \(all)",
        "a softmax takes one class for each window: train one-vs-rest")
    }
    var weight = own.map(\.weight).max() ?? 1
    let name = named.first ?? Self.background
    if own.isEmpty, case .weak(let factor) = settings.unlabelledWindows { weight = factor }
    if named.isEmpty && !own.isEmpty { weight = 0 }
    return labels.map { LabelState(value: $0 == name ? 1 : 0, weight: weight) }
  }
}
