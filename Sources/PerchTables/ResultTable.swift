import PerchCore
import SystemPackage

/// A label's score for a window, with the columns that perch-runner's Python version gives its results.
package struct ResultRow: Equatable, Sendable {
  package let source: String
  package let channel: Int32
  /// Seconds from the start of the recording to that of the window.
  package let offset: Double
  package let label: String
  package let score: Float
  /// Who gave the score; nil where the table does not tell.
  package let recognizer: String?
  /// What the Acoustic Workbench calls the recording; nil where that is not known.
  package let recordingID: String?

  package init(
    source: String, channel: Int32, offset: Double, label: String, score: Float, recognizer: String? = nil,
    recordingID: String? = nil
  ) {
    self.source = source
    self.channel = channel
    self.offset = offset
    self.label = label
    self.score = score
    self.recognizer = recognizer
    self.recordingID = recordingID
  }
}

/// Writes a table of results row by row: `source`, `channel`, `offset`, `label`, `score`; then `recognizer`, which
/// is ours, where it is wanted, and `audio_recording_id` where recordings have one. The caller gives the rows in
/// their order. As in the tables of pandas, every column may hold nulls, so that theirs and ours can be put together.
package struct ResultTableWriter: ~Copyable {
  private let isDouble: Bool
  private let hasRecognizers: Bool
  private let hasRecordingIDs: Bool
  private var table: TableWriter

  /// - Parameters:
  ///   - isDouble: whether scores are doubles, as those of a model's classes are, and not floats.
  ///   - hasRecognizers: whether the table has the column `recognizer`.
  ///   - hasRecordingIDs: whether it has the column `audio_recording_id`.
  /// - Throws: exit 6 when `path` cannot be written.
  package init(
    path: FilePath, format: TableFormat, metadata: MetadataPlacement, isDouble: Bool, hasRecognizers: Bool = false,
    hasRecordingIDs: Bool = false
  ) throws(RunnerError) {
    self.isDouble = isDouble
    self.hasRecognizers = hasRecognizers
    self.hasRecordingIDs = hasRecordingIDs
    func text(_ name: String) -> Column { Column(name, .text, isNullable: true, isRepetitive: true) }
    let columns =
      [
        text("source"), Column("channel", .int64, isNullable: true), Column("offset", .double, isNullable: true),
        text("label"), Column("score", isDouble ? .double : .float, isNullable: true),
      ] + (hasRecognizers ? [text("recognizer")] : []) + (hasRecordingIDs ? [text("audio_recording_id")] : [])
    table = try TableWriter(path: path, columns: columns, format: format, metadata: metadata)
  }

  /// Throws exit 6 when the disk is full, exit 1 for values that no table may hold.
  package mutating func append(_ row: ResultRow) throws(RunnerError) {
    var cells: [Cell] = [
      .text(row.source), .int64(Int64(row.channel)), .double(row.offset), .text(row.label),
      isDouble ? .double(Double(row.score)) : .float(row.score),
    ]
    if hasRecognizers { cells.append(row.recognizer.map { .text($0) } ?? .null) }
    if hasRecordingIDs { cells.append(row.recordingID.map { .text($0) } ?? .null) }
    try table.append(cells)
  }

  /// Ends the table and gives it its final name.
  package consuming func finish(_ provenance: Provenance) throws(RunnerError) {
    try table.finish(provenance)
  }
}
