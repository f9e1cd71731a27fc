import FoundationEssentials
import PerchCore
import SystemPackage

/// Finds the weights that a command uses: the option `--weights FILE|FOLDER|seeded:NAME`, else the
/// variable `PERCH_RUNNER_WEIGHTS`, else the folder `weights` beside the program, else `/app/weights`.
package struct WeightLocator: Sendable {
  /// What stands behind a name.
  package enum Place: Equatable, Sendable {
    case file(FilePath)
    case seeded(SeededModel)
  }

  /// The environment variable that stands for `--weights`.
  package static let variable = "PERCH_RUNNER_WEIGHTS"
  /// The model that is looked for in a folder when nobody names one.
  package static let defaultModel = "perch_v2"

  private let option: String?
  private let environment: String?
  private let folders: [FilePath]

  /// `option` is the text of `--weights`, `environment` the value of the variable; an empty one counts as
  /// not given. `folders` are searched, in order, when neither is given.
  package init(
    option: String?, environment: String?, folders: [FilePath] = WeightLocator.usualFolders
  ) {
    self.option = option
    self.environment = environment.flatMap { $0.isEmpty ? nil : $0 }
    self.folders = folders
  }

  /// `weights` beside the running program, then the container image's `/app/weights`.
  package static var usualFolders: [FilePath] {
    let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let beside = program.map { FilePath($0).removingLastComponent().appending("weights") }
    return [beside, "/app/weights"].compactMap { $0 }
  }

  /// Where the weights of `model` (default: perch_v2) are. A place that somebody named is not replaced by
  /// another when nothing is there: opening it then says so.
  package func locate(model: String? = nil) throws(RunnerError) -> Place {
    let file = "\(model ?? Self.defaultModel).h5"
    if let named = option ?? environment {
      if named.hasPrefix("seeded:") { return try seeded(named) }
      let path = FilePath(named)
      return .file(isFolder(path) ? path.appending(file) : path)
    }
    for folder in folders where FileManager.default.fileExists(atPath: folder.appending(file).string) {
      return .file(folder.appending(file))
    }
    throw absent(file)
  }

  /// Opens what `locate` finds. A `model` that the weights do not hold is an error.
  ///
  /// - Parameter usual: the model that is looked for in a folder when `model` is nil; other weights that
  ///   somebody named are opened all the same.
  package func open(
    model: String? = nil, usual: String? = nil, heads: ModelSettings.HeadChoice = .none
  ) throws(RunnerError) -> any WeightSource {
    let source: any WeightSource
    let subject: String
    switch try locate(model: model ?? usual) {
    case .seeded(let seeded):
      let weights = SeededWeights(seeded, classes: seeded.classes.filter { heads.contains($0.head) })
      (source, subject) = (weights, "seeded:\(seeded.rawValue)")
    case .file(let path): (source, subject) = (try WeightFile(path: path, heads: heads), path.string)
    }
    guard let model, model != source.settings.name else { return source }
    throw RunnerError(
      subject, "holds \(source.settings.name), not \(model)",
      remedy: "leave --model out or name weights of \(model)", exit: .weights)
  }

  private func isFolder(_ path: FilePath) -> Bool {
    var isFolder = false
    return FileManager.default.fileExists(atPath: path.string, isDirectory: &isFolder) && isFolder
  }

  private func seeded(_ name: String) throws(RunnerError) -> Place {
    if let model = SeededModel(rawValue: String(name.dropFirst("seeded:".count))) { return .seeded(model) }
    let known = SeededModel.allCases.map { "seeded:\($0.rawValue)" }.joined(separator: ", ")
    throw RunnerError(name, "there are no seeded weights of that name", remedy: "use \(known)", exit: .weights)
  }

  private func absent(_ file: String) -> RunnerError {
    let places = folders.map(\.string).joined(separator: " or ")
    return RunnerError(
      file, "no such weights in \(places)",
      remedy: "get the released model (Kaggle google/bird-vocalization-classifier, or Hugging Face "
        + "justinchuby/Perch-onnx for perch_v2), turn it into a weights file as weights/README.md says and "
        + "name that with --weights, or try --weights seeded:perch_v2",
      exit: .weights)
  }
}
