import ArgumentParser
import Glibc
import PerchCore
import PerchPipeline

@main
struct PerchRunner: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perch-runner",
    abstract: "Turns sound recordings into embeddings of Google's Perch models.",
    version: programVersion,
    subcommands: [Generate.self, Weights.self, Version.self])

  static func main() async {
    Signals.install { error in
      InProgressFiles.removeAll()
      Console.shared.draw("")
      Console.shared.message(error.description)
    }
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      end(ExitReport(error))
    }
  }

  private static func end(_ report: ExitReport) -> Never {
    Console.shared.draw("")
    switch report {
    case .asked(let text):
      print(text)
      Glibc.exit(EXIT_SUCCESS)
    case .failed(let error):
      Console.shared.message(error.description)
      Glibc.exit(error.exit.rawValue)
    }
  }
}
