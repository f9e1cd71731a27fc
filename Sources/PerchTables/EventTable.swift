import PerchCore
import SystemPackage

/// A label's score for a window of a recording: a row of `classify`.
package struct EventRow: Equatable, Sendable {
  package let source: String
  package let channel: Int32
  /// Seconds from the start of the recording to that of the window.
  package let start: Double
  /// Seconds to the end of the window, or of the recording within it.
  package let end: Double
  /// The band that the model was given, in hertz.
  package let lowHertz: Double
  package let highHertz: Double
  package let label: String
  /// The raw logit.
  package let score: Float
  /// What gave the score: a recognizer's name, or the model's.
  package let recognizer: String
  /// Further words for the event; none in most tables.
  package let tags: [String]

  package init(
    source: String, channel: Int32, start: Double, end: Double, lowHertz: Double = 0, highHertz: Double,
    label: String, score: Float, recognizer: String, tags: [String] = []
  ) {
    self.source = source
    self.channel = channel
    self.start = start
    self.end = end
    self.lowHertz = lowHertz
    self.highHertz = highHertz
    self.label = label
    self.score = score
    self.recognizer = recognizer
    self.tags = tags
  }
}

/// Writes a table of events row by row. The caller gives the rows in their order.
package struct EventTableWriter: ~Copyable {
  private let hasTags: Bool
  private let recordingID: Int64?
  private var table: TableWriter

  /// - Parameters:
  ///   - hasTags: whether the table has the column `tags`.
  ///   - recordingID: what the Acoustic Workbench calls the recording; adds the column `audio_recording_id`.
  /// - Throws: exit 6 when `path` cannot be written.
  package init(
    path: FilePath, format: TableFormat, metadata: MetadataPlacement = .header, hasTags: Bool = false,
    recordingID: Int64? = nil
  ) throws(RunnerError) {
    self.hasTags = hasTags
    self.recordingID = recordingID
    table = try TableWriter(
      path: path, columns: Self.columns(hasTags: hasTags, hasRecordingID: recordingID != nil), format: format,
      metadata: metadata)
  }

  /// The columns, in order.
  package static func columns(hasTags: Bool, hasRecordingID: Bool = false) -> [Column] {
    var columns = [
      Column("source", .text, isRepetitive: true), Column("channel", .int32), Column("start", .double),
      Column("end", .double), Column("low_frequency_hertz", .double), Column("high_frequency_hertz", .double),
      Column("label", .text, isRepetitive: true), Column("score", .float),
      Column("recognizer", .text, isRepetitive: true),
    ]
    if hasTags { columns.append(Column("tags", .text, isNullable: true)) }
    if hasRecordingID { columns.append(Column("audio_recording_id", .int64)) }
    return columns
  }

  /// Throws exit 6 when the disk is full, exit 1 for values that no table may hold.
  package mutating func append(_ row: EventRow) throws(RunnerError) {
    var cells: [Cell] = [
      .text(row.source), .int32(row.channel), .double(row.start), .double(row.end), .double(row.lowHertz),
      .double(row.highHertz), .text(row.label), .float(row.score), .text(row.recognizer),
    ]
    if hasTags { cells.append(row.tags.isEmpty ? .null : .text(row.tags.joined(separator: "|"))) }
    if let recordingID { cells.append(.int64(recordingID)) }
    try table.append(cells)
  }

  /// Ends the table and gives it its final name.
  package consuming func finish(_ provenance: Provenance) throws(RunnerError) {
    try table.finish(provenance)
  }
}
