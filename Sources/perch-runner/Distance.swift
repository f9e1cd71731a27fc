import ArgumentParser
import PerchCore
import PerchPipeline
import PerchTables

struct DistanceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distance",
    abstract: "Writes how far the windows of a recording are from query clips.",
    usage: "perch-runner distance [<options>] <input-file> <query-file> ... <output-directory>",
    discussion: """
      The input is a recording, a folder of them, or a table of embeddings; a query is a clip of 5 s, or a table \
      with one row. The table is <output-directory>/<name of the input>.distances.parquet: that of 'generate' \
      with the column 'distance', 1 - cosine similarity, in 0 ... 2. Of several queries it is the smallest \
      distance, and each has a column of its own.
      """)

  @OptionGroup var paths: QueryPaths
  @OptionGroup var options: DistanceArguments

  func run() async throws {
    let (destination, format) = try options.table.destination((path: paths.output, old: false))
    try await options.run(Configuration.read(ifGiven: paths.config), format: format)
      .run(paths.input, queries: paths.queries, to: destination)
  }
}

/// What `distance` is told of its work, be it one recording or many.
struct DistanceArguments: ParsableArguments {
  @OptionGroup(title: "Queries") var query: QueryOptions
  @OptionGroup(title: "Model") var models: ModelOptions
  @OptionGroup(title: "Windows") var windows: WindowOptions
  @OptionGroup(title: "Output") var table: EmbeddingTableOptions
  @OptionGroup(title: "Output") var distances: DistanceOptions
  @OptionGroup(title: "Work") var work: WorkOptions
  @OptionGroup(title: "Messages") var logging: LoggingOptions

  /// - Parameter format: what the name of the output says, where the options say nothing.
  func run(_ configuration: Configuration, format: TableFormat? = nil) throws(RunnerError) -> DistanceRun {
    let settings = try GenerateSettings(
      table.options(models, windows, jobs: work.jobs, format: format), configuration: configuration)
    var choices = DistanceChoices()
    choices.reduction = distances.reduce
    choices.hasEmbeddings = distances.embeddings
    choices.top = distances.top
    choices.query = query.choices
    return try DistanceRun(settings, choices: choices, observer: logging.observer)
  }
}

struct DistanceOptions: ParsableArguments {
  @Option(help: "Column 'distance' of several queries: min, mean, or none to leave it out.")
  var reduce: DistanceReduction = .minimum

  @Flag(inversion: .prefixedNo, help: "Whether the table holds the embeddings too.")
  var embeddings = true

  @Option(help: ArgumentHelp("Only the n nearest rows, nearest first (default: all, in order).", valueName: "n"))
  var top: Int?
}

extension DistanceReduction: ExpressibleByArgument {}

/// An input, queries and an output, in this order.
struct QueryPaths: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The input, one or more queries, and the folder for the table.", valueName: "paths"))
  var all: [String] = []

  @Option(
    name: [.short, .long, .customLong("config_file")],
    help: ArgumentHelp("Configuration in YAML or JSON; the command line wins.", valueName: "file"))
  var config: String?

  func validate() throws {
    if all.contains("") { throw ValidationError("A path is empty.") }
    let names = ["<input-file>", "<query-file>", "<output-directory>"]
    if all.count < 3 { throw ValidationError("Missing expected argument '\(names[all.count])'.") }
  }

  var input: String { all.first ?? "" }
  var queries: [String] { Array(all.dropFirst().dropLast()) }
  var output: String { all.last ?? "" }
}

/// Where the clip of a query is.
struct QueryOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Channel of a query clip, from 0 (default: the first).", valueName: "n"))
  var queryChannel: Int?

  @Option(help: ArgumentHelp("Where the 5 s begin in a longer query recording.", valueName: "seconds"))
  var queryStart: Double?

  var choices: QueryChoices {
    var choices = QueryChoices()
    choices.channel = queryChannel
    choices.start = queryStart
    return choices
  }
}
