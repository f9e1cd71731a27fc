import ArgumentParser
import PerchCore
import PerchPipeline

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Proves tables of generate, classify and distance: computes some of their windows again.",
    discussion: """
      A table says what made it. Its recording is looked for below --root and beside the table and told by its \
      SHA-256; every row must have its window there, and windows chosen at random are computed again and compared: \
      bit for bit where the same engine made the table, within 1e-4 of the rms where another one did. One line for \
      each table: right, WRONG, or not proved.
      """)

  @Argument(help: ArgumentHelp("Tables.", valueName: "file"))
  var files: [String]

  @Option(help: ArgumentHelp("Windows of each table that are computed again.", valueName: "n"))
  var windows = 8

  @Option(help: ArgumentHelp("Another number chooses other windows.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("The recording of the one table (default: what it names).", valueName: "recording"))
  var input: String?

  @Option(
    help: ArgumentHelp("Folder that the recordings are below (default: that of the table).", valueName: "folder"))
  var root: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A query of a table of distances (default: beside the recording or the table).", valueName: "file"))
  var query: [String] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Configuration with the recognizers that scored a table of events.", valueName: "file"))
  var config: String?

  @Option(help: "Weights: a file, a folder of them, or seeded:MODEL (default: PERCH_RUNNER_WEIGHTS).")
  var weights: String?

  @OptionGroup(title: "Work") var work: WorkOptions
  @OptionGroup(title: "Messages") var logging: LoggingOptions

  func validate() throws {
    if files.contains("") { throw ValidationError("A path is empty.") }
  }

  func run() async throws {
    var choices = VerifyChoices()
    choices.windows = windows
    choices.seed = seed
    choices.recording = input
    choices.root = root
    choices.queries = query
    choices.weights = weights
    choices.jobs = work.jobs
    if let config { choices.configuration = try Configuration.read(config) }
    try await VerifyRun(choices, observer: logging.observer).run(files) { line in print(line) }
  }
}
