import PerchAudio
import PerchCore
import PerchRecognition
import PerchTables
import SystemPackage

/// The settings that `analyze` works with: command line over configuration file over defaults.
package struct AnalyzeSettings: Sendable {
  /// Where the tables of one kind go, and their format.
  struct Tables: Sendable {
    let format: TableFormat
    let template: PathTemplate
  }

  /// A recording, or a folder of them.
  package let source: FilePath
  /// An existing folder.
  package let output: FilePath
  /// How windows and embeddings are made.
  package let generate: GenerateSettings
  /// nil where no embeddings are written.
  let embeddings: (layout: EmbeddingLayout, tables: Tables)?
  /// nil without recognizers.
  let recognizers: (all: [Recognizer], tables: Tables)?
  /// nil where the model's own classes are not scored.
  let classes: (choices: ClassChoices, tables: Tables)?
  /// Which files of a folder; nil for those that are the least deep.
  let glob: GlobPattern?
  /// nil for the kind of place that a format usually has.
  let metadata: MetadataPlacement?
  /// The model to look for where nobody names one.
  let usualModel: ModelName?
  /// Everything about sources that can change a row, as it was given.
  let mappingTexts: [AnalyzeOption: String]
  package let notes: [Note]
  /// The options as they were given, for what is read when the recordings are known.
  let options: GivenOptions

  /// - Throws: exit code 2 for options that are wrong or contradict each other, 3 and 2 where the source and the
  ///   output do not exist, 5 for recognizers that are damaged or do not fit.
  package init(_ options: GivenOptions) throws(RunnerError) {
    var reader = AnalyzeReader(options)
    let asked = try reader.asked()
    embeddings = try asked.embeddings ? reader.embeddings() : nil
    let model: ModelName? = try options.choice(.modelChoice)
    generate = try reader.generate(model: model)
    let choice = try reader.recognizers(model: model, compat: generate.compat)
    recognizers = try choice.recognizers.isEmpty ? nil : (choice.recognizers, reader.recognizerTables())
    usualModel = choice.model
    classes = try asked.classes ? reader.classes() : nil
    glob = try reader.glob()
    metadata = try options.choice(.metadata)
    mappingTexts = try reader.mappingTexts()
    _ = try SourceMapping(options)
    source = FilePath(try options.text(.source) ?? "/mnt/input")
    output = FilePath(try options.text(.output) ?? "/mnt/output")
    notes = reader.notes
    self.options = options
    try checkRoots()
    try checkClassifierPaths()
  }

  private func checkRoots() throws(RunnerError) {
    do { _ = try source.stat() } catch {
      throw RunnerError(
        source.string, "cannot be read: \(error)", remedy: "check the path and its permissions", exit: .input)
    }
    guard (try? output.stat().type) == .directory else {
      throw RunnerError(
        output.string, "is no folder that the tables could go to", remedy: "make it, or name another with --output",
        exit: .usage)
    }
  }

  /// Two recognizers with tables of their own must not have the same.
  private func checkClassifierPaths() throws(RunnerError) {
    guard let recognizers, recognizers.tables.template.namesClassifier else { return }
    var owners: [String: String] = [:]
    for recognizer in recognizers.all {
      guard !recognizer.pathName.isEmpty else {
        throw RunnerError(
          recognizer.name, "the recognizer's name has no letter that may stand in a path",
          remedy: "rename it, or leave {classifier_name} out", exit: .usage)
      }
      if let other = owners.updateValue(recognizer.name, forKey: recognizer.pathName) {
        throw RunnerError(
          recognizer.pathName, "would name the tables of both '\(other)' and '\(recognizer.name)'",
          remedy: "rename one of the two recognizers", exit: .usage)
      }
    }
  }

  /// How many threads, and what is told: needed before anything else is.
  package struct Messages: Sendable {
    package let level: Note.Level
    /// Whether only errors are told.
    package let isQuiet: Bool
    /// nil for standard error alone.
    package let file: FilePath?

    private enum Level: String, CaseIterable { case debug, info, warning, error, critical }

    /// - Throws: exit code 2 for an unknown level.
    package init(_ options: GivenOptions) throws(RunnerError) {
      let level: Level = try options.choice(.logLevel) ?? .info
      self.level =
        switch level {
        case .debug: .debug
        case .info: .info
        case .warning, .error, .critical: .warning
        }
      isQuiet = level == .error || level == .critical
      file = try options.optionalText(.logFile).map { FilePath($0) }
    }
  }
}
