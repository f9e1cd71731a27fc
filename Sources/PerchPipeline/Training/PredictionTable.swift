import PerchCore
import PerchRecognition
import PerchTables
import SystemPackage

/// `<name>.predictions.csv`: what each window was said to be and what the recognizer says of it, by a
/// recognizer that was not trained on it where there are folds.
package struct PredictionTable {
  private let outcome: TrainingOutcome

  init(_ outcome: TrainingOutcome) { self.outcome = outcome }

  /// The columns, in order.
  package static let columns = [
    Column("source", .text), Column("channel", .int32), Column("start", .double),
    Column("fold", .int32, isNullable: true), Column("label", .text),
    Column("value", .double, isNullable: true), Column("score", .float, isNullable: true),
  ]

  func write(to path: FilePath) throws(RunnerError) {
    var table = try TableWriter(path: path, columns: Self.columns, format: .csv, metadata: .none)
    let set = outcome.set
    let scores = outcome.judged
    for (row, window) in set.windows.enumerated() {
      let fold = outcome.validation.map { Int32($0.folds.assignment[row]) }
      for (k, label) in set.labels.enumerated() {
        let state = set.state(row, k)
        try table.append([
          .text(window.source), .int32(window.channel), .double(window.start), fold.map { .int32($0) } ?? .null,
          .text(label), state.weight > 0 ? .double(state.value) : .null,
          scores[row * set.labels.count + k].map { .float($0) } ?? .null,
        ])
      }
    }
    try table.finish(Provenance())
  }
}
