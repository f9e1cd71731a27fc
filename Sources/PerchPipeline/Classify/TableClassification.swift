import PerchCore
import PerchRecognition
import PerchTables
import SystemPackage

/// Events of the windows in a table of embeddings. No weights are read.
struct TableClassification: Sendable {
  let settings: ClassifySettings
  let observer: Observer

  /// Whether `input` is to be read as a table of embeddings: it is one, or its name says that it should be.
  static func takes(_ input: FilePath) -> Bool {
    TableFormat.ofEmbeddings(at: input) != nil || input.extension.flatMap(TableFormat.init(anyCase:)) != nil
  }

  func run(_ task: RecordingTask, created: String) throws(RunnerError) {
    guard case .recognizers(let recognizers) = settings.scored else {
      throw RunnerError(
        task.input.string, "is a table of embeddings, from which the model's own classes cannot be scored",
        remedy: "give recognizers with --config, or the recording", exit: .usage)
    }
    var reader = try EmbeddingTableReader(task.input)
    let provenance = reader.provenance
    if let dimension = reader.dimension {
      for recognizer in recognizers { try recognizer.checkFits(dimension: dimension, of: task.input.string) }
    }
    let scorer = RecognizerScorer(recognizers)
    let workspace = scorer.makeWorkspace()
    var outputs = try EventOutputs(
      task, settings: settings, scorers: Scorers(recognizers),
      sampleRate: provenance["input_sample_rate"].flatMap(Int.init))
    while let row = try reader.next() {
      if Task.isCancelled { throw .interrupted }
      var embedding = row.embedding
      settings.generate.precision.round(&embedding)
      guard let kept = scorer.kept(of: embedding, workspace) else {
        throw .scoreNotFinite(task.input.string, at: row.start)
      }
      try outputs.append(
        ScoredWindow(source: row.source, channel: row.channel, start: row.start, end: row.end, scores: kept))
    }
    reader.notes.forEach(observer.note)
    try outputs.finish(
      provenance.ofEvents(
        recognizers: settings.recognizersText, configuration: settings.tableConfigurationJSON, created: created))
  }
}
