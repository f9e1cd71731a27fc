import PerchAudio
import PerchCore
import PerchTables
import SystemPackage

/// `distance`: the embeddings of a recording, of each recording of a folder, or of a table, with their cosine
/// distances to queries.
package struct DistanceRun {
  private let settings: GenerateSettings
  private let choices: DistanceChoices
  private let observer: Observer

  /// - Throws: exit code 2 for choices out of range.
  package init(_ settings: GenerateSettings, choices: DistanceChoices, observer: Observer) throws(RunnerError) {
    try choices.check()
    self.settings = settings
    self.choices = choices
    self.observer = observer
  }

  /// - Throws: what is wrong with an input or a query; exit code 7 when some recordings of a folder failed,
  ///   each of which has then been reported on its own.
  nonisolated(nonsending) package func run(
    _ input: String, queries paths: [String], to destination: Destination
  ) async throws(RunnerError) {
    try await run(
      Recordings(input, to: destination, kind: Self.kind, ending: settings.format.rawValue), queries: paths)
  }

  /// - Throws: exit code 7 when some recordings failed; the report says which and why.
  nonisolated(nonsending) package func run(
    _ inputs: BatchInputs, queries paths: [String], _ choices: BatchChoices
  ) async throws(RunnerError) {
    try await run(
      inputs.recordings(kind: Self.kind, ending: settings.format.rawValue), queries: paths, choices)
  }

  private static let kind = "distances"

  nonisolated(nonsending) private func run(
    _ recordings: Recordings, queries paths: [String], _ batch: BatchChoices = BatchChoices()
  ) async throws(RunnerError) {
    let created = try CreationTime.text()
    settings.notes.forEach(observer.note)
    let loader = EngineLoader(settings, observer: observer)
    let queries = try QueryReader(choices: choices.query, engine: loader, observer: observer)
      .read(paths, several: false)
    try checkNames(queries)
    if !recordings.isFolder, let task = recordings.tasks.first, TableFormat.ofEmbeddings(at: task.input) != nil {
      return try measureTable(task, queries, created)
    }
    let engine = try loader.load()
    for query in queries {
      try query.checkComparable(
        to: recordings.name, dimension: engine.facts.embeddingSize, model: "\(engine.facts.name)",
        modelDigest: engine.facts.digestText, note: observer.note)
    }
    let expected = ExpectedOutput(
      format: "perch-runner distances 1", model: engine.facts,
      configuration: choices.configurationJSON(settings, model: engine.facts.name),
      queryDigest: Provenance.list(queries.map(\.digest)))
    try await recordings.work(
      batch, expecting: expected, reading: ReadingSettings(settings, model: engine.facts), observer
    ) { observer in
      stream(engine, queries, created, observer)
    }
  }

  private func stream(
    _ engine: EmbeddingEngine, _ queries: [Query], _ created: String, _ observer: Observer
  ) -> RecordingStream<any EmbeddingWorker, DistanceSink> {
    RecordingStream(
      workers: engine.workers, reading: ReadingSettings(settings, model: engine.facts), observer: observer,
      compute: engine.embedding(settings.precision)
    ) { [settings, choices, facts = engine.facts, note = observer.note] task, _ throws(RunnerError) in
      try DistanceSink(
        task, settings: settings, choices: choices, queries: queries, model: facts, created: created, note: note)
    }
  }

  /// Two columns of one name could not be told apart.
  private func checkNames(_ queries: [Query]) throws(RunnerError) {
    let columns = DistanceTable.columns(queries, choices.reduction)
    for (index, name) in columns.enumerated() where columns[..<index].contains(name) {
      throw RunnerError(
        queries.map(\.name).joined(separator: ", "), "two queries would have the column \(name)",
        remedy: "rename one of them", exit: .usage)
    }
  }

  private func measureTable(
    _ task: RecordingTask, _ queries: [Query], _ created: String
  ) throws(RunnerError) {
    var reader = try EmbeddingTableReader(task.input)
    for query in queries {
      try query.checkComparable(
        to: task.input.string, dimension: reader.dimension ?? query.embedding.count,
        model: reader.provenance["model"], modelDigest: reader.provenance["model_sha256"], note: observer.note)
    }
    var table = try DistanceTable(path: task.output, queries: queries, choices: choices, settings: settings)
    while let row = try reader.next() {
      if Task.isCancelled { throw .interrupted }
      try table.append(row)
    }
    reader.notes.forEach(observer.note)
    if let note = Note(undefinedDistances: table.undefinedRows, in: task.source) { observer.note(note) }
    var provenance = reader.provenance
    provenance.set("version", programVersion)
    provenance.set("embedding_dim", "\(queries[0].embedding.count)")
    provenance.set("embedding_encoding", settings.encoding)
    provenance.set("created", created)
    provenance.set("config_json", JSONText.object(choices.configuration))
    try table.finish(provenance.ofDistances(to: queries))
  }
}

extension Provenance {
  /// The keys of an embeddings table with those of distances, in the order of the format.
  func ofDistances(to queries: [Query]) -> Provenance {
    var result = Provenance()
    result.set("format", "perch-runner distances 1")
    func setQueries() {
      result.set("query", Self.list(queries.map(\.name)))
      result.set("query_sha256", Self.list(queries.map(\.digest)))
    }
    for entry in entries where !["format", "query", "query_sha256"].contains(entry.key) {
      if entry.key == "created" { setQueries() }
      result.set(entry.key, entry.value)
    }
    if result["query"] == nil { setQueries() }
    return result
  }

  /// One text as it is, several as a JSON list.
  static func list(_ texts: [String]) -> String { texts.count == 1 ? texts[0] : JSONText.array(texts) }
}
