import PerchCore
import PerchTables

/// The outputs with the events of one recording.
struct EventSink: RecordingSink, ~Copyable {
  private let settings: ClassifySettings
  private let model: ModelFacts
  private let created: String
  private var outputs: EventOutputs

  /// - Parameter sampleRate: hertz of the recording.
  init(
    _ task: RecordingTask, settings: ClassifySettings, scorers: Scorers, sampleRate: Int, model: ModelFacts,
    created: String
  ) throws(RunnerError) {
    let settings = settings.writing(to: task.output)
    self.settings = settings
    self.model = model
    self.created = created
    outputs = try EventOutputs(task, settings: settings, scorers: scorers, sampleRate: sampleRate)
  }

  mutating func append(_ result: ScoringWorker.Result) throws(RunnerError) { try outputs.append(result.scored) }

  consuming func finish(_ recording: InputFacts) throws(RunnerError) {
    let provenance = try Provenance(
      generate: settings.generate, model: model, recording: recording, created: created)
    try outputs.finish(
      provenance.ofEvents(
        recognizers: settings.recognizersText, configuration: settings.configurationJSON(model: model.name),
        created: created))
  }
}
