import ArgumentParser
import COpenBLAS
import FoundationEssentials
import Glibc
import KernelTable
import PerchTensor
import PerchWeights

@main
struct PerchBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perch-bench", abstract: "Measures perch-runner: kernels, steps of the networks, whole runs.",
    subcommands: [KernelsCommand.self, StagesCommand.self, WholeCommand.self, ShapesCommand.self])
}

/// The reference of the products.
enum BLAS {
  /// One thread with the instructions of `build`.
  ///
  /// OpenBLAS knows processors by their model number, and one that it does not know, as virtual machines show
  /// them, gets kernels for SSE: no reference for AVX. It reads the variable that names other kernels when it
  /// is loaded, so this process begins again with it. A choice of the user stays.
  static func use(_ build: KernelBuild) {
    openblas_set_num_threads(1)
    let cores: [KernelBuild: String] = [.baseline: "Nehalem", .v3: "Haswell", .v4: "SkylakeX"]
    let variable = "OPENBLAS_CORETYPE"
    guard let core = cores[build], getenv(variable) == nil else { return }
    setenv(variable, core, 1)
    var words: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &words)
    // Still here: there is no such file. The reference is then what OpenBLAS chose; the first line names it.
  }
}

/// What all levels take.
struct Choices: ParsableArguments {
  @Option(help: "Kernel build: baseline, v3 or v4 (default: the widest of this processor).")
  var kernels: String?

  @Option(help: ArgumentHelp("JSON lines to this file; - for standard output.", valueName: "file"))
  var json: String?

  @Option(help: "perch_8 or perch_v2 (default: both).")
  var model: SeededModel?

  var models: [SeededModel] { model.map { [$0] } ?? [.perch8, .perchV2] }

  /// The kernel build, its limits, and a report that begins with the machine.
  func begin() throws -> (kernels: KernelTable, limits: Limits, report: Report) {
    let tables = Kernels.available
    let chosen = kernels.map { name in tables.first { $0.build.rawValue.hasSuffix(name) } } ?? tables.last
    guard let table = chosen else {
      let known = tables.map { $0.build.rawValue.split(separator: "-").last ?? "" }.joined(separator: ", ")
      throw ValidationError("No kernels '\(kernels ?? "")' for this processor; it runs \(known).")
    }
    BLAS.use(table.build)
    let limits = Limits(build: table.build)
    let report = try Report(json: json)
    try report.add(Machine(limits))
    return (table, limits, report)
  }
}

extension SeededModel: ExpressibleByArgument {}

struct KernelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels", abstract: "Every shape of shapes.txt alone, against OpenBLAS and the core's limit.")

  @OptionGroup var choices: Choices

  @Option(help: ArgumentHelp("Other shapes than those of the networks.", valueName: "file"))
  var shapes: String?

  @Option(help: "Only rows whose name contains this.")
  var filter: String?

  @Option(help: "Seconds for each shape.")
  var seconds = 0.1

  func run() throws {
    let (kernels, limits, report) = try choices.begin()
    report.head("kernel")
    let path = shapes ?? KernelShape.file.path
    let level = KernelLevel(kernels: kernels, limits: limits, seconds: seconds)
    let networks = choices.models.map(\.rawValue)
    for shape in try KernelShape.parse(String(contentsOfFile: path, encoding: .utf8)) {
      guard shapes != nil || networks.contains(shape.network) else { continue }
      guard filter.map({ shape.name.contains($0) }) ?? true else { continue }
      try report.add(level.measure(shape))
    }
  }
}

struct StagesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stages", abstract: "Frontend, stem, blocks and head inside the network, and their kernels.")

  @OptionGroup var choices: Choices

  @Option(help: "Seconds for each model.")
  var seconds = 3.0

  func run() throws {
    let (kernels, limits, report) = try choices.begin()
    for model in choices.models {
      report.head("step")
      let level = try StageLevel(model, kernels: kernels, limits: limits)
      for record in level.measure(seconds: seconds) { try report.add(record) }
    }
  }
}

struct WholeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "whole", abstract: "The built program: windows in memory, and a file to Parquet.")

  @OptionGroup var choices: Choices

  @Option(help: ArgumentHelp("The program (default: .build/release/perch-runner).", valueName: "file"))
  var program: String?

  @Option(help: "Seconds for each row.")
  var seconds = 3.0

  func run() throws {
    guard choices.kernels == nil else { throw ValidationError("The program chooses its kernels itself.") }
    let (_, _, report) = try choices.begin()
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let built = KernelShape.file.deletingLastPathComponent().appending(path: "../../.build/release/perch-runner")
    for model in choices.models {
      let level = WholeLevel(program: program ?? built.path, model: model.rawValue, seconds: seconds)
      report.head("run")
      for jobs in Set([1, cores]).sorted() {
        for record in try level.measure(jobs: jobs) {
          try report.add(record)
          let more = (record.more ?? [:]).sorted { $0.key < $1.key }
          report.say("    " + more.map { "\($0.key) \($0.value.text(3))" }.joined(separator: "  "))
        }
      }
    }
  }
}

struct ShapesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shapes", abstract: "Prints shapes.txt from the settings of both models.")

  @Flag(help: "Compare with the file instead; fail where they differ.")
  var check = false

  func run() throws {
    guard check else { return print(KernelShape.text, terminator: "") }
    let written = try String(contentsOf: KernelShape.file, encoding: .utf8)
    guard written == KernelShape.text else {
      throw ValidationError("shapes.txt is not what the models compute; write it anew with 'perch-bench shapes'.")
    }
  }
}

extension KernelShape {
  /// `shapes.txt` beside the sources.
  static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "shapes.txt")
}
