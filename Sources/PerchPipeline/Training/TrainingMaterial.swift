import PerchCore
import PerchRecognition
import PerchTables
import PerchTensor
import SystemPackage

/// Everything that is trained on, and where it came from.
struct TrainingMaterial: Sendable {
  let set: TrainingSet
  let layout: DataLayout
  let sources: Int
  let paddedClips: Int
  let takenNegatives: [String]
  let model: EmbeddingModel

  /// What made the embeddings.
  struct EmbeddingModel: Equatable, Sendable {
    /// `perch_8`, `perch_v2`; nil where nothing says it.
    let name: String?
    let digest: String?
    let dimension: Int
    /// Seconds; nil where nothing says it.
    let hop: Double?
  }
}

/// Gathers windows, labels and embeddings.
struct MaterialReader {
  let settings: TrainSettings
  let observer: Observer

  nonisolated(nonsending) func read(_ input: String) async throws(RunnerError) -> TrainingMaterial {
    var collector = WindowCollector()
    let data: LabelledData
    let facts: (name: String?, digest: String?, hop: Double?)
    if let embeddings = settings.embeddings {
      data = try TableLayout(input, labelColumn: settings.labelColumn).windows()
      facts = try collect(embeddings, data, input, into: &collector)
    } else {
      data = try LabelledData(input, layout: settings.layout, labelColumn: settings.labelColumn)
      observer.note(Note(.info, input, "taken as \(data.layout.rawValue) (--data-layout)"))
      data.notes.forEach(observer.note)
      facts = try await embed(data, into: &collector)
    }
    try check(data, collector, input)
    collector.sort()
    let resolver = LabelResolver(data.rows, settings, subject: input)
    if !resolver.takenNegatives.isEmpty {
      observer.note(
        Note(
          .info, input,
          "taken as negatives, not as classes: \(resolver.takenNegatives.joined(separator: ", ")) (--negative)"))
    }
    let windows = collector.windows
    let states = try resolver.states(windows)
    let matrix = collector.takeMatrix()
    let set = TrainingSet(
      objective: settings.objective, labels: resolver.labels, windows: windows.map { window($0, data.rows) },
      embeddings: matrix, states: states)
    return TrainingMaterial(
      set: set, layout: data.layout, sources: Set(windows.map(\.source)).count, paddedClips: collector.paddedClips,
      takenNegatives: resolver.takenNegatives,
      model: .init(name: facts.name, digest: facts.digest, dimension: matrix.columns, hop: facts.hop))
  }

  private func window(_ window: LabelledWindow, _ rows: [LabelRow]) -> TrainingWindow {
    var group = window.rows.lazy.compactMap { rows[$0].group }.first ?? window.source
    if let pattern = settings.groupPattern.flatMap(TrainSettings.pattern),
      let match = window.source.firstMatch(of: pattern), match.output.count == 2,
      let part = match.output[1].substring
    {
      group = String(part)
    }
    return TrainingWindow(source: window.source, channel: window.channel, start: window.start, group: group)
  }

  private nonisolated(nonsending) func embed(
    _ data: LabelledData, into collector: inout WindowCollector
  ) async throws(RunnerError) -> (name: String?, digest: String?, hop: Double?) {
    let index = LabelIndex(data.rows, minimumOverlap: settings.minimumOverlap)
    for source in index.sources {
      let path = data.recordings[source] ?? source
      guard (try? FilePath(path).stat().type) == .regular else {
        throw .training(path, "no such file", "correct the labels, or put the recording there")
      }
    }
    let engine = try EmbeddingEngine(settings.generate, note: observer.note)
    let embedder = ClipEmbedder(settings: settings, engine: engine, observer: observer)
    var meter = ProgressMeter(recording: "clips", totalSeconds: nil, report: observer.progress)
    for source in index.sources {
      try await embedder.add(
        source: source, path: data.recordings[source] ?? source, index: index, to: &collector)
      meter.advance(to: Double(collector.windows.count) * GenerateSettings.windowSeconds)
    }
    meter.finish()
    return (engine.facts.name, try engine.facts.digestText, settings.generate.hop.seconds)
  }

  private func collect(
    _ path: String, _ data: LabelledData, _ input: String, into collector: inout WindowCollector
  ) throws(RunnerError) -> (name: String?, digest: String?, hop: Double?) {
    let index = LabelIndex(data.rows, minimumOverlap: settings.minimumOverlap)
    let keepsAll = settings.unlabelledWindows != .ignore
    var tables = try EmbeddingTables(path)
    var channels: [String: Set<Int32>] = [:]
    try tables.read(note: observer.note) { row, table throws(RunnerError) in
      if index.hasRows(of: row.source) { channels[row.source, default: []].insert(row.channel) }
      let rows = index.find(source: row.source, channel: row.channel, start: row.start)
      guard !rows.isEmpty || keepsAll else { return }
      try collector.add(
        LabelledWindow(source: row.source, channel: row.channel, start: row.start, rows: rows), row.embedding,
        from: table.string)
    }
    for row in data.rows where row.channel == nil && (channels[row.source]?.count ?? 0) > 1 {
      throw .training(
        row.origin, "\(row.source) has several channels and the row names none", "add a column 'channel'")
    }
    let name = tables.model.map { String($0.prefix { $0 != " " }) }
    return (name, tables.weightsDigest, nil)
  }

  /// Every row must speak of a window.
  private func check(_ data: LabelledData, _ collector: WindowCollector, _ input: String) throws(RunnerError) {
    var isMatched = [Bool](repeating: false, count: data.rows.count)
    for window in collector.windows { for row in window.rows { isMatched[row] = true } }
    let unmatched = data.rows.indices.filter { !isMatched[$0] }
    if unmatched.isEmpty { return }
    let shown = unmatched.prefix(3).map { Self.describe(data.rows[$0]) }.joined(separator: ", ")
    let text = "\(unmatched.count) of \(data.rows.count) labels match no window: \(shown)"
    guard settings.allowsUnmatched else {
      throw .training(input, text, "correct the labels, or give --allow-unmatched")
    }
    observer.note(Note(.warning, input, text))
  }

  private static func describe(_ row: LabelRow) -> String {
    let channel = row.channel.map { " channel \($0)" } ?? ""
    switch row.extent {
    case .whole: return "\(row.source)\(channel)"
    case .window(let start): return "\(row.source)\(channel) at \(start) s"
    case .span(let start, let end): return "\(row.source)\(channel) from \(start) to \(end) s"
    }
  }
}
