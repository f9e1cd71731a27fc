import PerchAudio
import PerchCore
import PerchRecognition
import PerchTables
import SystemPackage

/// Turns what was given into settings, part by part, and collects what the user should know.
struct AnalyzeReader {
  let options: GivenOptions
  private(set) var notes: [Note] = []

  init(_ options: GivenOptions) { self.options = options }

  // MARK: What is asked for

  /// Which tables are wanted besides those of recognizers.
  mutating func asked() throws(RunnerError) -> (embeddings: Bool, classes: Bool) {
    if try options.bool(.saveDatabase) ?? false, let given = options[.saveDatabase] {
      throw given.refuses("databases of perch-hoplite are not written", "leave it out; --embed writes a table")
    }
    let embeddings = try isAsked(by: .embed, or: AnalyzeOption.ofEmbeddings)
    let classes = try isAsked(by: .classify, or: AnalyzeOption.ofClasses)
    let hasRecognizers = try !recognizerNames().isEmpty
    if !hasRecognizers { ignore(options.asking(AnalyzeOption.ofRecognizers), because: "there are no recognizers") }
    if !classes { ignore(options.asking([.logitThreshold, .logitTransform]), because: "classify is off") }
    guard embeddings || classes || hasRecognizers else {
      throw RunnerError(
        "analyze", "nothing is asked for", remedy: "give --embed, --classify or --recognizers", exit: .usage)
    }
    return (embeddings, classes)
  }

  private mutating func isAsked(by option: AnalyzeOption, or related: [AnalyzeOption]) throws(RunnerError) -> Bool {
    let asking = options.asking(related)
    switch try options.bool(option) {
    case true: return true
    case false:
      ignore(asking, because: "\(option.rawValue) is false")
      return false
    case nil: return !asking.isEmpty
    }
  }

  private mutating func ignore(_ given: [GivenOption], because reason: String) {
    for option in given { notes.append(Note(.warning, option.name, "ignored, since \(reason)")) }
  }

  // MARK: Windows and embeddings

  /// - Parameter model: the one asked for by name.
  func generate(model: ModelName?) throws(RunnerError) -> GenerateSettings {
    var choices = GenerateOptions()
    choices.model = model
    choices.weights = try options.text(.weights)
    choices.compat = try options.choice(.compat) ?? .reference
    choices.precision = try options.choice(.precision)
    choices.jobs = try workers()
    return try GenerateSettings(choices)
  }

  private func workers() throws(RunnerError) -> Int? {
    guard let text = try options.text(.workers), let given = options[.workers], text.lowercased() != "auto" else {
      return nil
    }
    guard let number = Int(text), (1...1024).contains(number) else {
      throw given.refuses("'\(text)' is not a number of threads between 1 and 1024", "give one, or auto")
    }
    return number
  }

  func embeddings() throws(RunnerError) -> (layout: EmbeddingLayout, tables: AnalyzeSettings.Tables) {
    enum Layout: String, CaseIterable { case serialized, columns }
    let layout: Layout = try options.choice(.embeddingsTableFormat) ?? .serialized
    let tables = AnalyzeSettings.Tables(
      format: try options.choice(.embeddingsTableFiletype) ?? .parquet,
      template: try template(.embeddings, own: .embeddingsPathTemplate, type: .embeddingsPathType))
    return (layout == .columns ? .columns : .serialized, tables)
  }

  // MARK: Recognizers

  private func recognizerNames() throws(RunnerError) -> [String] {
    guard let given = options[.recognizers] else { return [] }
    let texts: [String]
    switch given.value {
    case .null: return []
    case .text(let text): texts = text.meansNothing ? [] : text.split(separator: ",").map(String.init)
    case .list(let list): texts = list
    case .members: throw given.refuses("is an object, not a path", "save the recognizer as a file and name that")
    }
    return texts.map(\.trimmed).filter { !$0.isEmpty }
  }

  /// The recognizers of all files. What stands beside a list of them is not looked at where the reference is
  /// followed, which does not either.
  mutating func recognizers(model: ModelName?, compat: Compat) throws(RunnerError) -> RecognizerChoice {
    let files = try recognizerNames().map { ConfiguredClassifier(file: options.file(named: $0)) }
    let rules: ListRules = compat == .reference ? .ignored : .honoured
    var choice = try RecognizerChoice(files.isEmpty ? nil : files, model: model, rules: rules)
    if rules == .ignored {
      for file in files where try file.hasListRules() {
        notes.append(
          Note(
            .warning, file.place,
            "run_config beside the recognizers is ignored, as the reference does; --compat none honours it"))
      }
    }
    if let floor = try floor(.threshold, usual: nil) { choice.setThresholds(floor.threshold) }
    return choice
  }

  func recognizerTables() throws(RunnerError) -> AnalyzeSettings.Tables {
    AnalyzeSettings.Tables(
      format: try options.choice(.recognizerFiletype) ?? .csv,
      template: try template(.recognizerResults, own: .recognizerPathTemplate, type: .recognizerPathType))
  }

  // MARK: Classes of the model

  func classes() throws(RunnerError) -> (choices: ClassChoices, tables: AnalyzeSettings.Tables) {
    let species = try species()
    if species == nil, try options.bool(.classifyRequiresList) ?? false, let given = options[.classifyRequiresList]
    {
      throw given.refuses("there is no list of species", "give it with --perch_species_list")
    }
    let choices = try ClassChoices(
      top: top(), floor: floor(.logitThreshold, usual: .score(0)), species: species, transform: transform())
    let tables = AnalyzeSettings.Tables(
      format: try options.choice(.classifyFiletype) ?? .csv,
      template: try template(.classifyResults, own: .classifyPathTemplate, type: .classifyPathType))
    return (choices, tables)
  }

  private func top() throws(RunnerError) -> Int {
    guard let text = try options.text(.perchMaxDetections), let given = options[.perchMaxDetections] else {
      return 10
    }
    guard let number = Int(text), (1...1_000_000).contains(number) else {
      throw given.refuses("'\(text)' is not a number of classes between 1 and 1000000", "give one such as 10")
    }
    return number
  }

  private func species() throws(RunnerError) -> SpeciesList? {
    guard let given = options[.perchSpeciesList] else { return nil }
    switch given.value {
    case .null: return nil
    case .members: throw given.refuses("is an object, not a list", "write a list of names")
    case .list(let names): return try SpeciesList(names, folder: options.folder, subject: given.name)
    case .text(let text):
      return text.meansNothing ? nil : try SpeciesList([text], folder: options.folder, subject: given.name)
    }
  }

  private func floor(_ option: AnalyzeOption, usual: ScoreFloor?) throws(RunnerError) -> ScoreFloor? {
    guard let text = try options.text(option), let given = options[option] else { return usual }
    if text.lowercased() == "none" { return ScoreFloor.none }
    guard let score = Float(text), score.isFinite else {
      throw given.refuses("'\(text)' is neither a number nor none", "give the least score that is kept")
    }
    return .score(score)
  }

  private func transform() throws(RunnerError) -> LogitTransform? {
    guard let given = options[.logitTransform] else { return nil }
    let words: [String]
    switch given.value {
    case .null: return nil
    case .members: words = []
    case .list(let list): words = list
    case .text(let text): words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let transform = LogitTransform(text: words.map(\.trimmed).joined(separator: ","))
    if case .linear(let slope, let intercept) = transform, slope > 0, slope.isFinite, intercept.isFinite {
      return transform
    }
    guard transform == .model || transform == LogitTransform.none else {
      throw given.refuses(
        "'\(words.joined(separator: ","))' is neither model, none nor a slope above 0 and an intercept",
        "give two numbers such as 0.97,-10")
    }
    return transform
  }

  // MARK: Files

  private func template(
    _ analysis: Analysis, own: AnalyzeOption, type: AnalyzeOption
  ) throws(RunnerError) -> PathTemplate {
    let common: PathType? = try options.choice(.pathType)
    let named: PathType? = try options.choice(type)
    guard let text = try options.text(own), let given = options[own] else {
      return PathTemplate(named ?? common ?? .flat, for: analysis)
    }
    guard named == nil else {
      throw given.refuses("\(type.rawValue) is given too", "give one of the two")
    }
    return try PathTemplate(text, for: analysis, from: given)
  }

  func glob() throws(RunnerError) -> GlobPattern? {
    guard let text = try options.optionalText(.fileGlob), let given = options[.fileGlob] else { return nil }
    guard let pattern = GlobPattern(text) else {
      throw given.refuses("'\(text)' is not a pattern for paths below the source", "give one such as */*.wav")
    }
    return pattern
  }

  /// What was said of sources, for the provenance.
  func mappingTexts() throws(RunnerError) -> [AnalyzeOption: String] {
    var texts: [AnalyzeOption: String] = [:]
    for option in [AnalyzeOption.sourcemapName, .sourcemapTemplate, .fileMetadataPattern] {
      texts[option] = try options.text(option)
    }
    switch options[.fileMetadata]?.value {
    case .text(let text): texts[.fileMetadata] = text
    case .members(let members): texts[.fileMetadata] = JSONText.object(members.mapValues { .string($0) })
    case nil, .null, .list: break
    }
    return texts
  }
}
