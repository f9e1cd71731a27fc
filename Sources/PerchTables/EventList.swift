import Glibc
import PerchCore
import SystemPackage

/// The files that other programs for annotations read.
package enum EventListFormat: String, CaseIterable, Sendable {
  /// Raven's selection table.
  case raven
  /// Audacity's label track.
  case audacity
  /// The results table of BirdNET-Analyzer.
  case birdnet

  /// What stands behind the recording's name in that of the file.
  package var suffix: String {
    switch self {
    case .raven: "selections.txt"
    case .audacity: "labels.txt"
    case .birdnet: "BirdNET.results.csv"
    }
  }

  fileprivate var dialect: TextDialect {
    switch self {
    case .raven: .tabs
    case .audacity: .bareTabs
    case .birdnet: .commas
    }
  }

  /// The columns, in order.
  package var columns: [Column] {
    switch self {
    case .raven:
      [
        Column("Selection", .int64), Column("View", .text), Column("Channel", .int64),
        Column("Begin Time (s)", .double), Column("End Time (s)", .double), Column("Low Freq (Hz)", .double),
        Column("High Freq (Hz)", .double), Column("Begin File", .text), Column("File Offset (s)", .double),
        Column("Label", .text), Column("Score", .float), Column("Recognizer", .text),
      ]
    case .audacity: [Column("start", .text), Column("end", .text), Column("label", .text)]
    case .birdnet:
      [
        Column("Start (s)", .double), Column("End (s)", .double), Column("Scientific name", .text),
        Column("Common name", .text), Column("Confidence", .text), Column("File", .text),
      ]
    }
  }
}

/// Writes events for another program. Such files carry no provenance: their readers know no comments.
package struct EventListWriter: ~Copyable {
  private let format: EventListFormat
  private var table: TableWriter
  private var count: Int64 = 0

  /// - Throws: exit 6 when `path` cannot be written.
  package init(path: FilePath, format: EventListFormat) throws(RunnerError) {
    self.format = format
    table = try TableWriter(path: path, columns: format.columns, dialect: format.dialect)
  }

  package mutating func append(_ row: EventRow) throws(RunnerError) {
    count += 1
    try table.append(cells(row))
  }

  private func cells(_ row: EventRow) -> [Cell] {
    switch format {
    case .raven:
      [
        // Importers leave out rows of other views; Raven counts channels from 1.
        .int64(count), .text("Spectrogram 1"), .int64(Int64(row.channel) + 1), .double(row.start), .double(row.end),
        .double(row.lowHertz), .double(row.highHertz),
        .text(FilePath(row.source).lastComponent?.string ?? row.source),
        .double(row.start), .text(row.label), .float(row.score), .text(row.recognizer),
      ]
    case .audacity:
      [
        .text(FixedPoint.text(row.start, decimals: 6)), .text(FixedPoint.text(row.end, decimals: 6)),
        .text("\(row.label) \(FixedPoint.text(Double(row.score), decimals: 3))"),
      ]
    case .birdnet:
      [
        .double(row.start), .double(row.end), .text(row.label), .text(""),
        .text(FixedPoint.text(1 / (1 + exp(-Double(row.score))), decimals: 4)), .text(row.source),
      ]
    }
  }

  /// Ends the file and gives it its final name.
  package consuming func finish() throws(RunnerError) { try table.finish(Provenance()) }
}

/// Numbers with a given count of decimals, as C's `%.3f` writes them.
enum FixedPoint {
  /// - Parameter value: finite. From 2⁵³ on, where a number has no decimals, zeros are written for them.
  static func text(_ value: Double, decimals: Int) -> String {
    let unit = (0..<decimals).reduce(1.0) { unit, _ in unit * 10 }
    let scaled = (abs(value) * unit).rounded(.toNearestOrEven)
    let sign = value.sign == .minus ? "-" : ""
    guard scaled < 0x1p53 else { return sign + whole(abs(value)) + "." + String(repeating: "0", count: decimals) }
    let digits = String(Int(scaled))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return "\(sign)\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
  }

  private static func whole(_ value: Double) -> String {
    Int(exactly: value.rounded()).map(String.init) ?? "\(value)"
  }
}
