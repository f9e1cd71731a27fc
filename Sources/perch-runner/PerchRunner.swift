import ArgumentParser
import PerchCore

@main
struct PerchRunner: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "perch-runner", version: programVersion)
}
