import PerchAudio
import PerchCore
import PerchRecognition
import PerchTables
import PerchTensor
import SystemPackage

/// The proof of one table: its recording is found, cut into windows as the table says, and some of them computed again.
struct TableVerification {
  let table: FilePath
  let stated: StatedRun
  let recording: FilePath
  let engine: EmbeddingEngine
  let choices: VerifyChoices
  let tolerance: Tolerance
  private let scores: StatedScores?
  private let recomputation: Recomputation
  private let queries: [Query]

  /// - Throws: what is missing for the proof.
  init(
    _ table: FilePath, _ stated: StatedRun, choices: VerifyChoices, engines: VerifyEngines, observer: Observer
  ) throws(RunnerError) {
    self.table = table
    self.stated = stated
    self.choices = choices
    let search = SourceSearch(
      table: table, recording: choices.recording, root: choices.root, queries: choices.queries)
    recording = try search.find(recording: stated.input, digest: stated.inputDigest)
    let isExact =
      stated.engine.kernels == Kernels.active.build.rawValue && stated.engine.version == programVersion
    tolerance = Tolerance(isExact: isExact, isHalfPrecision: stated.settings.precision == .float16)
    scores = if case .events(let scores) = stated.kind { scores } else { nil }
    // Before weights are loaded: what is missing is said at once.
    let scored = try scores.map { (scores) throws(RunnerError) in
      try scores.scored(choices.recognizers(), all: !isExact, table: table.string)
    }
    engine = try engines.engine(
      stated.settings, classes: scores?.classes(all: !isExact), digest: stated.modelDigest, table: table)
    let task = RecordingTask(input: recording, source: stated.input, output: table)
    recomputation = try Recomputation(engine, scored, task: task, precision: stated.settings.precision)
    queries = try Self.queries(stated, search, recording, engine, observer)
  }

  private static func queries(
    _ stated: StatedRun, _ search: SourceSearch, _ recording: FilePath, _ engine: EmbeddingEngine,
    _ observer: Observer
  ) throws(RunnerError) -> [Query] {
    guard case .distances(let distances) = stated.kind else { return [] }
    var paths: [String] = []
    for query in distances.queries {
      paths.append(try search.find(query: query.name, digest: query.digest, recording: recording).string)
    }
    let loader = EngineLoader(stated.settings, observer: observer, engine: engine)
    let reader = QueryReader(choices: distances.choices.query, engine: loader, observer: observer)
    let queries = try reader.read(paths, several: false)
    for query in queries {
      try query.checkComparable(
        to: recording.string, dimension: engine.facts.embeddingSize, model: engine.facts.name,
        modelDigest: engine.facts.digestText, note: observer.note)
    }
    return queries
  }

  /// Computes the chosen windows again.
  ///
  /// - Returns: what was proved, for a person.
  /// - Throws: an error with the table as its subject for the first thing in it that is wrong.
  nonisolated(nonsending) func run() async throws(RunnerError) -> String {
    let (count, highHertz) = try survey()
    var check = WindowCheck(
      tolerance: tolerance, events: scores.flatMap { scores in recomputation.scorers.map { ($0, scores) } },
      highHertz: highHertz, distances: distances)
    var choice = WindowChoice(choices.windows, of: count, seed: choices.seed)
    var walk = try walk()
    var spare: Storage<Float>?
    var checked = 0
    try await OrderedPipeline(workers: recomputation.workers, transform: recomputation.transform).run {
      () throws(RunnerError) in
      // Windows that are not computed are read over one another.
      let samples = spare ?? Storage(count: Window.samples)
      spare = samples
      while !choice.isDone, let step = try Self.read(&walk, into: samples) {
        if stated.kind.canCheck(step.rows), choice.takesNext() {
          spare = nil
          return WindowToRecompute(step: step, samples: samples)
        }
      }
      return nil
    } emit: { result throws(RunnerError) in
      let (step, window) = result
      if let difference = check.difference(step.rows, window) {
        throw RunnerError(
          table.string, "the window at \(step.position.text): \(difference)", remedy: "make the table again",
          exit: .input)
      }
      checked += 1
    }
    return "\(checked) of \(count) windows \(tolerance.text)\(tolerance.isExact ? "" : otherEngine)"
  }

  private var otherEngine: String {
    " (made by \(stated.engine.version) with \(stated.engine.kernels), checked by \(programVersion) with "
      + "\(engine.facts.kernels))"
  }

  private var distances: (meter: DistanceMeter, reduction: DistanceReduction, columns: [String])? {
    guard case .distances(let stated) = stated.kind else { return nil }
    return (DistanceMeter(queries.map(\.embedding)), stated.choices.reduction, stated.columns)
  }

  private func walk() throws(RunnerError) -> TableWalk {
    try TableWalk(table, stated, recording, ReadingSettings(stated.settings, model: engine.facts))
  }

  /// Goes through all windows and rows once without computing: every row has its window, and the number of windows
  /// that can be chosen from is known.
  private func survey() throws(RunnerError) -> (count: Int, highHertz: Double) {
    var walk = try walk()
    let samples = Storage<Float>(count: Window.samples)
    var count = 0
    while let step = try Self.read(&walk, into: samples) {
      if Task.isCancelled { throw .interrupted }
      if stated.kind.canCheck(step.rows) { count += 1 }
    }
    try walk.checkFacts(stated)
    return (count, walk.highHertz)
  }

  private static func read(
    _ walk: inout TableWalk, into samples: Storage<Float>
  ) throws(RunnerError) -> TableWalk.Step? {
    try samples.withMutableSpan(0..<samples.count) { span throws(RunnerError) in try walk.next(into: &span) }
  }
}
