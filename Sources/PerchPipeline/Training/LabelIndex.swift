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
  private let bySource: [String: Rows]
  private let minimumOverlap: Double

  /// The rows of one source.
  private struct Rows: Sendable {
    /// Rows of windows by their starts: there can be very many.
    var windows: [(start: Double, row: Int)] = []
    /// Rows of spans and of the whole.
    var others: [Int] = []

    var all: [Int] { others + windows.map(\.row) }

    /// Rows of windows that start between `low` and `high`.
    func windows(from low: Double, to high: Double) -> [Int] {
      var (first, last) = (0, windows.count)
      while first < last {
        let middle = (first + last) / 2
        if windows[middle].start < low { first = middle + 1 } else { last = middle }
      }
      return windows[first...].prefix { $0.start <= high }.map(\.row)
    }
  }

  /// Seconds.
  private static let windowSeconds = GenerateSettings.windowSeconds
  /// Times of label tables are rounded.
  private static let tolerance = 1e-3

  init(_ rows: [LabelRow], minimumOverlap: Double) {
    self.rows = rows
    self.minimumOverlap = minimumOverlap
    var bySource: [String: Rows] = [:]
    for (index, row) in rows.enumerated() {
      if case .window(let start) = row.extent {
        bySource[row.source, default: Rows()].windows.append((start, index))
      } else {
        bySource[row.source, default: Rows()].others.append(index)
      }
    }
    self.bySource = bySource.mapValues { own in
      var own = own
      own.windows.sort { ($0.start, $0.row) < ($1.start, $1.row) }
      return own
    }
  }

  var sources: [String] { bySource.keys.sorted { $0.precedes($1) } }

  func hasRows(of source: String) -> Bool { bySource[source] != nil }

  /// Whether a row of `source` names a channel.
  func namesChannels(of source: String) -> Bool {
    bySource[source]?.all.contains { rows[$0].channel != nil } ?? false
  }

  /// Indices of the rows that speak of the window.
  func find(source: String, channel: Int32, start: Double) -> [Int] {
    guard let own = bySource[source] else { return [] }
    let near = own.windows(from: start - Self.tolerance, to: start + Self.tolerance)
    return (own.others + near).sorted().filter { index in
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
