import PerchCore
import SystemPackage

/// What a table of `analyze` holds; the raw value is what `{analysis}` stands for.
enum Analysis: String, CaseIterable, Sendable {
  case embeddings
  case recognizerResults = "recognizer_results"
  case classifyResults = "classify_results"

  fileprivate var tokens: [PathTemplate.Token] {
    let common: [PathTemplate.Token] = [.parents, .filestem, .ext, .analysis]
    return switch self {
    case .embeddings: common + [.tableFormat]
    case .recognizerResults: common + [.classifierName]
    case .classifyResults: common
    }
  }
}

/// Templates with names.
enum PathType: String, CaseIterable, Sendable {
  case flat, nested
  case flatFilestem = "flat_filestem"
  case nestedFilestem = "nested_filestem"

  var template: String {
    switch self {
    case .flat: "{analysis}{ext}"
    case .nested: "{parents}/{analysis}{ext}"
    case .flatFilestem: "{filestem}{ext}"
    case .nestedFilestem: "{parents}/{filestem}{ext}"
    }
  }
}

/// How the path of a table comes from that of a recording.
struct PathTemplate: Equatable, Sendable {
  enum Token: String, CaseIterable, Sendable {
    /// Folders of the recording below the source; may be empty.
    case parents
    case filestem
    /// The table's file name extension, with its dot.
    case ext
    case analysis
    case tableFormat = "embeddings_table_format"
    case classifierName = "classifier_name"
  }

  enum Part: Equatable, Sendable {
    case text(String)
    case token(Token)
  }

  /// What the tokens of a path stand for.
  struct Values {
    /// Relative to the source.
    let recording: FilePath
    /// Without the dot.
    let ending: String
    var layout = ""
    var classifier = ""
  }

  let analysis: Analysis
  let parts: [Part]

  /// Whether each recognizer has tables of its own.
  var namesClassifier: Bool { parts.contains(.token(.classifierName)) }

  init(_ type: PathType, for analysis: Analysis) {
    self.analysis = analysis
    parts = Template.parts(of: type.template).map { part in
      if case .token(let name) = part, let token = Token(rawValue: name) { return .token(token) }
      return .text(part.text)
    }
  }

  /// - Parameter given: the option that `text` comes from.
  /// - Throws: exit code 2 for an unknown token or a path that could leave the output folder.
  init(_ text: String, for analysis: Analysis, from given: GivenOption) throws(RunnerError) {
    self.analysis = analysis
    guard !text.isEmpty else { throw given.refuses("the template is empty", "give one such as {filestem}{ext}") }
    let path = text.replacing("\\", with: "/")
    guard !path.hasPrefix("/") else {
      throw given.refuses("'\(text)' is an absolute path", "give a path below the output folder")
    }
    guard !path.split(separator: "/").contains("..") else {
      throw given.refuses("'\(text)' leaves the output folder with '..'", "give a path below it")
    }
    var parts: [Part] = []
    for part in Template.parts(of: path) {
      switch part {
      case .text(let text): parts.append(.text(text))
      case .token(let name):
        guard let token = Token(rawValue: name), analysis.tokens.contains(token) else {
          let known = analysis.tokens.map { "{\($0.rawValue)}" }.joined(separator: ", ")
          throw given.refuses("'{\(name)}' is not a token of this path", "use \(known)")
        }
        parts.append(.token(token))
      case .strayBrace: throw given.refuses("'\(text)' has a brace without its partner", "write {token}")
      }
    }
    self.parts = parts
  }

  /// The path of the table below the output folder. A name that does not end in the table's extension gets it.
  ///
  /// - Returns: also another extension that stood there, which the user may not have meant.
  func path(_ values: Values) -> (path: FilePath, otherEnding: String?) {
    let text = parts.map { part in
      switch part {
      case .text(let text): text
      case .token(let token): value(of: token, values)
      }
    }.joined()
    let path = FilePath(text.split(separator: "/").joined(separator: "/"))
    let (stem, ending) = (path.stem ?? "", path.extension)
    if ending == values.ending, !stem.isEmpty { return (path, nil) }
    return (FilePath("\(path.string).\(values.ending)"), ending.flatMap { $0.isEmpty ? nil : $0 })
  }

  private func value(of token: Token, _ values: Values) -> String {
    switch token {
    case .parents: values.recording.removingLastComponent().string
    case .filestem: values.recording.stem ?? ""
    case .ext: ".\(values.ending)"
    case .analysis: analysis.rawValue
    case .tableFormat: values.layout
    case .classifierName: values.classifier
    }
  }
}

/// Text with `{tokens}` in it.
enum Template {
  enum Part: Equatable {
    case text(String)
    case token(String)
    /// A brace that begins or ends nothing.
    case strayBrace

    /// As it is written.
    var text: String {
      switch self {
      case .text(let text): text
      case .token(let name): "{\(name)}"
      case .strayBrace: ""
      }
    }
  }

  static func parts(of template: String) -> [Part] {
    var parts: [Part] = []
    var rest = template[...]
    while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      if brace > rest.startIndex { parts.append(.text(String(rest[..<brace]))) }
      let inside = rest[rest.index(after: brace)...]
      guard rest[brace] == "{", let end = inside.firstIndex(where: { $0 == "{" || $0 == "}" }), inside[end] == "}",
        end > inside.startIndex
      else { return parts + [.strayBrace] }
      parts.append(.token(String(inside[..<end])))
      rest = inside[inside.index(after: end)...]
    }
    if !rest.isEmpty { parts.append(.text(String(rest))) }
    return parts
  }
}
