import ArgumentParser
import PerchCore
import PerchPipeline

struct Version: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Prints the version and the models.")

  func run() {
    print("perch-runner \(programVersion)")
    print("Models:")
    for model in ModelName.allCases { print("  \(model.rawValue): \(model.summary)") }
  }
}
