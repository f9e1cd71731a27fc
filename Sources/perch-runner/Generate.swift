import ArgumentParser
import PerchAudio
import PerchCore
import PerchPipeline
import PerchTables
import SystemPackage

struct Generate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a table with the embedding of every 5 s window of a recording.",
    usage: "perch-runner generate [<options>] <input-file> <output-directory>",
    discussion: """
      The table is <output-directory>/<name of the recording>.embeddings.parquet. A folder as input gives a \
      table for every recording in it.
      """)

  @OptionGroup var paths: PathOptions
  @OptionGroup var options: GenerateArguments

  func run() async throws {
    let (destination, format) = try options.table.destination(paths.target)
    let settings = try options.settings(Configuration.read(ifGiven: paths.config), format: format)
    try await GenerateRun(settings, observer: options.logging.observer).run(paths.input, to: destination)
  }
}

/// What `generate` is told of its work, be it one recording or many.
struct GenerateArguments: ParsableArguments {
  @OptionGroup(title: "Model") var models: ModelOptions
  @OptionGroup(title: "Windows") var windows: WindowOptions
  @OptionGroup(title: "Output") var table: EmbeddingTableOptions
  @OptionGroup(title: "Work") var work: WorkOptions
  @OptionGroup(title: "Messages") var logging: LoggingOptions

  /// - Parameter format: what the name of the output says, where the options say nothing.
  func settings(_ configuration: Configuration, format: TableFormat? = nil) throws(RunnerError) -> GenerateSettings
  {
    try GenerateSettings(
      table.options(models, windows, jobs: work.jobs, format: format), configuration: configuration)
  }
}

/// How a recording is cut into windows.
struct WindowOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Seconds between the starts of two windows (default: 5.0).", valueName: "seconds"))
  var hop: Double?

  @Option(help: "What is left after the last whole window: pad (at least 1 s of it) or drop (default: pad).")
  var tail: Tail?

  @Option(help: "Channel: first, mean, all, or a number from 0 (default: first).")
  var channel: ChannelChoice?

  @Option(help: "hoplite (mean 0, peak 0.25), peak, or none (default: hoplite).")
  var normalization: Normalization?

  @Option(help: "reference cuts and rounds exactly as perch-hoplite does (default: none).")
  var compat: Compat?

  @Flag(help: "Refuse a recording that is damaged inside, instead of a warning.")
  var strict = false
}

extension GenerateOptions {
  /// What every command that computes embeddings is told. `windows` is left out where recordings are not cut.
  init(_ models: ModelOptions, _ windows: WindowOptions? = nil, jobs: Int?) {
    self.init()
    model = models.model
    weights = models.weights
    self.jobs = jobs
    guard let windows else { return }
    hop = windows.hop
    tail = windows.tail
    compat = windows.compat
    channel = windows.channel
    normalization = windows.normalization
    strict = windows.strict
  }
}

/// What the table looks like.
struct EmbeddingTableOptions: ParsableArguments {
  @Option(name: [.customShort("F"), .long], help: "csv or parquet (default: parquet).")
  var format: TableFormat?

  @Option(help: "list, or the columns of upstream's tables: columns or serialized (default: list).")
  var layout: EmbeddingLayout?

  @Option(help: "Where the provenance goes: header, sidecar (a .json beside the table), none (default: header).")
  var metadata: MetadataPlacement?

  @Option(help: "float32, or float16 to round as perch-hoplite's database does (default: float32).")
  var precision: Precision?

  /// All that a table of embeddings depends on.
  ///
  /// - Parameter implied: the format that the name of the output says.
  func options(
    _ models: ModelOptions, _ windows: WindowOptions, jobs: Int?, format implied: TableFormat? = nil
  ) -> GenerateOptions {
    var options = GenerateOptions(models, windows, jobs: jobs)
    options.format = implied ?? format
    options.layout = layout
    options.metadata = metadata
    options.precision = precision
    return options
  }

  /// Where the table goes and the format that this implies.
  func destination(_ target: (path: String, old: Bool)) throws -> (Destination, TableFormat?) {
    try TableTarget.destination(target, format: format)
  }
}

enum TableTarget {
  /// Where a table goes and the format that this implies: the old option takes a file name too.
  static func destination(
    _ target: (path: String, old: Bool), format: TableFormat?
  ) throws(RunnerError) -> (Destination, TableFormat?) {
    let path = FilePath(target.path)
    guard target.old, let implied = path.extension.flatMap(TableFormat.init(argument:)) else {
      return (.folder(path), format)
    }
    if let format, format != implied {
      throw RunnerError(
        target.path, "the name says \(implied.rawValue), --format says \(format.rawValue)",
        remedy: "leave --format out", exit: .usage)
    }
    return (.file(path), implied)
  }
}

/// How much of the machine is used.
struct WorkOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Windows computed at the same time (default: the cores allowed).", valueName: "n"))
  var jobs: Int?
}

extension ModelName: ExpressibleByArgument {}
extension Tail: ExpressibleByArgument {}
extension Compat: ExpressibleByArgument {}
extension Normalization: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension EmbeddingLayout: ExpressibleByArgument {}
extension MetadataPlacement: ExpressibleByArgument {}

extension TableFormat: ExpressibleByArgument {
  /// In any letter case.
  package init?(argument: String) { self.init(rawValue: argument.lowercased()) }
}

extension ChannelChoice: ExpressibleByArgument {
  package init?(argument: String) { self.init(text: argument) }
}
