import ArgumentParser
import FoundationEssentials
import Glibc
import Logging
import PerchCore
import PerchPipeline

/// What is told on standard error while a command works.
struct LoggingOptions: ParsableArguments {
  @Option(
    name: [.long, .customLong("log_level")],
    help: "Least important messages to show: debug, info, warning or error.")
  var logLevel: LogLevel = .info

  @Flag(name: [.short, .long], help: "Show errors only, and no progress.")
  var quiet = false

  @Flag(name: [.short, .long], help: "Show everything, as --log-level debug does.")
  var verbose = false

  @Option(help: "Progress: auto (a line, on a terminal only), none, or ndjson (a JSON object a line).")
  var progress: ProgressStyle = .auto

  func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose contradict each other.") }
  }

  var logger: Logger {
    let level: Logger.Level = quiet ? .error : verbose ? .debug : logLevel.level
    return Logger(label: "perch-runner") { _ in LineLogHandler(logLevel: level) }
  }

  var observer: Observer { Observer(logger: logger, progress: progress, isQuiet: quiet) }
}

extension Observer {
  /// Notes become log lines; progress goes where `--progress` says.
  init(logger: Logger, progress style: ProgressStyle, isQuiet: Bool) {
    let isShown = !isQuiet && !(style == .auto && isatty(STDERR_FILENO) == 0)
    let show = isShown ? style : .none
    self.init(
      note: { note in logger.log(level: note.level.log, "\(note.subject): \(note.text)") },
      progress: { progress in
        switch show {
        case .none: break
        case .auto: Console.shared.draw(progress.isEnd ? "" : progress.line)
        case .ndjson: Console.shared.message(progress.json)
        }
      },
      failure: { error in Console.shared.message(error.description) },
      batch: { progress in
        switch show {
        case .none: break
        case .auto: Console.shared.draw(progress.event == .end ? "" : progress.line)
        case .ndjson: Console.shared.message(progress.json)
        }
      })
  }
}

enum ProgressStyle: String, CaseIterable, ExpressibleByArgument { case auto, none, ndjson }

enum LogLevel: String, CaseIterable, ExpressibleByArgument {
  case debug, info, warning, error

  /// In any letter case: upstream's users write `INFO`.
  init?(argument: String) { self.init(rawValue: argument.lowercased()) }

  var level: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .warning: .warning
    case .error: .error
    }
  }
}

extension Note.Level {
  var log: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .warning: .warning
    }
  }
}

extension Configuration {
  /// The file that was named, or what holds without one.
  static func read(ifGiven path: String?) throws(RunnerError) -> Configuration {
    guard let path else { return Configuration() }
    return try read(path)
  }
}

/// Which model, and whose numbers.
struct ModelOptions: ParsableArguments {
  @Option(help: "perch_8 or perch_v2 (default: what the weights file holds, else perch_v2).")
  var model: ModelName?

  @Option(
    help: "Weights: a file, a folder of them, or seeded:MODEL for a trial (default: PERCH_RUNNER_WEIGHTS).")
  var weights: String?
}

/// What is read and where the result goes: two words, or the option names of version 1.
struct PathOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Recording, or folder of recordings.", valueName: "input-file"))
  var first: String?

  @Argument(help: ArgumentHelp("Folder for the tables; made when absent.", valueName: "output-directory"))
  var second: String?

  @Option(help: ArgumentHelp("Old form of <input-file>.", valueName: "path"))
  var source: String?

  @Option(
    help: ArgumentHelp(
      "Old form of <output-directory>; a name ending in .parquet or .csv is the file.",
      valueName: "path"))
  var output: String?

  @Option(
    name: [.short, .long, .customLong("config_file")],
    help: ArgumentHelp("Configuration in YAML or JSON; the command line wins.", valueName: "file"))
  var config: String?

  func validate() throws {
    let given = [source, output, first, second].compactMap(\.self)
    if given.contains("") { throw ValidationError("A path is empty.") }
    if given.count > 2 { throw ValidationError("There are more than two paths.") }
    if given.isEmpty { throw ValidationError("Missing expected argument '<input-file>'.") }
    if given.count == 1 { throw ValidationError("Missing expected argument '<output-directory>'.") }
  }

  /// Of two words the first is the input; a word beside one of the old options is the other of the two.
  var input: String { source ?? first ?? "" }

  /// The output as it was typed, and whether the old option named it.
  var target: (path: String, old: Bool) {
    if let output { return (output, true) }
    return ((source == nil ? second : first) ?? "", false)
  }
}
