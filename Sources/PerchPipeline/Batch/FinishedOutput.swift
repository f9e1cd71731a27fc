import PerchCore
import PerchTables
import SystemPackage

/// What the outputs of a run will say of themselves. An output that says the same already, of a recording that has
/// not changed, need not be made again.
struct ExpectedOutput: Sendable {
  /// The text that each of these keys must have; nil where it must be absent.
  let values: [String: String?]
  let model: ModelFacts
  /// Files that are written beside the table.
  var besides: @Sendable (RecordingTask) -> [FilePath] = { _ in [] }

  init(
    format: String, model: ModelFacts, configuration: String, recognizers: String? = nil, queryDigest: String? = nil
  ) {
    values = [
      "format": format, "config_json": configuration, "recognizers": recognizers, "query_sha256": queryDigest,
    ]
    self.model = model
  }

  /// Whether the outputs of `task` are there and made of this recording with these settings.
  ///
  /// - Parameter trustsTimes: an output newer than its recording is taken for made of it.
  func isFinished(_ task: RecordingTask, trustsTimes: Bool) throws(RunnerError) -> Bool {
    guard let status = try? task.output.stat(), status.type == .regular,
      let provenance = try? Provenance(ofTable: task.output),
      values.allSatisfy({ provenance[$0.key] == $0.value }),
      try provenance["model_sha256"] == model.digestText,
      besides(task).allSatisfy({ (try? $0.stat()) != nil })
    else { return false }
    if trustsTimes {
      guard let input = try? task.input.stat() else { return false }
      let (made, changed) = (status.rawValue.st_mtim, input.rawValue.st_mtim)
      return (made.tv_sec, made.tv_nsec) > (changed.tv_sec, changed.tv_nsec)
    }
    // The cheap questions first: this one reads the whole recording.
    guard let digest = provenance["input_sha256"] else { return false }
    return (try? Digest.sha256(file: task.input)) == digest
  }

  /// Removes what a killed run left unfinished.
  func removeLeftovers(of task: RecordingTask) {
    AtomicFile.removeLeftover(of: task.output)
    AtomicFile.removeLeftover(of: FilePath(task.output.string + ".json"))
    for path in besides(task) { AtomicFile.removeLeftover(of: path) }
  }
}
