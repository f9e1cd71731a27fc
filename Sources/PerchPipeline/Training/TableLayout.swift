import PerchCore
import PerchTables
import SystemPackage

/// A table of labels: of clips and parts of recordings, or of windows whose embeddings are given.
struct TableLayout {
  private let path: String
  private let columns: Columns
  private let lines: [[String]]

  /// Names that a column may have, the first being ours.
  private enum Names {
    static let file = ["file", "filename", "path", "filepath", "source"]
    static let label = ["label"]
    static let start = ["start", "start_time", "start_time_s", "begin", "offset"]
    static let end = ["end", "end_time", "end_time_s"]
  }

  private struct Columns {
    let file: Int
    let label: Int
    let start: Int?
    let end: Int?
    let channel: Int?
    let value: Int?
    let weight: Int?
    let group: Int?
  }

  /// - Parameter labelColumn: the name of the column of labels, where it is not `label`.
  init(_ path: String, labelColumn: String?) throws(RunnerError) {
    self.path = path
    let table = try TextTable(FilePath(path), separator: .comma)
    let names = table.lines[0].map { $0.lowercased() }
    func find(_ wanted: [String]) -> Int? { wanted.lazy.compactMap { names.firstIndex(of: $0) }.first }
    guard let file = find(Names.file) else {
      throw .training(
        path, "has no column of files", "name a column one of \(Names.file.joined(separator: ", "))")
    }
    guard let label = find(labelColumn.map { [$0.lowercased()] } ?? Names.label) else {
      throw .training(
        path, "has no column '\(labelColumn ?? "label")'", "name the column of labels with --label-column")
    }
    columns = Columns(
      file: file, label: label, start: find(Names.start), end: find(Names.end), channel: find(["channel"]),
      value: find(["value"]), weight: find(["weight"]), group: find(["group"]))
    lines = Array(table.lines.dropFirst())
    for (index, line) in lines.enumerated() where line.count != names.count {
      throw .training(
        path, "row \(index + 1) has \(line.count) fields, the header line has \(names.count)", "correct the row")
    }
  }

  /// Rows of clips or spans; files are relative to the table's folder.
  func clips() throws(RunnerError) -> LabelledData {
    var data = LabelledData(layout: .csv, rows: [])
    let folder = FilePath(path).removingLastComponent()
    for index in lines.indices {
      var row = try row(index)
      let start = try columns.start.flatMap { column throws(RunnerError) in try number(index, column) }
      let end = try columns.end.flatMap { column throws(RunnerError) in try number(index, column) }
      switch (start, end) {
      case (nil, nil): row.extent = .whole
      case (let start?, let end?):
        guard start >= 0, end >= start else { throw bad(index, "ends before it starts") }
        row.extent = .span(start, end)
      case (let start?, nil): row.extent = .span(start, start)
      case (nil, .some): throw bad(index, "has an end and no start")
      }
      let file = FilePath(row.source)
      data.recordings[row.source] = file.isAbsolute ? row.source : folder.pushing(file).string
      data.rows.append(row)
    }
    return data
  }

  /// Rows of windows of embeddings tables.
  func windows() throws(RunnerError) -> LabelledData {
    guard let column = columns.start else {
      throw .training(path, "has no column 'start'", "give source, channel, start and label")
    }
    var data = LabelledData(layout: .csv, rows: [])
    for index in lines.indices {
      var row = try row(index)
      guard let start = try number(index, column) else { throw bad(index, "has no start") }
      row.extent = .window(start)
      data.rows.append(row)
    }
    return data
  }

  private func row(_ index: Int) throws(RunnerError) -> LabelRow {
    let line = lines[index]
    var row = LabelRow(
      source: line[columns.file], extent: .whole, label: LabelRow.normalized(line[columns.label]),
      origin: "\(path): row \(index + 1)")
    if row.source.isEmpty { throw bad(index, "names no file") }
    if let column = columns.channel, !line[column].isEmpty {
      guard let channel = Int32(line[column]), channel >= 0 else {
        throw bad(index, "channel '\(line[column])' is not a number from 0")
      }
      row.channel = channel
    }
    if let value = try columns.value.flatMap({ column throws(RunnerError) in try number(index, column) }) {
      guard value == 0 || value == 1 else { throw bad(index, "value \(value) is neither 0 nor 1") }
      row.value = value
    }
    if let weight = try columns.weight.flatMap({ column throws(RunnerError) in try number(index, column) }) {
      guard weight > 0 else { throw bad(index, "weight \(weight) is not above 0") }
      row.weight = weight
    }
    if let column = columns.group, !line[column].isEmpty { row.group = line[column] }
    return row
  }

  /// The finite number in a field; nil for an empty one.
  private func number(_ index: Int, _ column: Int) throws(RunnerError) -> Double? {
    let text = lines[index][column]
    if text.isEmpty { return nil }
    guard let number = Double(text), number.isFinite else { throw bad(index, "'\(text)' is not a number") }
    return number
  }

  private func bad(_ index: Int, _ cause: String) -> RunnerError {
    .training(path, "row \(index + 1): \(cause)", "correct the row")
  }
}
