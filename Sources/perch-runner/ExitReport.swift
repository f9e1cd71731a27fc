import ArgumentParser
import PerchCore

/// How the program ends: exit code, and what is told on which stream.
enum ExitReport {
  /// Text that was asked for (`--help`, `--version`, a completion script).
  case asked(String)
  case failed(RunnerError)

  init(_ error: any Error) {
    switch error {
    case let error as RunnerError: self = .failed(error)
    case is CancellationError: self = .failed(.interrupted)
    default:
      let text = PerchRunner.fullMessage(for: error)
      switch PerchRunner.exitCode(for: error) {
      case .success: self = .asked(text)
      case .validationFailure:
        self = .failed(Self.usage(PerchRunner.message(for: error), help: Self.help(in: text)))
      default: self = .failed(Self.fault(error))
      }
    }
  }

  var status: Int32 {
    switch self {
    case .asked: PerchCore.ExitCode.success.rawValue
    case .failed(let error): error.exit.rawValue
    }
  }

  func tell() {
    Console.shared.draw("")
    switch self {
    case .asked(let text): print(text)
    case .failed(let error): Console.shared.message(error.description)
    }
  }

  /// The parser's message as the one line that every error is. It says what to choose from after the
  /// first full stop, sometimes over several lines.
  private static func usage(_ message: String, help: String) -> RunnerError {
    let line = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let sentence = line.firstRange(of: ". ")
    let cause = sentence.map { line[..<$0.lowerBound] } ?? line[...]
    let rest = sentence.map { line[$0.upperBound...] } ?? ""
    let remedy = rest.isEmpty ? help[...] : rest
    return RunnerError("command line", Self.phrase(cause), remedy: Self.phrase(remedy), exit: .usage)
  }

  /// Without the capital and the full stop of a sentence.
  private static func phrase(_ sentence: some StringProtocol) -> String {
    var text = String(sentence.prefix(1).lowercased() + sentence.dropFirst())
    while text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// The parser ends a message with `See '<command> --help' for more information.`
  private static func help(in text: String) -> String {
    guard let start = text.firstRange(of: "See '"),
      let end = text[start.upperBound...].firstIndex(of: "'")
    else { return "see 'perch-runner --help'" }
    return "see '\(text[start.upperBound..<end])'"
  }

  /// Anything that no part of the program foresaw.
  private static func fault(_ error: any Error) -> RunnerError {
    RunnerError(
      "perch-runner \(programVersion)", "unexpected fault: \(error)",
      remedy: "please report it with the command you ran", exit: .internalFault)
  }
}
