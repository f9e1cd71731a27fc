import PerchCore
import PerchRecognition
import SystemPackage

/// What `verify` is told.
package struct VerifyChoices: Sendable {
  /// So many windows of each table are computed again; all where there are no more.
  package var windows = 8
  /// Decides which windows.
  package var seed: UInt64 = 0
  /// As for the command that made the tables; nil to look in the usual places.
  package var weights: String?
  /// The recording of the one table.
  package var recording: String?
  /// The folder that the recordings are below.
  package var root: String?
  /// The queries of tables of distances.
  package var queries: [String] = []
  /// Holds the recognizers of tables of events.
  package var configuration = Configuration()
  package var jobs: Int?

  package init() {}

  func check(_ tables: [String]) throws(RunnerError) {
    if !(1...1_000_000).contains(windows) {
      throw RunnerError(
        "--windows", "\(windows) is not a number of windows between 1 and 1000000", remedy: "give another number",
        exit: .usage)
    }
    if recording != nil, tables.count > 1 {
      throw RunnerError(
        "--input", "one recording cannot be that of \(tables.count) tables",
        remedy: "name the folder of the recordings with --root", exit: .usage)
    }
  }

  /// - Throws: exit code 2 or 5 for what is wrong in the configuration's classifiers.
  func recognizers() throws(RunnerError) -> [Recognizer] {
    try RecognizerChoice(configuration.classifiers(), model: nil).recognizers
  }
}

/// `verify`: proves tables by computing some of their windows again.
package struct VerifyRun {
  private let choices: VerifyChoices
  private let observer: Observer

  package init(_ choices: VerifyChoices, observer: Observer) {
    self.choices = choices
    self.observer = observer
  }

  /// Proves one table after the other and reports each in one line: `right`, `WRONG`, or `not proved` where
  /// something else than the table is missing or of another kind.
  ///
  /// - Throws: what is wrong with the one table, or how many of several could not be proved, with the exit code of
  ///   the first of them.
  nonisolated(nonsending) package func run(_ tables: [String], report: (String) -> Void) async throws(RunnerError) {
    try choices.check(tables)
    let engines = VerifyEngines(observer)
    var failures: [RunnerError] = []
    for table in tables {
      // What goes wrong before windows are computed says nothing against the table.
      var isBeingProved = false
      do throws(RunnerError) {
        let proof = try prepare(FilePath(table), engines)
        isBeingProved = true
        report("right: \(table.printable): \(try await proof.run())")
      } catch {
        guard error.endsOneTable else { throw error }
        let isWrong = isBeingProved && error.subject == table
        let subject = error.subject == table ? table : "\(table): \(error.subject)"
        report("\(isWrong ? "WRONG" : "not proved"): \(subject.printable): \(error.cause.printable)")
        failures.append(error)
      }
    }
    guard let first = failures.first else { return }
    if tables.count == 1 { throw first }
    throw RunnerError(
      "verify", "\(failures.count) of \(tables.count) tables are not proved to be right",
      remedy: "see the lines above", exit: first.exit)
  }

  private func prepare(_ table: FilePath, _ engines: VerifyEngines) throws(RunnerError) -> TableVerification {
    let stated = try StatedRun(ofTable: table, weights: choices.weights, jobs: choices.jobs)
    return try TableVerification(table, stated, choices: choices, engines: engines, observer: observer)
  }
}

extension RunnerError {
  /// Whether the other tables can still be looked at.
  fileprivate var endsOneTable: Bool {
    switch exit {
    case .input, .weights, .recognizer: true
    case .success, .internalFault, .usage, .output, .partial, .interrupted, .terminated: false
    }
  }
}

/// The model of the table before, for the next one that needs the same.
final class VerifyEngines {
  private let observer: Observer
  private var last: (settings: GenerateSettings, classes: ClassChoices?, engine: EmbeddingEngine)?

  init(_ observer: Observer) { self.observer = observer }

  /// - Parameters:
  ///   - classes: which of the model's own classes to score; nil for none.
  ///   - digest: of the weights that made `table`.
  /// - Throws: exit code 4 when there are no such weights.
  func engine(
    _ settings: GenerateSettings, classes: ClassChoices?, digest: String, table: FilePath
  ) throws(RunnerError) -> EmbeddingEngine {
    let engine: EmbeddingEngine
    if let last, last.settings.model == settings.model, last.settings.weights == settings.weights,
      last.classes == classes
    {
      engine = last.engine
    } else {
      engine = try EmbeddingEngine(settings, classes: classes, note: observer.note)
      last = (settings, classes, engine)
    }
    let found = try engine.facts.digestText
    guard found == digest else {
      throw RunnerError(
        settings.weights ?? engine.facts.name,
        "is not what made \(table.string): its SHA-256 is \(found.shortDigest), the table says \(digest.shortDigest)",
        remedy: "name the weights that made it with --weights", exit: .weights)
    }
    return engine
  }
}

extension String {
  /// The beginning of a SHA-256; another text as it is.
  var shortDigest: String { count == 64 ? "\(prefix(12))…" : self }
}
