import ArgumentParser
import PerchCore
import PerchPipeline
import PerchTables
import PerchTensor
import SystemPackage

struct Search: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds the windows in tables of embeddings that are most like query clips.",
    usage: "perch-runner search [<options>] <tables> <query-file> ... <output-directory>",
    discussion: """
      <tables> is a table of embeddings, a NumPy matrix (.npy, float32 or float16), or a folder of them; a query \
      is a clip of 5 s, or a table or matrix with a row for each query. Every row is compared: nothing is \
      missed. The result is <output-directory>/<name of the tables>.search.csv, for each query its best rows by \
      falling score; rows of equal score stand in the order of the tables.
      """)

  @OptionGroup var paths: QueryPaths
  @OptionGroup(title: "Queries") var query: QueryOptions
  @OptionGroup(title: "Model") var models: ModelOptions

  @Option(help: ArgumentHelp("Rows for each query.", valueName: "n"))
  var top = 10

  @Option(help: "cosine similarity, or dot: the dot product.")
  var score: SimilarityScore = .cosine

  @Option(name: [.customShort("F"), .long], help: "csv or parquet.")
  var format: TableFormat = .csv

  @Option(help: "Where the provenance goes: header, sidecar (a .json beside the table), none.")
  var metadata: MetadataPlacement = .header

  @Option(help: ArgumentHelp("Writes the times of repeated searches to a file instead.", visibility: .hidden))
  var timing: String?

  @Option(help: ArgumentHelp("Searches that are timed.", visibility: .hidden))
  var repeats = 5

  @Option(help: ArgumentHelp("Workers (default: the cores allowed).", valueName: "n"))
  var jobs: Int?

  @OptionGroup(title: "Messages") var logging: LoggingOptions

  func run() async throws {
    let configuration = try paths.config.map { path throws(RunnerError) in try Configuration.read(path) }
    let options = GenerateOptions(models, jobs: jobs)
    let settings = try GenerateSettings(options, configuration: configuration ?? Configuration())
    var choices = SearchChoices()
    choices.top = top
    choices.score = score
    choices.format = format
    choices.metadata = metadata
    choices.query = query.choices
    choices.timing = timing
    choices.repeats = repeats
    try await SearchRun(settings, choices: choices, observer: logging.observer)
      .run(paths.input, queries: paths.queries, to: .folder(FilePath(paths.output)))
  }
}

extension SimilarityScore: ExpressibleByArgument {}
