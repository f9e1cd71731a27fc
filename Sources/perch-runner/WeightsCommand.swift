import ArgumentParser
import PerchCore
import PerchPipeline
import PerchWeights

struct Weights: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes weights files.", subcommands: [Seed.self])
}

extension Weights {
  struct Seed: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes weights made from a formula, to try and test the program without trained ones.")

    @Argument(help: "perch_8, perch_8_c (perch_8 with convolutional framing) or perch_v2.")
    var model: String

    @Option(name: [.short, .long], help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("Classes of each head, as in label=64,genus=8.", valueName: "list"))
    var classes: String?

    @Option(help: "float32 or float16, how kernels are stored.")
    var dtype: WeightStorage = .float32

    func run() throws {
    }
  }
}

enum WeightStorage: String, CaseIterable, ExpressibleByArgument { case float32, float16 }
