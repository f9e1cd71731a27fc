import ArgumentParser
import PerchCore
import PerchPipeline

struct Labels: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the classes of a model, one a line, in the order of its logits.",
    discussion: """
      The lists of perch_8 (10,932 classes) and perch_v2 (14,795) are part of the program: no weights are needed. \
      They are those of Google's models, Apache License 2.0, as QutEcoacoustics/perch-runner publishes them.
      """)

  @Option(help: "perch_8 or perch_v2 (default: what the weights file holds, else perch_v2).")
  var model: ModelName?

  @Option(help: "Classes of these weights instead: a file, a folder of them, or seeded:MODEL.")
  var weights: String?

  func run() throws {
    print(try ClassLabels.of(model: model, weights: weights).map { $0 + "\n" }.joined(), terminator: "")
  }
}
