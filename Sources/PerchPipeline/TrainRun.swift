import FoundationEssentials
import PerchCore
import PerchRecognition
import PerchReport
import PerchTables
import SystemPackage

/// `train`: labelled clips, or embeddings and labels, to a recognizer and what is known of it.
package struct TrainRun: Sendable {
  private let settings: TrainSettings
  private let observer: Observer

  package init(_ settings: TrainSettings, observer: Observer) {
    self.settings = settings
    self.observer = observer
  }

  /// Writes `<name>.json`, `.metadata.json`, `.predictions.csv` and `.report.html` into `folder`; nothing
  /// unless everything succeeded.
  ///
  /// - Parameter input: the training data, or with embeddings the table of labels.
  nonisolated(nonsending) package func run(_ input: String, to folder: String) async throws(RunnerError) {
    try settings.check()
    let created = try CreationTime.text()
    let classWeight = try ClassWeight(settings.classWeight)
    settings.generate.notes.forEach(observer.note)
    let name = try outputName(folder)
    let material = try await MaterialReader(settings: settings, observer: observer).read(input)
    try checkModel(material, input)
    let outcome = try Trainer(settings: settings, subject: input, classWeight: classWeight).train(material.set)
    outcome.warnings.forEach { observer.note(Note(.warning, input, $0)) }
    let recognizer = RecognizerText(
      name, outcome, hop: material.model.hop ?? GenerateSettings.windowSeconds)
    let metadata = TrainingMetadata(
      material: material, outcome: outcome, settings: settings, classWeight: classWeight, recognizer: recognizer,
      dataDigest: Digest.sha256(material.set), created: created)
    let report = ReportPage(TrainingReport(name, material, outcome, settings, created: created)).text
    try write(name, to: FilePath(folder), material, outcome, recognizer, metadata.text, report)
    tell(name, folder, outcome)
  }

  private func outputName(_ folder: String) throws(RunnerError) -> String {
    let name = settings.name ?? FilePath(folder).lexicallyNormalized().lastComponent?.string ?? "recognizer"
    guard !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
      let usable = settings.name == nil ? nil : name
      guard usable == nil else {
        throw RunnerError(
          "--name", "'\(name)' is not a file name", remedy: "give a word such as koala", exit: .usage)
      }
      return "recognizer"
    }
    return name
  }

  /// - Throws: exit code 3 where embeddings are not those of a model that is asked for.
  private func checkModel(_ material: TrainingMaterial, _ input: String) throws(RunnerError) {
    guard let asked = settings.generate.model, settings.embeddings != nil else { return }
    let dimension = asked == .perch8 ? 1280 : 1536
    guard material.model.dimension == dimension else {
      throw .training(
        settings.embeddings ?? input,
        "has embeddings of \(material.model.dimension) values, \(asked.rawValue) has \(dimension)",
        "leave --model out, or name the other model")
    }
  }

  private func write(
    _ name: String, to folder: FilePath, _ material: TrainingMaterial, _ outcome: TrainingOutcome,
    _ recognizer: RecognizerText, _ metadata: String, _ report: String
  ) throws(RunnerError) {
    // All are written before the first gets its name; the recognizer comes last, so that it never stands alone.
    var metadataFile = try AtomicFile(folder.appending("\(name).metadata.json"))
    try metadataFile.write(metadata)
    var reportFile = try AtomicFile(folder.appending("\(name).report.html"))
    try reportFile.write(report)
    var recognizerFile = try AtomicFile(folder.appending("\(name).json"))
    try recognizerFile.write(recognizer.text)
    if settings.keepsEmbeddings { try keepEmbeddings(name, folder, material) }
    try PredictionTable(outcome).write(to: folder.appending("\(name).predictions.csv"))
    try metadataFile.commit()
    try reportFile.commit()
    try recognizerFile.commit()
  }

  /// The embeddings as a table, so that training again needs no audio.
  private func keepEmbeddings(
    _ name: String, _ folder: FilePath, _ material: TrainingMaterial
  ) throws(RunnerError) {
    let set = material.set
    var table = try EmbeddingTableWriter(
      path: folder.appending("\(name).embeddings.parquet"), format: .parquet, dimension: material.model.dimension)
    for (row, window) in set.windows.enumerated() {
      let embedding = set.embeddings.withRow(row) { x in (0..<x.count).map { x[$0] } }
      try table.append(
        source: window.source, channel: window.channel, start: window.start,
        end: window.start + GenerateSettings.windowSeconds, embedding: embedding)
    }
    var provenance = Provenance()
    provenance.set("format", "perch-runner embeddings 1")
    provenance.set("version", programVersion)
    if let model = material.model.name { provenance.set("model", model) }
    if let digest = material.model.digest { provenance.set("model_sha256", digest) }
    provenance.set("embedding_dim", "\(material.model.dimension)")
    try table.finish(provenance)
  }

  private func tell(_ name: String, _ folder: String, _ outcome: TrainingOutcome) {
    let summary = ScoreSummary(outcome.set, outcome.judged, thresholds: outcome.thresholds)
    let kind = outcome.outOfFold == nil ? "in-sample" : "out-of-fold"
    let quality = summary.macroAUC.map { ", \(kind) ROC-AUC \(($0 * 1000).rounded() / 1000)" } ?? ""
    let count = outcome.set.labels.count
    let classes = count == 1 ? "1 class" : "\(count) classes"
    observer.note(
      Note(
        .info, FilePath(folder).appending("\(name).json").string,
        "\(classes) from \(outcome.set.windows.count) windows, C \(outcome.c)\(quality)"))
  }
}

extension ClassWeight {
  /// `none`, `balanced`, or the path of a JSON object of numbers by class.
  init(_ text: String) throws(RunnerError) {
    switch text {
    case "none": self = .none
    case "balanced": self = .balanced
    default:
      let json = try TextFile.read(text, kind: "file of class weights")
      guard let weights = try? JSONDecoder().decode([String: Double].self, from: Data(json.utf8)),
        weights.values.allSatisfy({ $0 > 0 && $0.isFinite })
      else {
        throw RunnerError(
          text, "is not a JSON object of classes with weights above 0", remedy: "write it as {\"Koala\": 2.0}",
          exit: .usage)
      }
      self = .explicit(weights)
    }
  }
}
