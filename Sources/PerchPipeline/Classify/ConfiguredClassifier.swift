import PerchCore
import SystemPackage
import Yams

/// An entry of the configuration's `classifiers`, as it is written.
package struct ConfiguredClassifier: Equatable, Sendable {
  enum Model: Equatable, Sendable {
    /// Base64; blanks and line breaks mean nothing.
    case text(String)
    case file(FilePath)
  }

  /// File and line, for messages.
  let place: String
  let name: String?
  let tags: [String]
  let model: Model
  /// nil where the entry does not say; null for none.
  let threshold: JSONValue?

  private enum Key {
    static let name = "name"
    static let tags = "tags"
    static let model = "model"
    static let modelFile = "model_file"
    static let threshold = "threshold"
    static let all = [name, tags, model, modelFile, threshold]
  }

  /// - Throws: an error with exit code 2 that names the file, the line and the key.
  static func list(_ value: Node, file: String) throws(RunnerError) -> [ConfiguredClassifier] {
    let line = ConfigurationLine(file: file, mark: value.mark)
    guard case .sequence(let sequence) = value else {
      throw line.refuses("classifiers is not a list", "write '- model_file: koala.json' below it")
    }
    guard !sequence.isEmpty else {
      throw line.refuses("classifiers is empty", "name a recognizer, or remove the key for the model's own classes")
    }
    return try sequence.map { (node) throws(RunnerError) in try ConfiguredClassifier(node, file: file) }
  }

  /// The recognizers of a file, as they are.
  init(file: FilePath) {
    place = file.string
    name = nil
    tags = []
    model = .file(file)
    threshold = nil
  }

  private init(_ node: Node, file: String) throws(RunnerError) {
    let line = ConfigurationLine(file: file, mark: node.mark)
    guard case .mapping(let mapping) = node else {
      throw line.refuses("a classifier is not a list of keys with values", "write '- model_file: koala.json'")
    }
    var members: [String: Node] = [:]
    for (key, value) in mapping {
      let line = ConfigurationLine(file: file, mark: key.mark)
      guard let key = key.scalar?.string else {
        throw line.refuses("a key is not a word", "write it as 'key: value'")
      }
      guard Key.all.contains(key) else { throw line.unknown(key, of: Key.all) }
      members[key] = value
    }
    func text(_ key: String) throws(RunnerError) -> String? {
      guard let node = members[key] else { return nil }
      guard let text = node.scalar?.string.trimmed, !text.isEmpty else {
        throw ConfigurationLine(file: file, mark: node.mark).refuses(
          "\(key) is not a text", "write a text after it")
      }
      return text
    }
    place = line.text
    name = try text(Key.name)
    switch (try text(Key.model), try text(Key.modelFile)) {
    case (let text?, nil): model = .text(text)
    case (nil, let path?): model = .file(FilePath(file).removingLastComponent().pushing(FilePath(path)))
    case (nil, nil): throw line.refuses("a classifier has no model", "give model (Base64) or model_file (a path)")
    case (_?, _?): throw line.refuses("a classifier has both model and model_file", "keep one of them")
    }
    tags = try Self.tags(members[Key.tags], file: file)
    threshold = try Self.threshold(members[Key.threshold], file: file)
  }

  private static func tags(_ node: Node?, file: String) throws(RunnerError) -> [String] {
    guard let node else { return [] }
    let tags = node.sequence?.compactMap(\.scalar?.string) ?? []
    guard let count = node.sequence?.count, tags.count == count else {
      throw ConfigurationLine(file: file, mark: node.mark).refuses(
        "tags is not a list of texts", "write them as [\"Koala\"]")
    }
    return tags
  }

  /// A number, a list or keys with values, as in the recognizer's own file; `none` for no threshold at all.
  private static func threshold(_ node: Node?, file: String) throws(RunnerError) -> JSONValue? {
    guard let node else { return nil }
    if case .scalar(let scalar) = node {
      if scalar.string == "none" { return .null }
      if scalar.style == .plain, ["", "~", "null"].contains(scalar.string) { return nil }
    }
    guard let value = JSONValue(numbers: node) else {
      throw ConfigurationLine(file: file, mark: node.mark).refuses(
        "threshold is not made of numbers", "give a number, one for each class, or none")
    }
    return value
  }
}

extension JSONValue {
  /// Numbers and nulls, alone, in a list or by name; nil for anything else.
  fileprivate init?(numbers node: Node) {
    switch node {
    case .scalar(let scalar):
      guard scalar.style == .plain else { return nil }
      if ["", "~", "null"].contains(scalar.string) {
        self = .null
      } else {
        guard let number = Double(scalar.string), number.isFinite else { return nil }
        self = .number(number)
      }
    case .sequence(let sequence):
      let elements = sequence.compactMap { $0.scalar == nil ? nil : JSONValue(numbers: $0) }
      guard elements.count == sequence.count else { return nil }
      self = .array(elements)
    case .mapping(let mapping):
      var members: [String: JSONValue] = [:]
      for (key, value) in mapping {
        guard let key = key.scalar?.string, value.scalar != nil, let value = JSONValue(numbers: value) else {
          return nil
        }
        members[key] = value
      }
      self = .object(members)
    case .alias: return nil
    }
  }
}
