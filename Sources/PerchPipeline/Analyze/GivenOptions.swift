import PerchCore
import SystemPackage

/// An option as somebody gave it.
package struct GivenOption: Equatable, Sendable {
  enum Value: Equatable, Sendable {
    case text(String)
    case list([String])
    /// Keys with values; of a key that is there twice the last counts.
    case members([String: String])
    /// YAML's null.
    case null
  }

  let option: AnalyzeOption
  let value: Value
  /// File and line; nil on the command line.
  let line: String?

  /// A complaint about the option.
  func refuses(_ cause: String, _ remedy: String) -> RunnerError {
    if let line { return RunnerError(line, "\(option.rawValue): \(cause)", remedy: remedy, exit: .usage) }
    return RunnerError("--\(option.rawValue)", cause, remedy: remedy, exit: .usage)
  }

  /// The option as messages name it.
  var name: String { line.map { "\($0): \(option.rawValue)" } ?? "--\(option.rawValue)" }

  /// Whether it says true, or anything at all that is not a no: whether what it belongs to is asked for by it.
  var isAsking: Bool {
    switch value {
    case .null: false
    case .text(let text): option == .classifyRequiresList ? !text.meansNothing : !text.isEmpty
    case .list(let elements): !elements.isEmpty
    case .members(let members): !members.isEmpty
    }
  }
}

extension String {
  /// Whether a word is one of those that stand for "no" and for "not there".
  var meansNothing: Bool { ["none", "false", "null"].contains(trimmed.lowercased()) }
}

/// Options of `analyze` from the command line and a configuration file; the command line wins.
package struct GivenOptions: Sendable {
  private var options: [AnalyzeOption: GivenOption]
  /// Where files with relative names are looked for first.
  let folder: FilePath

  /// - Parameters:
  ///   - commandLine: texts as they were typed.
  ///   - configuration: what a file says; nil without one.
  package init(commandLine: [AnalyzeOption: String], configuration: AnalyzeConfiguration? = nil) {
    options = configuration?.options ?? [:]
    folder = configuration?.folder ?? FilePath(AnalyzeConfiguration.usualFolder)
    for (option, text) in commandLine {
      options[option] = GivenOption(option: option, value: .text(text), line: nil)
    }
  }

  subscript(option: AnalyzeOption) -> GivenOption? { options[option] }

  /// The options among `some` that ask for what they belong to.
  func asking(_ some: [AnalyzeOption]) -> [GivenOption] { some.compactMap { self[$0] }.filter(\.isAsking) }

  /// One value without blanks at its ends; nil where it is not given or null.
  func text(_ option: AnalyzeOption) throws(RunnerError) -> String? {
    guard let given = self[option], given.value != .null else { return nil }
    guard case .text(let text) = given.value else { throw given.refuses("is not one value", "write one value") }
    return text.trimmed
  }

  /// One value that may also say that there is none.
  func optionalText(_ option: AnalyzeOption) throws(RunnerError) -> String? {
    try text(option).flatMap { $0.isEmpty || $0.meansNothing ? nil : $0 }
  }

  /// true or false; nil where nobody says. null is false.
  func bool(_ option: AnalyzeOption) throws(RunnerError) -> Bool? {
    guard let given = self[option] else { return nil }
    guard let text = try text(option), !text.meansNothing else { return false }
    guard text.lowercased() == "true" else {
      throw given.refuses("'\(text)' is neither true nor false", "give true or false")
    }
    return true
  }

  /// One of a few words, in any letter case.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ option: AnalyzeOption, of type: Choice.Type = Choice.self
  ) throws(RunnerError) -> Choice? {
    guard let text = try text(option), let given = self[option] else { return nil }
    guard let choice = Choice(rawValue: text.lowercased()) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw given.refuses("'\(text)' is not one of \(known)", "give one of them")
    }
    return choice
  }

  /// A file that was named: absolute, below the configuration's folder, or below the working directory.
  func file(named name: String) -> FilePath {
    let path = FilePath(name)
    let beside = folder.pushing(path)
    return path.isRelative && (try? beside.stat()) != nil ? beside : path
  }
}
