import PerchCore
import PerchRecognition
import PerchTables
import PerchTensor
import SystemPackage

/// What is searched for, and what comes out.
package struct SearchChoices: Equatable, Sendable {
  /// Rows for each query.
  package var top = 10
  package var score = SimilarityScore.cosine
  package var format = TableFormat.csv
  package var metadata = MetadataPlacement.header
  package var query = QueryChoices()
  /// File for the times of searches that are repeated; nil searches once.
  package var timing: String?
  package var repeats = 5

  package init() {}

  /// - Throws: exit code 2 for values out of range.
  package func check() throws(RunnerError) {
    try query.check()
    guard (1...100_000).contains(top) else {
      throw RunnerError(
        "--top", "\(top) is not a number of rows between 1 and 100000", remedy: "give a smaller number",
        exit: .usage)
    }
    guard (1...1000).contains(repeats) else {
      throw RunnerError(
        "--repeats", "\(repeats) is not a number between 1 and 1000", remedy: "give a smaller number", exit: .usage)
    }
  }
}

/// `search`: the windows of tables that are most like some queries, found by comparing all.
package struct SearchRun {
  private let settings: GenerateSettings
  private let choices: SearchChoices
  private let observer: Observer

  /// - Parameter settings: model and workers.
  /// - Throws: exit code 2 for choices out of range.
  package init(_ settings: GenerateSettings, choices: SearchChoices, observer: Observer) throws(RunnerError) {
    try choices.check()
    self.settings = settings
    self.choices = choices
    self.observer = observer
  }

  /// Searches `input`, a table, a matrix or a folder of them.
  ///
  /// - Throws: exit code 3 for what is wrong with it or a query, 6 when the result cannot be written.
  nonisolated(nonsending) package func run(
    _ input: String, queries paths: [String], to destination: Destination
  ) async throws(RunnerError) {
    let created = try CreationTime.text()
    let queries = try QueryReader(
      choices: choices.query, engine: EngineLoader(settings, observer: observer), observer: observer
    ).read(paths, several: true)
    let dimension = queries[0].embedding.count
    let inputs = try SearchInputs(input, dimension: dimension)
    let work = SearchWork(
      inputs: inputs, queries: queries,
      vectors: QueryVectors(queries.flatMap(\.embedding), dimension: dimension), score: choices.score,
      top: choices.top, note: observer.note)
    if let timing = choices.timing {
      return try await SearchTiming(work: work, workers: settings.jobs, repeats: choices.repeats).write(to: timing)
    }
    let found = try await work.run(workers: settings.jobs)
    if found.undefinedRows > 0 {
      observer.note(
        Note(
          .warning, input, "\(found.undefinedRows) of \(found.rows) embeddings are zero or not finite and left out")
      )
    }
    let provenance = provenance(queries, input: input, rows: found.rows, created: created)
    try write(found, work, provenance, to: output(input, destination))
  }

  private func output(_ input: String, _ destination: Destination) -> FilePath {
    switch destination {
    case .file(let file): file
    case .folder(let folder):
      folder.appending("\(FilePath(input).stem ?? "tables").search.\(choices.format.rawValue)")
    }
  }

  /// The columns of the result, in order.
  package static let columns = [
    Column("query", .text, isRepetitive: true), Column("rank", .int32), Column("source", .text, isRepetitive: true),
    Column("channel", .int32), Column("start", .double, isNullable: true), Column("score", .double),
    Column("table", .text, isRepetitive: true), Column("row", .int64),
  ]

  private func write(
    _ found: SearchPart, _ work: SearchWork, _ provenance: Provenance, to path: FilePath
  ) throws(RunnerError) {
    var table = try TableWriter(
      path: path, columns: Self.columns, format: choices.format, metadata: choices.metadata)
    for (query, list) in zip(work.queries, found.lists) {
      for (index, entry) in list.sorted.enumerated() {
        try table.append([
          .text(query.name), .int32(Int32(index + 1)), .text(entry.item.source), .int32(entry.item.channel),
          entry.item.start.map { .double($0) } ?? .null, .double(entry.score),
          .text(work.inputs.tables[entry.position.table].name), .int64(Int64(entry.position.row)),
        ])
      }
    }
    try table.finish(provenance)
  }

  private func provenance(_ queries: [Query], input: String, rows: Int, created: String) -> Provenance {
    var files: [(name: String, digest: String)] = []
    for query in queries {
      // Rows of one file share its digest and stand next to each other.
      let name = query.name.split(separator: ":").first.map(String.init) ?? query.name
      if files.last.map({ $0.digest != query.digest }) ?? true { files.append((name, query.digest)) }
    }
    var provenance = Provenance()
    provenance.set("format", "perch-runner search 1")
    provenance.set("version", programVersion)
    if let model = queries[0].model { provenance.set("model", model) }
    if let digest = queries[0].modelDigest { provenance.set("model_sha256", digest) }
    provenance.set("embedding_dim", "\(queries[0].embedding.count)")
    provenance.set("input", FilePath(input).lastComponent?.string ?? input)
    provenance.set("input_rows", "\(rows)")
    provenance.set("query", Provenance.list(files.map(\.name)))
    provenance.set("query_sha256", Provenance.list(files.map(\.digest)))
    provenance.set("score", choices.score.rawValue)
    provenance.set("exact", "true")
    provenance.set("created", created)
    provenance.set("config_json", JSONText.object(configuration))
    provenance.set("kernels", Kernels.active.build.rawValue)
    return provenance
  }

  private var configuration: [String: JSONText.Value] {
    var values: [String: JSONText.Value] = [
      "score": .string(choices.score.rawValue), "top": .integer(choices.top),
    ]
    if let channel = choices.query.channel { values["query_channel"] = .integer(channel) }
    if let start = choices.query.start { values["query_start"] = .number(start) }
    return values
  }
}
