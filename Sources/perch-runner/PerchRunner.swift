import ArgumentParser
import PerchCore
import PerchPipeline

@main
enum Main {
  static func main() {
    Signals.run {
      await PerchRunner.status()
    } end: { error in
      InProgressFiles.removeAll()
      ExitReport.failed(error).tell()
    }
  }
}

struct PerchRunner: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perch-runner",
    abstract: "Turns sound recordings into embeddings and labels of Google's Perch models.",
    version: programVersion,
    subcommands: [
      Generate.self, Classify.self, DistanceCommand.self, Batch.self, Analyze.self, Search.self, Train.self,
      Verify.self, Labels.self, Import.self, Weights.self, DoctorCommand.self, Bench.self, ConfigCommand.self,
      Version.self,
    ])

  /// Does what the command line asks for and returns the exit status.
  static func status() async -> Int32 {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      return PerchCore.ExitCode.success.rawValue
    } catch {
      let report = ExitReport(error)
      report.tell()
      return report.status
    }
  }
}
