import ArgumentParser
import Logging
import PerchCore
import PerchPipeline

/// What is told while `analyze` works, and where.
struct AnalyzeMessages: ParsableArguments {
  @Option(
    name: [.customLong("log_level"), .customLong("log-level")],
    help: ArgumentHelp("DEBUG, INFO, WARNING, ERROR or CRITICAL (default: INFO).", valueName: "level"))
  var level: String?

  @Option(
    name: .customLong("log_file"), help: ArgumentHelp("A file that messages go to as well.", valueName: "file"))
  var file: String?

  @Flag(name: [.short, .long], help: "Show errors only, and no progress.")
  var quiet = false

  @Flag(name: [.short, .long], help: "Show everything, as --log_level debug does.")
  var verbose = false

  @Option(help: "Progress: auto (a line, on a terminal only), none, or ndjson (a JSON object a line).")
  var progress: ProgressStyle = .auto

  @Option(name: .customLong("hoplite_log_level"), help: "Accepted, without effect.")
  var hopliteLevel: String?

  @Option(name: .customLong("tf_log_level"), help: "Accepted, without effect.")
  var tensorflowLevel: String?

  func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose contradict each other.") }
  }

  var texts: [AnalyzeOption: String?] {
    [.logLevel: level, .logFile: file, .hopliteLogLevel: hopliteLevel, .tensorflowLogLevel: tensorflowLevel]
  }

  /// - Throws: exit code 6 when the log file cannot be written.
  func observer(_ settings: AnalyzeSettings.Messages) throws(RunnerError) -> Observer {
    if let file = settings.file { try Console.shared.copy(to: file) }
    let isQuiet = quiet || settings.isQuiet
    let level: Logger.Level = isQuiet ? .error : verbose ? .debug : settings.level.log
    return Observer(
      logger: Logger(label: "perch-runner") { _ in LineLogHandler(logLevel: level) }, progress: progress,
      isQuiet: quiet)
  }
}
