import PerchCore
import SystemPackage

/// What a table of distances says of the queries and of the columns for them.
struct StatedQueries {
  let choices: DistanceChoices
  /// File names and SHA-256 of the queries, in their order.
  let queries: [(name: String, digest: String)]

  init(_ reading: StatementReader, _ configuration: [String: JSONValue]) throws(RunnerError) {
    var choices = DistanceChoices()
    guard let reduction = configuration["reduce"]?.string.flatMap(DistanceReduction.init(rawValue:)) else {
      throw reading.unclear("reduce")
    }
    choices.reduction = reduction
    choices.hasEmbeddings = configuration["embeddings"]?.string != "no"
    choices.top = try Self.integer("top", reading, configuration)
    choices.query.channel = try Self.integer("query_channel", reading, configuration)
    choices.query.start = configuration["query_start"]?.number
    try choices.check()
    self.choices = choices
    let names = Self.list(try reading.text("query"))
    let digests = Self.list(try reading.text("query_sha256"))
    guard names.count == digests.count, !names.isEmpty else { throw reading.unclear("query_sha256") }
    queries = zip(names, digests).map { ($0, $1) }
  }

  /// Names of the columns of distances.
  var columns: [String] { DistanceTable.columns(ofQueries: queries.map(\.name), choices.reduction) }

  private static func integer(
    _ key: String, _ reading: StatementReader, _ configuration: [String: JSONValue]
  ) throws(RunnerError) -> Int? {
    guard let value = configuration[key] else { return nil }
    guard let integer = value.number.flatMap(Int.init(exactly:)) else { throw reading.unclear(key) }
    return integer
  }

  /// What `Provenance.list` made of one text or several.
  private static func list(_ text: String) -> [String] {
    guard text.hasPrefix("["), let elements = (try? JSONValue(parsing: Array(text.utf8)))?.array else {
      return [text]
    }
    let texts = elements.compactMap(\.string)
    return texts.count == elements.count ? texts : [text]
  }
}
