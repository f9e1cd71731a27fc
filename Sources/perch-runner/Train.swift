import ArgumentParser
import PerchAudio
import PerchCore
import PerchPipeline
import PerchRecognition

struct Train: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a recognizer from labelled clips, or from embeddings and labels.",
    usage: "perch-runner train [<options>] <training-data> <output-directory>",
    discussion: """
      The training data is a folder with a folder of clips for each class, a CSV table (file, label, and for parts \
      of recordings start, end), Raven selection tables or Audacity labels. With --embeddings it is a CSV table \
      (source, channel, start, label). Written are <name>.json (the recognizer), <name>.metadata.json, \
      <name>.predictions.csv and <name>.report.html.
      """)

  @Argument(help: ArgumentHelp("Folder or table of labels.", valueName: "training-data"))
  var input: String

  @Argument(help: ArgumentHelp("Folder for the files; made when absent.", valueName: "output-directory"))
  var output: String

  @Option(
    name: [.short, .long, .customLong("config_file")],
    help: ArgumentHelp("Configuration in YAML or JSON; the command line wins.", valueName: "file"))
  var config: String?

  @Option(help: "Name of the recognizer and its files (default: that of the output folder).")
  var name: String?

  @OptionGroup(title: "Labels") var labels: LabelOptions
  @OptionGroup(title: "Training") var fitting: FittingOptions
  @OptionGroup(title: "Model") var models: ModelOptions

  @Option(help: ArgumentHelp("Seconds between the starts of two windows (default: 5.0).", valueName: "seconds"))
  var hop: Double?

  @Option(help: "Channel where labels name none: first, mean, all, or a number from 0 (default: first).")
  var channel: ChannelChoice?

  @Flag(help: "Write the embeddings too, so that training again needs no audio.")
  var keepEmbeddings = false

  @Option(help: ArgumentHelp("Threads (default: the cores allowed). No result depends on it.", valueName: "n"))
  var jobs: Int?

  @OptionGroup(title: "Messages") var logging: LoggingOptions

  func run() async throws {
    var options = GenerateOptions(models, jobs: jobs)
    options.hop = hop
    options.channel = channel
    var settings = TrainSettings(
      try GenerateSettings(options, configuration: Configuration.read(ifGiven: config)))
    try labels.apply(to: &settings)
    try fitting.apply(to: &settings)
    settings.name = name
    settings.keepsEmbeddings = keepEmbeddings
    settings.command = Self.command(CommandLine.arguments, output: output)
    try await TrainRun(settings, observer: logging.observer).run(input, to: output)
  }

  /// The words of the command line without those that change no result: `--jobs` and the output folder.
  static func command(_ words: [String], output: String) -> [String] {
    var kept = ["perch-runner"]
    var skipsNext = false
    for word in words.dropFirst() {
      if skipsNext {
        skipsNext = false
      } else if word == "--jobs" {
        skipsNext = true
      } else if !word.hasPrefix("--jobs=") && word != output {
        kept.append(word)
      }
    }
    return kept
  }
}

/// What the labels mean.
struct LabelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Embeddings table, or folder of them, in place of audio.", valueName: "path"))
  var embeddings: String?

  @Option(help: "folders, csv, raven or audacity (default: by what is there).")
  var dataLayout: DataLayout?

  @Option(help: ArgumentHelp("Column that holds the labels.", valueName: "name"))
  var labelColumn: String?

  @Option(
    help: ArgumentHelp(
      "Class that is no class but negatives; repeatable, '' for none (default: noise, background, other, …).",
      valueName: "name"))
  var negative: [String] = []

  @Option(
    help: ArgumentHelp("Seconds by which a label must overlap a window (default: 0.5).", valueName: "seconds"))
  var minOverlap = 0.5

  @Option(help: "Clips longer than a window: windows (each has the label) or mean (of their embeddings).")
  var pool: Pooling = .windows

  @Option(help: "Windows without a label: ignore, negative, or a weight such as 0.05 (default: ignore).")
  var unlabelledWindows: Unlabelled = .ignore

  @Option(help: "Classes that a labelled window does not name: negative, ignore, or a weight (default: negative).")
  var unlabelled: Unlabelled = .negative

  @Option(help: "Windows labelled both ways: error, or mean of the labels (default: error).")
  var conflicts: Conflicts = .error

  @Flag(help: "Go on when labels match no window.")
  var allowUnmatched = false

  func apply(to settings: inout TrainSettings) throws {
    settings.embeddings = embeddings
    settings.layout = dataLayout
    settings.labelColumn = labelColumn
    if !negative.isEmpty { settings.negatives = negative }
    settings.minimumOverlap = minOverlap
    settings.pooling = pool
    settings.unlabelledWindows = unlabelledWindows
    settings.unlabelled = unlabelled
    settings.conflicts = conflicts
    settings.allowsUnmatched = allowUnmatched
  }
}

/// How the recognizer is fitted and judged.
struct FittingOptions: ParsableArguments {
  @Option(help: "one-vs-rest (each class on its own) or multinomial (exactly one class; default: one-vs-rest).")
  var objective: TrainingObjective = .oneVsRest

  @Option(help: ArgumentHelp("auto, or the inverse strength of the penalty (default: auto).", valueName: "number"))
  var c: PenaltyChoice = .auto

  @Option(help: ArgumentHelp("Values that auto chooses from (default: 1e-4,1e-3,…,1e4).", valueName: "numbers"))
  var cGrid: NumberList?

  @Option(help: ArgumentHelp("Folds (default: 5 with --c auto, else 0).", valueName: "n"))
  var folds: Int?

  @Option(help: "What auto chooses by: log-loss, cmap or roc-auc (default: log-loss).")
  var select: SelectionScore = .logLoss

  @Option(
    help: ArgumentHelp(
      "Regular expression with one group: recordings that agree in it stay in one fold.", valueName: "pattern"))
  var groupPattern: String?

  @Option(help: ArgumentHelp("Number that the draw of the folds begins with (default: 0).", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp("none, balanced, or a JSON file {class: weight} (default: none).", valueName: "weights"))
  var classWeight = "none"

  @Flag(help: "Scale every embedding dimension to deviation 1 while training.")
  var standardize = false

  @Option(help: ArgumentHelp("Largest gradient of the optimum (default: 1e-8).", valueName: "number"))
  var tol = 1e-8

  @Option(help: "zero, max-f1, precision:0.9 or recall:0.9 (default: zero).")
  var threshold: ThresholdRule = .zero

  @Flag(help: "Write calibrated weights: a score is then a calibrated logit.")
  var foldCalibration = false

  func apply(to settings: inout TrainSettings) throws {
    settings.objective = objective
    settings.penalty = c
    if let cGrid { settings.grid = cGrid.numbers }
    settings.folds = folds
    settings.selection = select
    settings.groupPattern = groupPattern
    settings.seed = seed
    settings.classWeight = classWeight
    settings.standardize = standardize
    settings.tolerance = tol
    settings.threshold = threshold
    settings.foldsCalibration = foldCalibration
  }
}

/// Numbers with commas between them.
struct NumberList: ExpressibleByArgument {
  let numbers: [Double]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard !parts.contains(nil) else { return nil }
    numbers = parts.compactMap(\.self)
  }
}

extension DataLayout: ExpressibleByArgument {}
extension Pooling: ExpressibleByArgument {}
extension Conflicts: ExpressibleByArgument {}
extension TrainingObjective: ExpressibleByArgument {}
extension SelectionScore: ExpressibleByArgument {}

extension Unlabelled: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension PenaltyChoice: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension ThresholdRule: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
