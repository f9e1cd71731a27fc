import ArgumentParser
import PerchCore
import PerchPipeline

struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how fast this machine makes embeddings.",
    discussion: """
      Windows go from memory through the frontend and the network, without files. What it prints is what is \
      needed to plan the work on an archive: hours of sound an hour, and for each core.
      """)

  @OptionGroup(title: "Model") var models: ModelOptions
  @OptionGroup(title: "Work") var work: WorkOptions

  @Option(help: ArgumentHelp("How long to measure; 0 for the first embedding alone.", valueName: "seconds"))
  var seconds = 10.0

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup(title: "Messages") var logging: LoggingOptions

  func run() async throws {
    let options = GenerateOptions(models, jobs: work.jobs)
    let run = try BenchRun(try GenerateSettings(options), seconds: seconds, observer: logging.observer)
    let report = try await run.run()
    print(json ? report.json : report.text)
  }
}
