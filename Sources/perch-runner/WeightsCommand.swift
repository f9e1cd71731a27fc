import ArgumentParser
import PerchCore
import PerchWeights
import SystemPackage

struct Weights: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes and checks weights files.", subcommands: [Export.self, Verify.self, Seed.self])
}

extension Weights {
  struct Seed: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes weights made from a formula, to try and test the program without trained ones.")

    @Argument(help: "perch_8, perch_8_c (perch_8 with the settings it probably was released with) or perch_v2.")
    var model: SeededModel

    @Option(name: [.short, .long], help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String

    @Option(help: "Classes of the heads, as in label=64,genus=8; heads not named are left out (default: all).")
    var classes: ClassCounts?

    @Option(help: "float32 or float16: how kernels are stored.")
    var dtype: WeightFileWriter.Storage = .float32

    func run() throws {
      let heads = try classes?.counts(of: model)
      try WeightFileWriter.write(
        SeededWeights(model, classes: heads), to: FilePath(output), storage: dtype)
    }
  }
}

/// Numbers of classes by head, in the order given.
struct ClassCounts: ExpressibleByArgument {
  private var given: [(head: String, count: Int)] = []

  init?(argument: String) {
    for pair in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
      // A million classes is far beyond any list of species and still fits in memory.
      guard parts.count == 2, !parts[0].isEmpty, let count = Int(parts[1]), (1...1_000_000).contains(count),
        !given.contains(where: { $0.head == parts[0] })
      else { return nil }
      given.append((String(parts[0]), count))
    }
  }

  /// - Throws: exit code 2 for a head that the model does not have.
  func counts(of model: SeededModel) throws(RunnerError) -> [(head: String, count: Int)] {
    let known = model.classes.map(\.head)
    for (head, _) in given where !known.contains(head) {
      throw RunnerError(
        "--classes", "\(model.rawValue) has no head '\(head)'",
        remedy: "its heads are \(known.joined(separator: ", "))", exit: .usage)
    }
    return given
  }
}

extension SeededModel: ExpressibleByArgument {}
extension WeightFileWriter.Storage: ExpressibleByArgument {}
