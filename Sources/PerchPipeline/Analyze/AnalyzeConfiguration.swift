import PerchCore
import SystemPackage
import Yams

/// The configuration file of `analyze`: YAML, so JSON too, with the options' names as keys.
package struct AnalyzeConfiguration: Sendable {
  let options: [AnalyzeOption: GivenOption]
  /// Where the file stands.
  let folder: FilePath

  /// Where a container is given its configuration.
  package static let usualFolder = "/mnt/config"
  private static let usualNames = ["config.yml", "config.yaml", "config.json"]

  /// The file in `folder` that has one of the usual names; nil when there is none.
  ///
  /// - Throws: exit code 2 when there are two.
  package static func find(in folder: String = usualFolder) throws(RunnerError) -> String? {
    let found = usualNames.map { FilePath(folder).appending($0) }.filter { (try? $0.stat()) != nil }
    guard found.count < 2 else {
      let names = found.compactMap(\.lastComponent?.string).joined(separator: " and ")
      throw RunnerError(
        folder, "holds \(names), and only one of them can be the configuration",
        remedy: "remove the others, or name one with --config_file", exit: .usage)
    }
    return found.first?.string
  }

  /// - Throws: an error with exit code 2 that names the file, the line and the key.
  package init(reading path: String) throws(RunnerError) {
    try self.init(TextFile.read(path, kind: "configuration file"), file: path)
  }

  /// - Parameter file: path of the file that `text` stands in.
  package init(_ text: String, file: String) throws(RunnerError) {
    folder = FilePath(file).removingLastComponent()
    var options: [AnalyzeOption: GivenOption] = [:]
    for (key, node) in try Configuration.entries(text, file: file) {
      let line = ConfigurationLine(file: file, mark: key.mark)
      guard let option = AnalyzeOption(rawValue: key.string) else {
        throw line.unknown(key.string, of: AnalyzeOption.allCases.map(\.rawValue))
      }
      options[option] = GivenOption(
        option: option, value: try Self.value(node, of: option, at: line), line: line.text)
    }
    self.options = options
  }

  private static func value(
    _ node: Node, of option: AnalyzeOption, at line: ConfigurationLine
  ) throws(RunnerError) -> GivenOption.Value {
    switch node {
    case .scalar(let scalar): return text(scalar).map { .text($0) } ?? .null
    case .sequence(let sequence):
      let elements = sequence.compactMap { $0.scalar.flatMap(text) }
      guard elements.count == sequence.count else {
        throw line.refuses("\(option.rawValue): holds more than texts", "write a list of texts")
      }
      return .list(elements)
    case .mapping(let mapping):
      var members: [String: String] = [:]
      for (key, value) in mapping {
        guard let key = key.scalar?.string, let value = value.scalar.flatMap(text) else {
          throw line.refuses(
            "\(option.rawValue): a key has no value, or more than one", "write one value for each key")
        }
        members[key] = value
      }
      return .members(members)
    case .alias: throw line.refuses("\(option.rawValue): is an alias", "write the value itself")
    }
  }

  /// The text of a scalar; nil for null. Truth values, of which YAML 1.1 has many, become `true` and `false`.
  private static func text(_ scalar: Node.Scalar) -> String? {
    guard scalar.style == .plain else { return scalar.string }
    switch scalar.string {
    case "", "~", "null", "Null", "NULL": return nil
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return "true"
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return "false"
    default: return scalar.string
    }
  }
}
