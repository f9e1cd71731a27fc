import ArgumentParser
import PerchCore
import PerchExport
import PerchWeights
import SystemPackage

extension Weights {
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Turns a released model into a weights file, or says why not.",
      discussion: """
        <source> is the folder of a SavedModel (perch_v2, perch_8) or an ONNX file (perch_v2). Nothing is \
        guessed: a file that is not exactly as expected is refused. perch_8, and perch_v2 with other weights \
        than the released ones, need the outputs of the source model; tools/verification makes them.
        """)

    @Argument(help: "A SavedModel folder or an .onnx file.")
    var source: String

    @Option(name: [.short, .long], help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Outputs of the source model, from tools/verification.", valueName: "file"))
    var verification: String?

    @Option(help: ArgumentHelp("Label file of an ONNX model (default: labels.csv beside it).", valueName: "file"))
    var labels: String?

    @Option(help: "float32 or float16: how kernels are stored.")
    var dtype: WeightFileWriter.Storage = .float32

    @Flag(help: "Check everything and print what would become of each tensor; write nothing.")
    var dryRun = false

    func validate() throws {
      guard dryRun || output != nil else { throw ValidationError("Name the file to write with --output.") }
    }

    func run() throws {
      var options = WeightExport.Options()
      options.labels = labels.map { FilePath($0) }
      options.verification = verification.map { FilePath($0) }
      options.storage = dtype
      let path = FilePath(source)
      let export: WeightExport
      do { export = try WeightExport(path, options) } catch let fault as ExportFault { throw fault.error(in: path) }
      for warning in export.warnings {
        Console.shared.message("warning: \(path.string.printable): \(warning.text.printable)")
      }
      if dryRun { for summary in export.summaries { print(summary.line) } }
      for finding in export.findings { print(finding.printable) }
      for distance in export.distances { print(distance.line) }
      if dtype == .float16 {
        print("effect of float16 on the embedding: \(try export.halfPrecisionEffect()) (relative L2)")
      }
      guard let output, !dryRun else { return }
      print("SHA-256 of \(output.printable): \(try export.write(to: FilePath(output)))")
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Checks a weights file: structure, values, digests, and what the source model answered.")

    @Argument(help: "The weights file.")
    var file: String

    func run() throws {
      let check = try WeightCheck(FilePath(file))
      for line in check.lines { print(line.printable) }
      if let error = check.error { throw error }
    }
  }
}

extension TensorSummary {
  /// A line of the table: dataset, shape, source, least, greatest and mean value.
  fileprivate var line: String {
    let shape = shape.map(String.init).joined(separator: "x")
    return "\(path) \(shape) \(sourceName.printable) \(least) \(greatest) \(Float(mean))"
  }
}

extension Distance {
  fileprivate var line: String {
    "\(output.printable) on \(window.printable): relative L2 \(Float(relativeL2)), greatest \(Float(greatest))"
      + (isGate ? "" : " (not judged)")
  }
}
