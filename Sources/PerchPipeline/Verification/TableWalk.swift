import PerchAudio
import PerchCore
import PerchTables
import SystemPackage

/// The windows of a recording, each with the rows that a table holds for it. A table whose rows do not belong to the
/// windows of the recording is refused on the way.
struct TableWalk: ~Copyable {
  struct Step: Sendable {
    let position: WindowPosition
    let rows: [StoredRow]
  }

  private let table: FilePath
  private let input: String
  private let kind: StatedRun.Kind
  private var reader: WindowReader
  private var rows: StoredRows

  init(_ table: FilePath, _ stated: StatedRun, _ recording: FilePath, _ reading: ReadingSettings)
    throws(RunnerError)
  {
    let rows = try StoredRows(table, columns: stated.columns, isRanked: stated.kind.isRanked)
    let reader = try WindowReader(path: recording.string, settings: reading)
    self.table = table
    input = stated.input
    kind = stated.kind
    self.rows = rows
    self.reader = reader
  }

  /// Writes the next window over `samples`; nil after the last.
  mutating func next(into samples: inout MutableSpan<Float>) throws(RunnerError) -> Step? {
    guard let position = try reader.next(into: &samples) else {
      if let row = rows.next { throw stray(row) }
      return nil
    }
    var found: [StoredRow] = []
    while let row = rows.next, row.start == position.startSeconds, row.channel == position.channel {
      try check(row, at: position)
      found.append(row)
      try rows.advance()
    }
    if let row = rows.next, (row.start, row.channel) < (position.startSeconds, position.channel) {
      throw stray(row)
    }
    guard kind.allows(rowsOfWindow: found.count) else {
      throw refuses("\(found.isEmpty ? "no row is" : "\(found.count) rows are") of the window at \(position.text)")
    }
    return Step(position: position, rows: found)
  }

  /// What the table says of the recording as a whole, once all of it has been read.
  func checkFacts(_ stated: StatedRun) throws(RunnerError) {
    let facts = [
      ("input_duration_seconds", "\(reader.secondsDecoded)"),
      ("input_sample_rate", "\(reader.facts.sampleRate.hertz)"), ("input_channels", "\(reader.facts.channels)"),
    ]
    for (key, value) in facts {
      if let said = stated.statement(key), said != value {
        throw refuses("says \(key) \(said), the recording \(value)")
      }
    }
  }

  /// Hertz up to which events of the recording reach.
  var highHertz: Double { EventBand.highHertz(sampleRate: reader.facts.sampleRate.hertz) }

  private func check(_ row: StoredRow, at position: WindowPosition) throws(RunnerError) {
    if row.source != input { throw refuses("row \(row.number) is of '\(row.source)', not of '\(input)'") }
    if let end = row.end, end != position.endSeconds {
      throw refuses("row \(row.number) ends at \(end) s, its window at \(position.endSeconds) s")
    }
  }

  private func stray(_ row: StoredRow) -> RunnerError {
    refuses(
      "row \(row.number) is of \(row.start) s, channel \(row.channel), where no window of the recording is due")
  }

  private func refuses(_ cause: String) -> RunnerError {
    RunnerError(table.string, cause, remedy: "make the table again", exit: .input)
  }
}

extension StatedRun.Kind {
  /// Whether rows are in the order of their distances.
  fileprivate var isRanked: Bool {
    if case .distances(let queries) = self { queries.choices.top != nil } else { false }
  }

  /// Whether a window may have so many rows.
  fileprivate func allows(rowsOfWindow count: Int) -> Bool {
    switch self {
    case .embeddings: count == 1
    case .events: true
    case .distances: count == 1 || (isRanked && count == 0)
    }
  }

  /// Whether a window with these rows can be checked: of one that a list of the nearest left out nothing is known.
  func canCheck(_ rows: [StoredRow]) -> Bool { !(isRanked && rows.isEmpty) }
}

extension WindowPosition {
  /// For messages.
  var text: String { "\(startSeconds) s, channel \(channel)" }
}
