import PerchCore
import PerchTables

/// A table of `analyze` that grows recording by recording, in the order of its rows.
final class MergedTable {
  /// What became of a recording.
  enum Outcome {
    case done(WindowSpool.Span)
    /// It has no rows.
    case failed
  }

  private let run: AnalyzeContext
  private let plan: PlannedTable
  /// Of recordings that are not written yet, by their places.
  private var outcomes: [Int: Outcome] = [:]
  /// How many recordings are written, or have failed.
  private var written = 0
  private var rowCount = 0
  private var isComplete = false
  private var embeddings: EmbeddingTableWriter?
  private var results: ResultTableWriter?

  init(_ plan: PlannedTable, in run: AnalyzeContext) {
    self.plan = plan
    self.run = run
  }

  private(set) var isOpen = false
  /// Whether rows still wait on the disk.
  var isWaiting: Bool { !outcomes.isEmpty }

  /// Says what became of one of the table's recordings.
  func set(_ outcome: Outcome, of recording: Int) { outcomes[recording] = outcome }

  /// Writes the rows of every recording whose turn has come, and ends the table after the last one.
  ///
  /// - Parameter mayOpen: whether another file may be open at the same time.
  func advance(_ spool: inout WindowSpool, mayOpen: Bool) throws(RunnerError) {
    while written < plan.recordings.count, let outcome = outcomes[plan.recordings[written]] {
      if case .done(let span) = outcome {
        if !isOpen {
          guard mayOpen else { return }
          try open()
        }
        try append(span, of: run.recordings[plan.recordings[written]], from: &spool)
      }
      outcomes[plan.recordings[written]] = nil
      written += 1
    }
    if written == plan.recordings.count, !isComplete { try finish() }
  }

  private func open() throws(RunnerError) {
    let metadata = run.settings.metadata ?? (plan.format == .csv ? .none : .header)
    if plan.analysis == .embeddings {
      embeddings = try EmbeddingTableWriter(
        path: plan.path, format: plan.format, layout: run.settings.embeddings?.layout ?? .serialized,
        metadata: metadata, dimension: run.model.embeddingSize)
    } else {
      results = try ResultTableWriter(
        path: plan.path, format: plan.format, metadata: metadata, isDouble: plan.analysis == .classifyResults,
        hasRecognizers: namesRecognizers,
        hasRecordingIDs: plan.recordings.contains { run.recordings[$0].id != nil })
    }
    isOpen = true
  }

  private func append(
    _ span: WindowSpool.Span, of recording: AnalyzedRecording, from spool: inout WindowSpool
  ) throws(RunnerError) {
    try spool.forEach(in: span) { window throws(RunnerError) in
      try embeddings?.append(
        source: recording.source, channel: window.channel, start: window.start, end: window.end,
        embedding: window.embedding)
      for row in rows(of: window, recording) {
        try results?.append(row)
        rowCount += 1
      }
    }
  }

  /// The results of a window, each once: recognizers may share labels and their tables do not tell them apart.
  private func rows(of window: SpooledWindow, _ recording: AnalyzedRecording) -> [ResultRow] {
    var rows: [ResultRow] = []
    for score in window.scores where holds(score) {
      let row = ResultRow(
        source: recording.source, channel: window.channel, offset: window.start,
        label: run.labels[score.scorer][score.label], score: score.score,
        recognizer: namesRecognizers ? run.settings.recognizers?.all[score.scorer].name : nil,
        recordingID: recording.id)
      if !rows.contains(row) { rows.append(row) }
    }
    return rows
  }

  /// The reference's rows do not tell whose they are.
  private var namesRecognizers: Bool {
    plan.analysis == .recognizerResults && run.settings.generate.compat == .none
  }

  private func holds(_ score: SpooledScore) -> Bool {
    let isOfModel = score.scorer == run.labels.count - 1
    return switch plan.analysis {
    case .embeddings: false
    case .recognizerResults: !isOfModel && plan.recognizer.map { $0 == score.scorer } ?? true
    case .classifyResults: isOfModel
    }
  }

  /// Gives the table its name. Without a recording there is none; nor without a row where no recognizer wants an
  /// empty table.
  private func finish() throws(RunnerError) {
    isComplete = true
    guard isOpen else { return }
    isOpen = false
    let provenance = try run.provenance(of: plan)
    try embeddings.take()?.finish(provenance)
    let table = results.take()
    if rowCount > 0 || savesEmpty { try table?.finish(provenance) }
  }

  private var savesEmpty: Bool {
    guard plan.analysis == .recognizerResults, let all = run.settings.recognizers?.all else { return true }
    return plan.recognizer.map { all[$0].savesEmpty } ?? all.contains(where: \.savesEmpty)
  }
}

/// All tables of a run. Few of their files are open at the same time, however many there are.
struct MergedTables: ~Copyable {
  private var spool: WindowSpool
  private let tables: [MergedTable]
  private let tablesOfRecording: [[Int]]
  /// How many tables have an open file, and how many have rows that wait.
  private var open = 0
  private var waiting = 0

  private static let mostOpen = 16

  init(_ plan: TablePlan, in run: AnalyzeContext) throws(RunnerError) {
    spool = try WindowSpool(in: run.settings.output)
    tables = plan.tables.map { MergedTable($0, in: run) }
    tablesOfRecording = plan.tablesOfRecording
  }

  /// Adds a window to the recording at hand.
  mutating func append(_ window: SpooledWindow) throws(RunnerError) { try spool.append(window) }

  /// Ends the recording at hand: all its rows will be in its tables.
  mutating func endRecording(_ recording: Int) throws(RunnerError) {
    try settle(recording, .done(spool.endRecording()))
  }

  /// Ends the recording at hand: none of its rows will be in a table.
  mutating func failRecording(_ recording: Int) throws(RunnerError) {
    try spool.discardRecording()
    try settle(recording, .failed)
  }

  private mutating func settle(_ recording: Int, _ outcome: MergedTable.Outcome) throws(RunnerError) {
    for place in tablesOfRecording[recording] {
      let table = tables[place]
      let (wasOpen, wasWaiting) = (table.isOpen, table.isWaiting)
      table.set(outcome, of: recording)
      try table.advance(&spool, mayOpen: open < Self.mostOpen)
      open += (table.isOpen ? 1 : 0) - (wasOpen ? 1 : 0)
      waiting += (table.isWaiting ? 1 : 0) - (wasWaiting ? 1 : 0)
    }
    if waiting == 0 { try spool.removeAll() }
  }

  /// Ends the tables that had to wait.
  mutating func finish() throws(RunnerError) {
    for table in tables { try table.advance(&spool, mayOpen: true) }
  }
}
