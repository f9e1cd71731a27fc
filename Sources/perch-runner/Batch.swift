import ArgumentParser
import PerchCore
import PerchPipeline
import PerchTables
import SystemPackage

struct Batch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Works on thousands of recordings: a table for each, a report on all; goes on where it was stopped.",
    subcommands: [BatchGenerate.self, BatchClassify.self, BatchDistance.self, BatchReportCommand.self])
}

struct BatchGenerate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "A table of embeddings for every recording.",
    usage: BatchOptions.usage("generate"), discussion: BatchOptions.discussion)

  @OptionGroup var batch: BatchOptions
  @OptionGroup var options: GenerateArguments

  func run() async throws {
    try await GenerateRun(options.settings(batch.configuration), observer: options.logging.observer)
      .run(batch.inputs, batch.choices)
  }
}

struct BatchClassify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Events of every recording: scores of recognizers, or of the model's classes.",
    usage: BatchOptions.usage("classify"), discussion: BatchOptions.discussion, aliases: ["inference"])

  @OptionGroup var batch: BatchOptions
  @OptionGroup var options: ClassifyArguments

  func run() async throws {
    try await ClassifyRun(options.settings(batch.configuration), observer: options.logging.observer)
      .run(batch.inputs, batch.choices)
  }
}

struct BatchDistance: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distance", abstract: "How far the windows of every recording are from query clips.",
    usage: BatchOptions.usage("distance --query <file>"), discussion: BatchOptions.discussion)

  @OptionGroup var batch: BatchOptions

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp("A clip of 5 s, or a table with one row; several times for several.", valueName: "file"))
  var query: [String]

  @OptionGroup var options: DistanceArguments

  func run() async throws {
    try await options.run(batch.configuration).run(batch.inputs, queries: query, batch.choices)
  }
}

struct BatchReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Makes one report of those of all shards, and says whether any is missing.",
    usage: "perch-runner batch report --merge <output-directory|report> ... [-o <file>]")

  @Flag(help: "Join the reports: each input must be in just one of them.")
  var merge = false

  @Argument(help: ArgumentHelp("The output folder of the shards, or their reports.", valueName: "reports"))
  var reports: [String]

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The report to write (default: batch-report.csv beside the first).", valueName: "file"))
  var output: String?

  func validate() throws {
    if !merge { throw ValidationError("Say what to do with the reports: --merge.") }
  }

  func run() throws {
    let merged = try ReportMerge(reports)
    try merged.write(to: output.map { FilePath($0) } ?? beside)
    print(merged.summary)
  }

  private var beside: FilePath {
    let first = FilePath(reports.first ?? "")
    let folder = (try? first.stat().type) == .directory ? first : first.removingLastComponent()
    return folder.appending("batch-report.csv")
  }
}

/// Which recordings, and how a batch goes about them.
struct BatchOptions: ParsableArguments {
  static func usage(_ command: String) -> String {
    "perch-runner batch \(command) [<options>] (--list <file> | --glob <pattern> | <directory> ...) --output <directory>"
  }

  static let discussion = """
    Every recording gets its table below the output folder, in the place that it has below its own; what is done \
    already is left alone. A recording that fails costs only itself. batch-report.csv says of every input what became \
    of it and of its sound. Ends with 0 when nothing failed, else with 7.
    """

  @Argument(help: ArgumentHelp("Folders of recordings, searched with everything below.", valueName: "directory"))
  var folders: [String] = []

  @Option(
    name: [.long, .customLong("source_csv")],
    help: ArgumentHelp(
      "A CSV table with the columns source and perhaps output; - is standard input.", valueName: "file"))
  var list: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Files that match, as in 'archive/*/2026*.wav'; ** is any depth.", valueName: "pattern"))
  var glob: [String] = []

  @Option(
    help: ArgumentHelp("Folder of the outputs; not needed where the list names them all.", valueName: "directory"))
  var output: String?

  @Option(name: .customLong("start_row"), help: ArgumentHelp("First row of the list, from 0.", valueName: "n"))
  var startRow: Int?

  @Option(
    name: .customLong("end_row"), help: ArgumentHelp("Last row of the list; it is worked on too.", valueName: "n"))
  var endRow: Int?

  @Option(
    name: [.short, .long, .customLong("config_file")],
    help: ArgumentHelp("Configuration in YAML or JSON; the command line wins.", valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Only part i of n, as in 3/8: by the path alone, so that machines need no talk.", valueName: "i/n"))
  var shard: Shard?

  @Flag(help: "Do again what is done.")
  var overwrite = false

  @Option(
    name: .customLong("overwrite_existing"), defaultAsFlag: true,
    help: ArgumentHelp("Old form of --overwrite.", valueName: "true|false"))
  var overwriteExisting: Bool?

  @Flag(help: "Take a table newer than its recording for made of it, without reading the recording.")
  var trustMtime = false

  @Flag(help: "Stop at the first recording that fails.")
  var failFast = false

  var inputs: BatchInputs {
    var inputs = BatchInputs()
    inputs.list = list
    inputs.firstRow = startRow
    inputs.lastRow = endRow
    inputs.globs = glob
    inputs.folders = folders
    inputs.output = output
    return inputs
  }

  var choices: BatchChoices {
    var choices = BatchChoices()
    choices.overwrites = overwrite || overwriteExisting ?? false
    choices.failsFast = failFast
    choices.trustsTimes = trustMtime
    choices.shard = shard
    return choices
  }

  var configuration: Configuration { get throws(RunnerError) { try Configuration.read(ifGiven: config) } }
}

extension Shard: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
