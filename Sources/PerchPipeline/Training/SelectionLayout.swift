import FoundationEssentials
import PerchCore
import PerchTables
import SystemPackage

/// Raven selection tables.
enum RavenLayout {
  /// Columns of labels, the first that a table has being taken.
  private static let labelNames = ["Species", "Species Code", "Label", "Annotation", "Class"]

  static func isRaven(_ table: TextTable) -> Bool {
    table.lines[0].contains("Begin Time (s)") && table.lines[0].contains("End Time (s)")
  }

  static func read(_ tables: [String], labelColumn: String?) throws(RunnerError) -> LabelledData {
    var data = LabelledData(layout: .raven, rows: [])
    for path in tables { try add(TextTable(FilePath(path), separator: .tab), labelColumn, to: &data) }
    return data
  }

  private static func add(
    _ table: TextTable, _ labelColumn: String?, to data: inout LabelledData
  ) throws(RunnerError) {
    let path = table.path.string
    let names = table.lines[0]
    func column(_ name: String) -> Int? { names.firstIndex(of: name) }
    guard let begin = column("Begin Time (s)"), let end = column("End Time (s)") else {
      throw .training(path, "has no columns 'Begin Time (s)' and 'End Time (s)'", "save it as a selection table")
    }
    guard let label = (labelColumn.map { [$0] } ?? labelNames).lazy.compactMap(column).first else {
      throw .training(
        path, "has no column '\(labelColumn ?? labelNames.joined(separator: "', '"))'",
        "name the column of labels with --label-column")
    }
    let files = column("Begin Path") ?? column("Begin File")
    let several = files.map { file in Set(table.lines.dropFirst().compactMap { $0.at(file) }).count > 1 } ?? false
    let offset = column("File Offset (s)")
    if several, offset == nil {
      throw .training(
        path, "holds several files and no column 'File Offset (s)'", "save it again with that column")
    }
    var seen: Set<String> = []
    for (index, line) in table.lines.dropFirst().enumerated() {
      let row = Row(line: line, place: "\(path): row \(index + 1)")
      // A selection has a line for each of its views.
      if let selection = column("Selection"), let number = line.at(selection), !seen.insert(number).inserted {
        continue
      }
      let start = try row.number(begin)
      let length = try row.number(end) - start
      let place = try several ? offset.map { column throws(RunnerError) in try row.number(column) } ?? start : start
      guard place >= 0, length >= 0 else { throw .training(row.place, "ends before it starts", "correct the row") }
      let source = files.flatMap { line.at($0) } ?? ""
      let recording = try audio(of: table.path, named: source)
      data.recordings[recording.source] = recording.path
      data.rows.append(
        LabelRow(
          source: recording.source, channel: try row.channel(column("Channel")),
          extent: .span(place, place + length), label: LabelRow.normalized(line.at(label) ?? ""),
          origin: row.place))
    }
  }

  private struct Row {
    let line: [String]
    let place: String

    func number(_ column: Int) throws(RunnerError) -> Double {
      guard let text = line.at(column), let number = Double(text), number.isFinite else {
        throw .training(place, "'\(line.at(column) ?? "")' is not a number of seconds", "correct the row")
      }
      return number
    }

    /// Raven counts channels from 1.
    func channel(_ column: Int?) throws(RunnerError) -> Int32? {
      guard let text = column.flatMap({ line.at($0) }), !text.isEmpty else { return nil }
      guard let number = Int32(text), number >= 1 else {
        throw .training(place, "channel '\(text)' is not a number from 1", "correct the row")
      }
      return number - 1
    }
  }

  private static func audio(
    of table: FilePath, named name: String
  ) throws(RunnerError) -> (source: String, path: String) {
    if name.isEmpty { return try TableAudio.beside(table, endings: [".selections.txt", ".txt"]) }
    let folder = table.removingLastComponent()
    // Tables come from other machines: of a path that does not exist here the file's name still counts.
    let file = name.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? name
    let here = FilePath(name)
    if here.isAbsolute, (try? here.stat().type) == .regular { return (file, name) }
    return (file, folder.pushing(FilePath(file)).string)
  }
}

/// Audacity label tracks: start, end and text, or one time and text, without a header line.
enum AudacityLayout {
  static func read(_ tables: [String]) throws(RunnerError) -> LabelledData {
    var data = LabelledData(layout: .audacity, rows: [])
    for path in tables {
      let table = try TextTable(FilePath(path), separator: .tab)
      let recording = try TableAudio.beside(table.path, endings: [".labels.txt", ".txt"])
      data.recordings[recording.source] = recording.path
      for (index, line) in table.lines.enumerated() {
        // Frequencies of the line above.
        if line[0].hasPrefix("\\") { continue }
        let numbers = line.prefix(2).map { Double($0).flatMap { $0.isFinite ? $0 : nil } }
        let place = "\(path): line \(index + 1)"
        guard let start = numbers.first ?? nil, line.count >= 2, start >= 0 else {
          throw .training(place, "is not a start, an end and a label", "export the labels from Audacity again")
        }
        let end = numbers.count > 1 ? numbers[1] : nil
        let label = end == nil ? line.at(1) : line.at(2)
        guard end ?? start >= start else { throw .training(place, "ends before it starts", "correct the line") }
        data.rows.append(
          LabelRow(
            source: recording.source, extent: .span(start, end ?? start),
            label: LabelRow.normalized(label ?? ""), origin: place))
      }
    }
    return data
  }
}

/// The recording that a table without file names belongs to.
enum TableAudio {
  /// The file beside `table` that is named as the table is without the first of `endings` that fits.
  static func beside(_ table: FilePath, endings: [String]) throws(RunnerError) -> (source: String, path: String) {
    let name = table.lastComponent?.string ?? ""
    var stem = name
    for ending in endings where name.lowercased().hasSuffix(ending) {
      stem = String(name.dropLast(ending.count))
      break
    }
    // Raven puts `.Table.1` between the two.
    if let part = stem.firstRange(of: ".Table.") { stem = String(stem[..<part.lowerBound]) }
    let folder = table.removingLastComponent()
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder.string)) ?? []
    let found = all.sorted().first { candidate in
      let path = FilePath(candidate)
      guard let ending = path.extension, Recordings.extensions.contains(ending.lowercased()) else { return false }
      return candidate == stem || path.stem == stem
    }
    guard let found else {
      throw .training(table.string, "no recording named '\(stem)' stands beside it", "put it there")
    }
    return (found, folder.pushing(FilePath(found)).string)
  }
}

extension [String] {
  /// The element, or nil where a line ends before it.
  fileprivate func at(_ index: Int) -> String? { index < count ? self[index] : nil }
}
