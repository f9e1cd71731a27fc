import PerchCore
import PerchTables
import SystemPackage

/// What a batch works on, and where its outputs go.
package struct BatchInputs: Equatable, Sendable {
  /// A CSV table with the column `source` and perhaps `output`; `-` reads it from standard input.
  package var list: String?
  /// Rows of the list, counted from 0; the last one is worked on too.
  package var firstRow: Int?
  package var lastRow: Int?
  package var globs: [String] = []
  package var folders: [String] = []
  /// Folder of the outputs; nil where the list names them.
  package var output: String?

  package init() {}

  /// - Parameters:
  ///   - kind: what the tables hold, as in `embeddings`.
  ///   - ending: the file name extension of tables that the list does not name.
  /// - Throws: exit code 2 for what contradicts itself and for two inputs of one output, 3 where nothing is found.
  func recordings(kind: String, ending: String) throws(RunnerError) -> Recordings {
    try check()
    let namer = OutputNamer(folder: output.map { FilePath($0) }, kind: kind, ending: ending)
    if let list {
      let table = try BatchList(list)
      return try table.recordings(table.rows(firstRow, lastRow), namer)
    }
    guard let folder = namer.folder else { throw Self.noOutput }
    var tasks: [RecordingTask] = []
    for glob in globs {
      let pattern = PathPattern(glob)
      for relative in try pattern.matches() { tasks.append(try namer.task(pattern.root, relative)) }
    }
    for name in folders { tasks += try namer.tasks(in: name) }
    return try Recordings((globs + folders).joined(separator: ", "), tasks: tasks, folder: folder)
  }

  private func check() throws(RunnerError) {
    let given = [list == nil ? nil : "--list", globs.isEmpty ? nil : "--glob", folders.isEmpty ? nil : "a folder"]
      .compactMap(\.self)
    if given.count > 1 {
      throw Self.refused(
        "\(given.joined(separator: " and ")) are given, which are ways to say the same", "keep one of them")
    }
    if given.isEmpty { throw Self.refused("no recordings are named", "give a folder, --list or --glob") }
    if list == nil, firstRow ?? lastRow != nil {
      throw Self.refused("rows are named without a list", "give --list, or leave out --start_row and --end_row")
    }
    if list == nil, output == nil { throw Self.noOutput }
  }

  fileprivate static let noOutput = refused("no output folder is named", "give --output")

  fileprivate static func refused(_ cause: String, _ remedy: String) -> RunnerError {
    RunnerError("batch", cause, remedy: remedy, exit: .usage)
  }
}

/// Says which output belongs to a recording.
private struct OutputNamer {
  let folder: FilePath?
  let kind: String
  let ending: String

  /// For a recording at `relative` below `root`: its place below the output folder is the same.
  func task(_ root: FilePath, _ relative: FilePath) throws(RunnerError) -> RecordingTask {
    RecordingTask(
      input: root.pushing(relative), source: relative.string, output: try output(relative))
  }

  func output(_ relative: FilePath) throws(RunnerError) -> FilePath {
    guard let folder else { throw BatchInputs.noOutput }
    return folder.pushing(relative.removingLastComponent()).appending(
      Recordings.outputName(relative, kind, ending))
  }

  /// All recordings in a folder, or the one file that is named.
  func tasks(in name: String) throws(RunnerError) -> [RecordingTask] {
    guard let folder else { throw BatchInputs.noOutput }
    let path = FilePath(name)
    if (try? path.stat().type) == .directory {
      var tasks: [RecordingTask] = []
      for relative in try Recordings.recordings(below: path) { tasks.append(try task(path, relative)) }
      return tasks
    }
    return try Recordings(name, to: .folder(folder), kind: kind, ending: ending).tasks
  }
}

/// A list of recordings, as `batch.py` of version 1 took it: a CSV table with the columns `source` and `output`.
private struct BatchList {
  struct Row {
    let source: String
    let output: String?
    /// In the file, counted from 0 after the header.
    let number: Int
  }

  let name: String
  let all: [Row]

  /// - Parameter path: `-` for standard input.
  init(_ path: String) throws(RunnerError) {
    name = path == "-" ? "standard input" : path
    let table: TextTable
    if path == "-" {
      var text = ""
      while let line = readLine(strippingNewline: false) { text += line }
      table = try TextTable(text: text, name: FilePath(name))
    } else {
      table = try TextTable(FilePath(path), separator: .comma)
    }
    let names = table.lines.first ?? []
    guard let source = names.firstIndex(of: "source") else {
      throw RunnerError(
        name, "has no column source", remedy: "write source,output or source as its first line", exit: .usage)
    }
    let output = names.firstIndex(of: "output")
    var rows: [Row] = []
    for (index, fields) in table.lines.enumerated().dropFirst() {
      guard fields.count == names.count, !fields[source].isEmpty else {
        throw RunnerError(
          name, "row \(index - 1) has \(fields.count) fields and the header line \(names.count), or no source",
          remedy: "correct the row", exit: .usage)
      }
      let named = output.map { fields[$0] } ?? ""
      rows.append(Row(source: fields[source], output: named.isEmpty ? nil : named, number: index - 1))
    }
    all = rows
  }

  /// Those from `first` to `last`, the last one too.
  func rows(_ first: Int?, _ last: Int?) throws(RunnerError) -> ArraySlice<Row> {
    let (first, last) = (first ?? 0, last ?? Int.max)
    guard first >= 0, first <= last else {
      throw RunnerError(
        "--start_row", "rows \(first) to \(last) are none", remedy: "count rows from 0; the last is worked on too",
        exit: .usage)
    }
    return all.dropFirst(first).prefix(last == .max ? Int.max : last - first + 1)
  }

  func recordings(_ rows: ArraySlice<Row>, _ namer: OutputNamer) throws(RunnerError) -> Recordings {
    var tasks: [RecordingTask] = []
    for row in rows {
      let output: FilePath
      if let named = row.output {
        output = try self.output(named, row)
      } else {
        // Below the output folder as it is written here: that does not change when the list grows.
        output = try namer.output(
          FilePath(root: nil, FilePath(row.source).components.filter { $0.kind == .regular }))
      }
      tasks.append(RecordingTask(input: FilePath(row.source), source: row.source, output: output))
    }
    return try Recordings(name, tasks: tasks, folder: namer.folder ?? Self.common(tasks.map(\.output)))
  }

  private func output(_ named: String, _ row: Row) throws(RunnerError) -> FilePath {
    let path = FilePath(named)
    guard path.extension.flatMap(TableFormat.init(anyCase:)) != nil else {
      throw RunnerError(
        name, "row \(row.number) has the output '\(named)', whose ending says no format",
        remedy: "let it end in .csv or .parquet", exit: .usage)
    }
    return path
  }

  /// The deepest folder that all `files` are below.
  private static func common(_ files: [FilePath]) -> FilePath {
    guard var folder = files.first?.removingLastComponent() else { return "" }
    for file in files {
      while !file.starts(with: folder), !folder.isEmpty, folder.removeLastComponent() {}
    }
    return folder
  }
}
