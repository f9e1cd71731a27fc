import ArgumentParser
import PerchCore
import PerchPipeline
import PerchTables
import SystemPackage

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a table with the embeddings of a perch-hoplite database.",
    discussion: """
      The database is a folder with hoplite.sqlite and usearch.index. The table is \
      <output-directory>/<name of the folder>.embeddings.parquet.
      """)

  @Argument(help: "Folder of the database.")
  var database: String

  @Argument(help: "Folder for the table; made when absent.")
  var outputDirectory: String

  @Option(name: [.customShort("F"), .long], help: "csv or parquet.")
  var format: TableFormat = .parquet

  @Option(help: "list, or the columns of upstream's tables: columns or serialized.")
  var layout: EmbeddingLayout = .list

  @Option(help: "Where the provenance goes: header, sidecar (a .json beside the table), none.")
  var metadata: MetadataPlacement = .header

  @OptionGroup(title: "Messages") var logging: LoggingOptions

  func run() throws {
    try ImportRun(format: format, layout: layout, metadata: metadata, observer: logging.observer)
      .run(database, to: FilePath(outputDirectory))
  }
}
