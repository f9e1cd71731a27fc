import PerchCore
import PerchRecognition

/// A window that somebody labelled, or that is taken as it is.
struct LabelledWindow: Sendable {
  let source: String
  let channel: Int32
  /// Seconds.
  let start: Double
  /// Indices of the rows that speak of it; none where nobody labelled it.
  let rows: [Int]
}

/// Finds the rows that speak of a window.
struct LabelIndex: Sendable {
  let rows: [LabelRow]
  private let bySource: [String: [Int]]
  private let minimumOverlap: Double

  /// Seconds.
  private static let windowSeconds = GenerateSettings.windowSeconds
  /// Times of label tables are rounded.
  private static let tolerance = 1e-3

  init(_ rows: [LabelRow], minimumOverlap: Double) {
    self.rows = rows
    self.minimumOverlap = minimumOverlap
    bySource = Dictionary(grouping: rows.indices) { rows[$0].source }
  }

  var sources: [String] { bySource.keys.sorted { $0.precedes($1) } }

  func hasRows(of source: String) -> Bool { bySource[source] != nil }

  /// Whether a row of `source` names a channel.
  func namesChannels(of source: String) -> Bool { (bySource[source] ?? []).contains { rows[$0].channel != nil } }

  /// Indices of the rows that speak of the window.
  func find(source: String, channel: Int32, start: Double) -> [Int] {
    (bySource[source] ?? []).filter { index in
      let row = rows[index]
      return (row.channel ?? channel) == channel && covers(row.extent, start)
    }
  }

  private func covers(_ extent: LabelRow.Extent, _ start: Double) -> Bool {
    switch extent {
    case .whole: return true
    case .window(let wanted): return abs(wanted - start) <= Self.tolerance
    case .span(let from, let to):
      let end = start + Self.windowSeconds
      if from == to { return start <= from && from < end }
      let overlap = min(to, end) - max(from, start)
      return overlap > 0 && overlap >= min(minimumOverlap, (to - from) / 2)
    }
  }
}
