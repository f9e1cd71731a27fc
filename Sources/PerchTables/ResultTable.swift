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
  /// What the Acoustic Workbench calls the recording; nil where that is not known.
  package let recordingID: String?

  package init(source: String, channel: Int32, offset: Double, label: String, score: Float, recordingID: String?) {
    self.source = source
    self.channel = channel
    self.offset = offset
    self.label = label
    self.score = score
    self.recordingID = recordingID
  }
}

/// Writes a table of results row by row: `source`, `channel`, `offset`, `label`, `score`, and
/// `audio_recording_id` where recordings have one. The caller gives the rows in their order.
package struct ResultTableWriter: ~Copyable {
  private let isDouble: Bool
  private let hasRecordingIDs: Bool
  private var table: TableWriter

  /// - Parameters:
  ///   - isDouble: whether scores are doubles, as those of a model's classes are, and not floats.
  ///   - hasRecordingIDs: whether the table has that column.
  /// - Throws: exit 6 when `path` cannot be written.
  package init(
    path: FilePath, format: TableFormat, metadata: MetadataPlacement, isDouble: Bool, hasRecordingIDs: Bool
  ) throws(RunnerError) {
    self.isDouble = isDouble
    self.hasRecordingIDs = hasRecordingIDs
    var columns = [
      Column("source", .text, isRepetitive: true), Column("channel", .int64), Column("offset", .double),
      Column("label", .text, isRepetitive: true), Column("score", isDouble ? .double : .float),
    ]
    if hasRecordingIDs {
      columns.append(Column("audio_recording_id", .text, isNullable: true, isRepetitive: true))
    }
    table = try TableWriter(path: path, columns: columns, format: format, metadata: metadata)
  }

  /// Throws exit 6 when the disk is full, exit 1 for values that no table may hold.
  package mutating func append(_ row: ResultRow) throws(RunnerError) {
    var cells: [Cell] = [
      .text(row.source), .int64(Int64(row.channel)), .double(row.offset), .text(row.label),
      isDouble ? .double(Double(row.score)) : .float(row.score),
    ]
    if hasRecordingIDs { cells.append(row.recordingID.map { .text($0) } ?? .null) }
    try table.append(cells)
  }

  /// Ends the table and gives it its final name.
  package consuming func finish(_ provenance: Provenance) throws(RunnerError) {
    try table.finish(provenance)
  }
}
