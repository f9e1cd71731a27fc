import PerchCore
import PerchTables
import SystemPackage

/// A table of `analyze`, and who has rows in it.
struct PlannedTable: Equatable, Sendable {
  let analysis: Analysis
  let path: FilePath
  let format: TableFormat
  /// The recognizer whose rows it holds, by its place; nil for all of them.
  let recognizer: Int?
  /// Places of recordings, ascending: the order of the rows.
  var recordings: [Int]
}

/// Which table every row goes to.
struct TablePlan: Sendable {
  let tables: [PlannedTable]
  /// For each recording the places of its tables.
  let tablesOfRecording: [[Int]]
  let notes: [Note]

  fileprivate struct Builder {
    let root: FilePath
    var tables: [PlannedTable] = []
    var places: [FilePath: Int] = [:]
    var tablesOfRecording: [[Int]]
    var otherEndings: [Analysis: String] = [:]
  }

  /// - Throws: exit code 2 when tables of different kinds would have one path.
  init(_ settings: AnalyzeSettings, _ recordings: [AnalyzedRecording]) throws(RunnerError) {
    var builder = Builder(root: settings.output, tablesOfRecording: recordings.map { _ in [] })
    for (index, recording) in recordings.enumerated() {
      if let embeddings = settings.embeddings {
        try builder.add(index, recording, embeddings.tables, layout: embeddings.layout)
      }
      if let recognizers = settings.recognizers {
        if recognizers.tables.template.namesClassifier {
          for (place, recognizer) in recognizers.all.enumerated() {
            try builder.add(index, recording, recognizers.tables, recognizer: (place, recognizer.pathName))
          }
        } else {
          try builder.add(index, recording, recognizers.tables)
        }
      }
      if let classes = settings.classes { try builder.add(index, recording, classes.tables) }
    }
    tables = builder.tables
    tablesOfRecording = builder.tablesOfRecording
    notes = Analysis.allCases.compactMap { analysis in
      builder.otherEndings[analysis].map {
        Note(
          .warning, analysis.rawValue, "the path template ends in '.\($0)'; the table's own extension follows it")
      }
    }
  }
}

extension TablePlan.Builder {
  /// Gives a recording its place in the table that it belongs to.
  fileprivate mutating func add(
    _ index: Int, _ recording: AnalyzedRecording, _ choice: AnalyzeSettings.Tables, layout: EmbeddingLayout? = nil,
    recognizer: (place: Int, name: String)? = nil
  ) throws(RunnerError) {
    var values = PathTemplate.Values(recording: recording.relative, ending: choice.format.rawValue)
    values.layout = layout?.rawValue ?? ""
    values.classifier = recognizer?.name ?? ""
    let (relative, otherEnding) = choice.template.path(values)
    if let otherEnding { otherEndings[choice.template.analysis] = otherEnding }
    let path = root.pushing(relative)
    guard let place = places[path] else {
      places[path] = tables.count
      tablesOfRecording[index].append(tables.count)
      tables.append(
        PlannedTable(
          analysis: choice.template.analysis, path: path, format: choice.format, recognizer: recognizer?.place,
          recordings: [index]))
      return
    }
    let other = tables[place]
    guard other.analysis == choice.template.analysis, other.recognizer == recognizer?.place else {
      throw RunnerError(
        path.string, "would be a table of both \(other.analysis.rawValue) and \(choice.template.analysis.rawValue)",
        remedy: "put {analysis} into the path templates", exit: .usage)
    }
    tablesOfRecording[index].append(place)
    tables[place].recordings.append(index)
  }
}
