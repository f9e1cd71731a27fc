import PerchAudio
import PerchCore
import PerchTables
import SystemPackage

/// A row of a table with what is checked of it.
struct StoredRow: Sendable {
  /// Counted from 1.
  let number: Int
  let source: String
  let channel: Int32
  /// Seconds.
  let start: Double
  /// Seconds; nil where the table has no such column.
  let end: Double?
  /// nil where the table has none.
  let embedding: [Float]?
  /// One for each column of distances; nil where one is not defined.
  let distances: [Double?]
  let event: StoredEvent?
}

/// What a row of events holds beside its place.
struct StoredEvent: Equatable, Sendable {
  var label = ""
  var score: Float = 0
  var recognizer = ""
  /// With `|` between them.
  var tags = ""
  var lowHertz = 0.0
  var highHertz = 0.0
}

/// What the columns of a table mean.
struct StoredColumns: Sendable {
  private enum Role {
    case source, channel, start, end, embedding, element, distance
    case label, score, recognizer, tags, lowHertz, highHertz
    /// Nothing that is checked.
    case other
  }

  private let roles: [Role]
  private let hasEvents: Bool

  init(_ columns: [Column]) {
    roles = columns.map { column in
      switch column.name {
      case "source": .source
      case "channel": .channel
      case "start", "offset": .start
      case "end": .end
      case "label": .label
      case "score": .score
      case "recognizer": .recognizer
      case "tags": .tags
      case "low_frequency_hertz": .lowHertz
      case "high_frequency_hertz": .highHertz
      default:
        switch column.type {
        case .floats: .embedding
        case .float: .element
        case .double: .distance
        case .text, .int32, .int64: .other
        }
      }
    }
    hasEvents = roles.contains(.score)
  }

  /// nil when the row does not say where its window is.
  func row(_ number: Int, _ cells: [Cell]) -> StoredRow? {
    var (source, channel, start): (String?, Int32?, Double?)
    var (end, embedding, distances): (Double?, [Float], [Double?]) = (nil, [], [])
    var event = StoredEvent()
    for (role, cell) in zip(roles, cells) {
      switch (role, cell) {
      case (.source, .text(let text)): source = text
      case (.channel, .int32(let number)): channel = number
      case (.channel, .int64(let number)): channel = Int32(exactly: number)
      case (.start, .double(let seconds)): start = seconds
      case (.end, .double(let seconds)): end = seconds
      case (.embedding, .floats(let values)): embedding = values
      case (.element, .float(let value)): embedding.append(value)
      case (.distance, .double(let value)): distances.append(value)
      case (.distance, .null): distances.append(nil)
      case (.label, .text(let text)): event.label = text
      case (.score, .float(let value)): event.score = value
      case (.recognizer, .text(let text)): event.recognizer = text
      case (.tags, .text(let text)): event.tags = text
      case (.lowHertz, .double(let value)): event.lowHertz = value
      case (.highHertz, .double(let value)): event.highHertz = value
      default: break
      }
    }
    guard let source, let channel, let start else { return nil }
    return StoredRow(
      number: number, source: source, channel: channel, start: start, end: end,
      embedding: embedding.isEmpty ? nil : embedding, distances: distances, event: hasEvents ? event : nil)
  }
}

/// The rows of a table in the order of windows, the next one known ahead.
struct StoredRows {
  private(set) var next: StoredRow?
  private var reader: TableReader
  private let columns: StoredColumns
  /// Rows that the table has in another order, in that of windows; the next one first.
  private var sorted: ArraySlice<StoredRow>?

  /// - Parameter isRanked: whether the rows are in the order of their distances; all are then held in memory, as
  ///   they were when the table was written.
  init(_ path: FilePath, columns: [Column], isRanked: Bool) throws(RunnerError) {
    reader = try TableReader(path, columns: columns)
    self.columns = StoredColumns(columns)
    if isRanked {
      var rows: [StoredRow] = []
      while let row = try read() { rows.append(row) }
      sorted = rows.sorted { ($0.start, $0.channel) < ($1.start, $1.channel) }[...]
    }
    try advance()
  }

  mutating func advance() throws(RunnerError) {
    next = sorted == nil ? try read() : sorted?.popFirst()
  }

  private mutating func read() throws(RunnerError) -> StoredRow? {
    guard let cells = try reader.next() else { return nil }
    guard let row = columns.row(reader.rowCount, cells) else {
      throw RunnerError(
        reader.path.string, "row \(reader.rowCount) belongs to no window", remedy: "make the table again",
        exit: .input)
    }
    return row
  }
}
