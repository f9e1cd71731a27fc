import PerchCore
import PerchRecognition
import PerchTables
import SystemPackage

/// How the distances to several queries become one.
package enum DistanceReduction: String, CaseIterable, Sendable {
  case minimum = "min"
  case mean
  /// Only one column for each query.
  case none
}

/// What a table of distances holds.
package struct DistanceChoices: Equatable, Sendable {
  package var reduction = DistanceReduction.minimum
  package var hasEmbeddings = true
  /// Only so many rows, the nearest first; nil keeps all, in the order of time.
  package var top: Int?
  package var query = QueryChoices()

  package init() {}

  /// - Throws: exit code 2 for values out of range.
  package func check() throws(RunnerError) {
    try query.check()
    if let top, !(1...1_000_000).contains(top) {
      throw RunnerError(
        "--top", "\(top) is not a number of rows between 1 and 1000000",
        remedy: "give a smaller number, or leave it out",
        exit: .usage)
    }
  }

  /// What can change a row or column, by its name in the configuration.
  var configuration: [String: JSONText.Value] {
    var values: [String: JSONText.Value] = [
      "embeddings": .string(hasEmbeddings ? "yes" : "no"), "reduce": .string(reduction.rawValue),
    ]
    if let top { values["top"] = .integer(top) }
    if let channel = query.channel { values["query_channel"] = .integer(channel) }
    if let start = query.start { values["query_start"] = .number(start) }
    return values
  }
}

/// Writes rows with their distances to the queries.
struct DistanceTable: ~Copyable {
  private let choices: DistanceChoices
  private var meter: DistanceMeter
  private var writer: EmbeddingTableWriter
  private var nearest: TopList<EmbeddingRow>?
  private var rows = 0
  /// Rows whose embedding has no direction.
  private(set) var undefinedRows = 0

  init(
    path: FilePath, queries: [Query], choices: DistanceChoices, settings: GenerateSettings
  ) throws(RunnerError) {
    self.choices = choices
    meter = DistanceMeter(queries.map(\.embedding))
    writer = try EmbeddingTableWriter(
      path: path, format: settings.format, layout: settings.layout, metadata: settings.metadata,
      dimension: queries[0].embedding.count, hasEmbeddings: choices.hasEmbeddings,
      distances: Self.columns(queries, choices.reduction))
    nearest = choices.top.map { TopList(capacity: $0) }
  }

  /// `distance`, and with several queries one column for each, named after its file without the extension.
  static func columns(_ queries: [Query], _ reduction: DistanceReduction) -> [String] {
    columns(ofQueries: queries.map(\.name), reduction)
  }

  static func columns(ofQueries names: [String], _ reduction: DistanceReduction) -> [String] {
    if names.count == 1 { return ["distance"] }
    let names = names.map { "distance_\(FilePath($0).stem ?? $0)" }
    return reduction == .none ? names : ["distance"] + names
  }

  mutating func append(_ row: EmbeddingRow) throws(RunnerError) {
    let distances = meter.distances(of: row.embedding)
    rows += 1
    if distances.contains(nil) { undefinedRows += 1 }
    guard nearest != nil else { return try writer.append(row, distances: cells(distances)) }
    if let ranking = ranking(distances) {
      nearest?.offer(score: -ranking, position: RowPosition(table: 0, row: rows)) { row }
    }
  }

  consuming func finish(_ provenance: Provenance) throws(RunnerError) {
    for entry in nearest?.sorted ?? [] {
      try writer.append(entry.item, distances: cells(meter.distances(of: entry.item.embedding)))
    }
    try writer.finish(provenance)
  }

  private func cells(_ distances: [Double?]) -> [Double?] { choices.reduction.cells(distances) }

  private func ranking(_ distances: [Double?]) -> Double? { choices.reduction.reduced(distances) }
}

extension DistanceReduction {
  /// What a row's columns of distances hold, given the distance to each query.
  func cells(_ distances: [Double?]) -> [Double?] {
    distances.count == 1 || self == .none ? distances : [reduced(distances)] + distances
  }

  /// The one distance that stands for all; nil where none is defined.
  fileprivate func reduced(_ distances: [Double?]) -> Double? {
    let known = distances.compactMap(\.self)
    if known.isEmpty { return nil }
    return self == .mean ? known.reduce(0, +) / Double(known.count) : known.min()
  }
}
