import ArgumentParser
import PerchCore
import PerchPipeline
import PerchTables

struct Classify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the labels that recognizers, or the model itself, hear in every 5 s window of a recording.",
    usage: "perch-runner classify [<options>] <input-file> <output-directory>",
    discussion: """
      The recognizers are those that the configuration names (classifiers); without any, the classes of the model \
      are scored. The table is <output-directory>/<name of the recording>.classifications.csv. A folder as input \
      gives a table for every recording in it; a table of embeddings is classified without its recording.
      """)

  @OptionGroup var paths: PathOptions
  @OptionGroup var options: ClassifyArguments

  func run() async throws {
    let (destination, format) = try TableTarget.destination(paths.target, format: options.table.format)
    let settings = try options.settings(Configuration.read(ifGiven: paths.config), format: format)
    try await ClassifyRun(settings, observer: options.logging.observer).run(paths.input, to: destination)
  }
}

/// What `classify` is told of its work, be it one recording or many.
struct ClassifyArguments: ParsableArguments {
  @OptionGroup(title: "Recognizers") var recognizers: RecognizerOptions
  @OptionGroup(title: "Classes of the model") var classes: ClassOptions
  @OptionGroup(title: "Model") var models: ModelOptions
  @OptionGroup(title: "Windows") var windows: WindowOptions
  @OptionGroup(title: "Output") var table: EventTableOptions
  @OptionGroup(title: "Work") var work: WorkOptions
  @OptionGroup(title: "Messages") var logging: LoggingOptions

  /// - Parameter format: what the name of the output says, where the options say nothing.
  func settings(_ configuration: Configuration, format: TableFormat? = nil) throws(RunnerError) -> ClassifySettings
  {
    var options = ClassifyOptions()
    options.generate = GenerateOptions(models, windows, jobs: work.jobs)
    options.generate.format = format ?? table.format
    options.generate.metadata = table.metadata
    options.generate.precision = table.precision
    options.lists = table.eventFormat.flatMap(\.lists)
    options.threshold = recognizers.threshold
    options.top = classes.top
    options.minScore = classes.minScore
    options.species = classes.species
    options.allScores = classes.allScores
    options.transform = classes.logitTransform
    return try ClassifySettings(options, configuration: configuration)
  }
}

struct RecognizerOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Least score that is kept, for every label, or none to keep all (default: what each recognizer says).",
      valueName: "number|none"))
  var threshold: ScoreFloor?
}

struct ClassOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("So many of the best classes of each window and channel (default: 10).", valueName: "n"))
  var top: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Least score that is kept, or none (default: 0.0).", valueName: "number|none"))
  var minScore: ScoreFloor?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Only these: names with commas between them, or a text file (default: all).", valueName: "list"))
  var species: [String] = []

  @Flag(help: "Every class of every window.")
  var allScores = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "From logits to scores: model (what the weights say), none, or two numbers as in 0.97,-10 (default: model).",
      valueName: "transform"))
  var logitTransform: LogitTransform?
}

struct EventTableOptions: ParsableArguments {
  @Option(name: [.customShort("F"), .long], help: "csv or parquet (default: csv).")
  var format: TableFormat?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "More files beside the table: raven, audacity, birdnet, several with commas (default: table alone).",
      valueName: "formats"))
  var eventFormat: [EventFormats] = []

  @Option(help: "Where the provenance goes: header, sidecar (a .json beside the table), none (default: header).")
  var metadata: MetadataPlacement?

  @Option(help: "float32, or float16 to round embeddings as perch-hoplite's database does (default: float32).")
  var precision: Precision?
}

/// Names of files for events, with commas between them. `table` is the one that is always there.
struct EventFormats: ExpressibleByArgument {
  let lists: [EventListFormat]

  init?(argument: String) {
    var lists: [EventListFormat] = []
    for name in argument.lowercased().split(separator: ",", omittingEmptySubsequences: false) where name != "table"
    {
      guard let list = EventListFormat(rawValue: String(name)) else { return nil }
      lists.append(list)
    }
    self.lists = lists
  }
}

extension ScoreFloor: ExpressibleByArgument {
  package init?(argument: String) {
    if argument.lowercased() == "none" {
      self = .none
    } else {
      guard let score = Float(argument), score.isFinite else { return nil }
      self = .score(score)
    }
  }
}

extension LogitTransform: ExpressibleByArgument {
  package init?(argument: String) { self.init(text: argument) }
}
