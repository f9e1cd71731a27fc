import PerchCore
import PerchRecognition
import PerchTables
import SystemPackage

/// What the command line of `classify` says; nil or empty where it says nothing.
package struct ClassifyOptions: Sendable {
  /// What it shares with `generate`.
  package var generate = GenerateOptions()
  /// Files for other programs, beside the table.
  package var lists: [EventListFormat] = []
  /// For all recognizers and labels.
  package var threshold: ScoreFloor?
  package var top: Int?
  package var minScore: ScoreFloor?
  package var species: [String] = []
  package var allScores = false
  package var transform: LogitTransform?

  package init() {}
}

/// The settings that `classify` works with: command line over configuration file over defaults.
package struct ClassifySettings: Sendable {
  package enum Scored: Sendable {
    case recognizers([Recognizer])
    /// The model's own classes.
    case classes(ClassChoices)
  }

  /// How windows and embeddings are made, and what the table looks like.
  package private(set) var generate: GenerateSettings
  package let lists: [EventListFormat]
  package let scored: Scored
  /// The model to look for where nobody names one.
  let usualModel: ModelName?

  /// - Throws: exit code 2 for options and keys that are wrong or contradict each other, 5 for recognizers that
  ///   are damaged or do not fit.
  package init(_ options: ClassifyOptions, configuration: Configuration = Configuration()) throws(RunnerError) {
    var shared = options.generate
    shared.format = shared.format ?? .csv
    generate = try GenerateSettings(shared, configuration: configuration)
    lists = EventListFormat.allCases.filter { options.lists.contains($0) }
    let classes = try ClassChoices(
      top: options.top, floor: options.minScore,
      species: options.species.isEmpty ? nil : SpeciesList(options.species), all: options.allScores,
      transform: options.transform)
    guard let classifiers = try configuration.classifiers() else {
      if options.threshold != nil {
        throw RunnerError(
          "--threshold", "is for recognizers, and the configuration names none",
          remedy: "give --min-score for the model's own classes, or classifiers with --config", exit: .usage)
      }
      scored = .classes(classes)
      usualModel = nil
      return
    }
    if let option = Self.ofClasses(options) {
      throw RunnerError(
        option, "is for the model's own classes, and the configuration names recognizers",
        remedy: "leave it out, or the classifiers", exit: .usage)
    }
    var choice = try RecognizerChoice(classifiers, model: generate.model)
    if let threshold = options.threshold { choice.setThresholds(threshold.threshold) }
    scored = .recognizers(choice.recognizers)
    usualModel = choice.model
  }

  /// The same for an output whose name says another format, as a list may have it.
  func writing(to output: FilePath) -> ClassifySettings {
    var settings = self
    settings.generate = generate.writing(to: output)
    return settings
  }

  /// Whether files without an event are written.
  var savesEmpty: Bool {
    switch scored {
    case .recognizers(let recognizers): recognizers.contains(where: \.savesEmpty)
    case .classes: true
    }
  }

  /// An option that was given although it is for the model's own classes.
  private static func ofClasses(_ options: ClassifyOptions) -> String? {
    if options.top != nil { return "--top" }
    if options.minScore != nil { return "--min-score" }
    if !options.species.isEmpty { return "--species" }
    if options.allScores { return "--all-scores" }
    return options.transform == nil ? nil : "--logit-transform"
  }
}
