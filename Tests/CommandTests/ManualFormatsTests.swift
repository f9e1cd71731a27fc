import Foundation
import PerchPipeline
import PerchTables
import TestSupport
import Testing

/// The tables of the page about formats name the columns and keys that the program writes.
///
/// `PERCH_MANUAL_RENEW=1` writes them into the page; what a column means is written there by hand.
@Suite(.serialized) struct ManualFormatsTests {
  struct Case: CustomTestStringConvertible, Sendable {
    /// Of the comment before the table in the page.
    let mark: String
    let columns: [Column]
    /// Whether the table is text only.
    var isText = false
    var testDescription: String { mark }
  }

  private static func embeddings(_ layout: EmbeddingLayout, distances: [String] = []) -> [Column] {
    layout.columns(dimension: 1536, hasEmbeddings: true, distances: distances)
  }

  static let cases = [
    Case(mark: "columns of embeddings", columns: embeddings(.list)),
    Case(mark: "columns of distances", columns: Array(embeddings(.list, distances: ["distance"]).suffix(1))),
    Case(mark: "columns of the layout columns", columns: embeddings(.columns)),
    Case(mark: "columns of the layout serialized", columns: embeddings(.serialized)),
    Case(mark: "columns of events", columns: EventTableWriter.columns(hasTags: true, hasRecordingID: true)),
    Case(mark: "columns of raven", columns: EventListFormat.raven.columns, isText: true),
    Case(mark: "columns of birdnet", columns: EventListFormat.birdnet.columns, isText: true),
    Case(mark: "columns of search", columns: SearchRun.columns),
    Case(mark: "columns of predictions", columns: PredictionTable.columns, isText: true),
  ]

  @Test(arguments: cases) func columnsAreThoseOfTheWriter(_ test: Case) throws {
    var rows: [[String]] = []
    for column in test.columns {
      let name = "`\(column.name)`"
      // A column for each number of the embedding: one row says it.
      if let last = rows.indices.last, column.name.wholeMatch(of: #/f\d{4,}/#) != nil, rows[last][0].hasPrefix("`f")
      {
        rows[last][0] = "`f0000` … \(name)"
      } else {
        let (csv, parquet) = column.type.words
        let text = csv + (column.isNullable ? ", may be empty" : "")
        rows.append(test.isText ? [name, text] : [name, text, parquet])
      }
    }
    try MarkedTable.compare(rows, mark: test.mark)
  }

  @Test func keysAreThoseOfTheFiles() throws {
    let place = try ManualFolder()
    try place.folder.write("classifiers:\n  - model_file: koala.json\n", to: "koala.yml")
    // A recording whose name says when it began.
    let recording = "recordings/ridge/20260110_050000.wav"
    let commands = [
      "generate -F csv \(recording) out", "classify -c koala.yml \(recording) out",
      "distance -F csv \(recording) call.wav out", "search out/20260110_050000.embeddings.csv call.wav out",
    ]
    let files = ["embeddings.csv", "classifications.csv", "distances.csv", "embeddings.search.csv"]
    var keys: [String] = []
    var ofFiles: [[String]] = []
    for (command, file) in zip(commands, files) {
      let words = command.split(separator: " ").map(String.init)
      let outcome = try Program.run(
        words + ["-q"], in: place.folder, environment: ["PERCH_RUNNER_WEIGHTS": "seeded:perch_v2"])
      #expect(outcome.exit == 0, "\(outcome.errors)")
      let table = String(decoding: try place.folder.read("out/20260110_050000.\(file)"), as: UTF8.self)
      let own = table.split(separator: "\n").prefix { $0.hasPrefix("# ") }.compactMap {
        $0.dropFirst(2).split(separator: ":").first
      }
      ofFiles.append(own.map(String.init))
      // What the files before did not have goes behind its predecessor.
      var next = 0
      for key in ofFiles.last ?? [] {
        if let known = keys.firstIndex(of: key) {
          next = known + 1
        } else {
          keys.insert(key, at: next)
          next += 1
        }
      }
    }
    let rows = keys.map { key in ["`\(key)`"] + ofFiles.map { $0.contains(key) ? "yes" : "" } }
    try MarkedTable.compare(rows, mark: "keys of tables")
  }

  @Test func keysAreThoseOfTraining() throws {
    let place = try ManualFolder()
    let outcome = try Program.run(
      ["train", "-q", "--weights", "seeded:perch_8", "--name", "songs", "clips", "out"], in: place.folder)
    #expect(outcome.exit == 0, "\(outcome.errors)")
    let text = String(decoding: try place.folder.read("out/songs.metadata.json"), as: UTF8.self)
    // In the order of the file: keys of the outermost object stand two blanks in.
    let keys = text.split(separator: "\n").compactMap { $0.prefixMatch(of: #/  "([a-z_]+)":/#)?.1 }
    try MarkedTable.compare(keys.map { ["`\($0)`"] }, mark: "keys of training")
  }
}

extension ColumnType {
  /// What a cell holds in CSV and in Parquet, as the page says it.
  fileprivate var words: (csv: String, parquet: String) {
    switch self {
    case .text: ("text", "BYTE_ARRAY, String")
    case .int32: ("integer", "INT32")
    case .int64: ("integer", "INT64")
    case .float: ("number", "FLOAT")
    case .double: ("number", "DOUBLE")
    case .floats: ("Base64", "LIST of FLOAT")
    }
  }
}

/// A table of a page that the program has a say in: that after the comment with its mark. The last column
/// belongs to the writer of the page.
enum MarkedTable {
  private static let page = ManualPage(path: "\(ManualPage.folder)/Formats.md")

  static func compare(_ rows: [[String]], mark: String) throws {
    var lines = try page.text().components(separatedBy: "\n")
    let comment = try #require(lines.firstIndex(of: "<!-- \(mark) -->"), "the page has no table '\(mark)'")
    // The comment, a header line and the line below it.
    let start = comment + 3
    let end = lines[start...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
    let shown = lines[start..<end].map(cells)
    if shown.map({ $0.dropLast() }) == rows.map({ $0[...] }), shown.allSatisfy({ $0.last != "" }) { return }
    guard ProcessInfo.processInfo.environment["PERCH_MANUAL_RENEW"] == "1" else {
      let wanted = rows.map { line($0, "") }.joined(separator: "\n")
      Issue.record("'\(mark)' should be, with what each means:\n\(wanted)")
      return
    }
    let meanings = Dictionary(shown.map { ($0[0], $0.last ?? "") }) { first, _ in first }
    lines.replaceSubrange(start..<end, with: rows.map { line($0, meanings[$0[0]] ?? "") })
    try lines.joined(separator: "\n").write(to: page.url, atomically: true, encoding: .utf8)
  }

  private static func cells(_ line: String) -> [String] {
    line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }

  private static func line(_ cells: [String], _ meaning: String) -> String {
    "| " + (cells + [meaning]).joined(separator: " | ") + " |"
  }
}
