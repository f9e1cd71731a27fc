import PerchAudio
import PerchCore
import Yams

/// The configuration file: YAML, so JSON too. An empty file says nothing.
package struct Configuration: Equatable, Sendable {
  /// `hop_length_seconds`.
  package var hop: WindowHop?
  /// `embedding_model`.
  package var embeddingModel: ModelName?
  /// `classifiers`: a fault in it matters only to who asks for it.
  private var classifierList: Result<[ConfiguredClassifier], RunnerError>?
  /// Old names that were accepted.
  package var notes: [Note] = []

  package init() {}

  /// `classifiers`; nil where the file has no such key.
  ///
  /// - Throws: an error with exit code 2 that names the file, the line and the key.
  package func classifiers() throws(RunnerError) -> [ConfiguredClassifier]? { try classifierList?.get() }

  /// - Throws: an error with exit code 2 that names the file, the line and the key.
  package static func read(_ path: String) throws(RunnerError) -> Configuration {
    try parse(TextFile.read(path, kind: "configuration file"), file: path)
  }

  /// - Parameter file: name for messages.
  package static func parse(_ text: String, file: String) throws(RunnerError) -> Configuration {
    var configuration = Configuration()
    var hopLine: Int?
    for (key, value) in try entries(text, file: file) {
      let line = ConfigurationLine(file: file, mark: key.mark)
      switch key.string {
      case Key.hop, OldKey.hop:
        if let hopLine {
          throw line.refuses(
            "\(Key.hop) is already given in line \(hopLine)", "keep only \(Key.hop)")
        }
        hopLine = key.mark?.line ?? 0
        configuration.hop = try line.hop(value, key: key.string)
        if key.string == OldKey.hop {
          configuration.notes.append(
            Note(.warning, line.text, "\(OldKey.hop) is an old name; write \(Key.hop)"))
        }
      case Key.model: configuration.embeddingModel = try line.model(value)
      case Key.classifiers:
        configuration.classifierList = Result { () throws(RunnerError) in
          try ConfiguredClassifier.list(value, file: file)
        }
      default: throw line.unknown(key.string)
      }
    }
    return configuration
  }

  /// Keys and values of a configuration file, in their order.
  static func entries(_ text: String, file: String) throws(RunnerError) -> [(Node.Scalar, Node)] {
    let root: Node?
    do { root = try compose(yaml: text) } catch {
      throw syntax(error, file: file)
    }
    switch root {
    case nil: return []
    case .scalar(let scalar) where scalar.style == .plain && ["", "~", "null"].contains(scalar.string): return []
    case .mapping(let mapping):
      var entries: [(Node.Scalar, Node)] = []
      for (key, value) in mapping {
        guard case .scalar(let name) = key else {
          throw ConfigurationLine(file: file, mark: key.mark).refuses(
            "a key is not a word", "write it as 'key: value'")
        }
        entries.append((name, value))
      }
      return entries
    case .scalar(let scalar): throw ConfigurationLine(file: file, mark: scalar.mark).notKeys
    case .sequence(let sequence): throw ConfigurationLine(file: file, mark: sequence.mark).notKeys
    case .alias(let alias): throw ConfigurationLine(file: file, mark: alias.mark).notKeys
    }
  }

  /// Yams describes a fault over several lines, with the text around it; one line is enough here.
  private static func syntax(_ error: any Error, file: String) -> RunnerError {
    func refused(_ problem: String, _ mark: Mark?) -> RunnerError {
      ConfigurationLine(file: file, mark: mark).refuses("not valid YAML: \(problem)", "correct the line")
    }
    return switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      refused(problem, mark)
    case .reader(let problem, _, _, _): refused(problem, nil)
    case .duplicatedKeysInMapping(let duplicates, _):
      refused("\(duplicates.map { "'\($0)'" }.joined(separator: ", ")) is given twice", nil)
    default: refused("\(error)", nil)
    }
  }
}

/// Keys of the configuration file.
private enum Key {
  static let classifiers = "classifiers"
  static let hop = "hop_length_seconds"
  static let model = "embedding_model"
  static let all = [classifiers, model, hop]
}

/// Keys of the first version of the program that this one replaces, with what to write now.
private enum OldKey {
  static let hop = "hop_size"
  static let replaced = [
    "segment_length": "recordings are not cut any more; remove it, or give --compat reference",
    "max_segments": "recordings are read to their end; remove it",
    "bit_depth": "remove it, or give --precision float16",
    "classifier": "write classifiers: with model_file:",
    "skip_if_file_exists": "remove it",
    "inherit": "copy the keys of the other file into this one",
  ]
}

/// A place in the file, and the complaints about what stands there.
struct ConfigurationLine {
  let text: String

  init(file: String, mark: Mark?) {
    text = mark.map { "\(file):\($0.line)" } ?? file
  }

  func refuses(_ cause: String, _ remedy: String) -> RunnerError {
    RunnerError(text, cause, remedy: remedy, exit: .usage)
  }

  var notKeys: RunnerError { refuses("not a list of keys with values", "write lines such as 'key: value'") }

  fileprivate func unknown(_ key: String) -> RunnerError {
    if let now = OldKey.replaced[key] { return refuses("'\(key)' is a key of version 1", now) }
    return unknown(key, of: Key.all)
  }

  func unknown(_ key: String, of all: [String]) -> RunnerError {
    let known = "known keys: \(all.joined(separator: ", "))"
    guard let nearest = NearestName.of(key, in: all) else { return refuses("unknown key '\(key)'", known) }
    return refuses("unknown key '\(key)', did you mean '\(nearest)'", known)
  }

  fileprivate func hop(_ value: Node, key: String) throws(RunnerError) -> WindowHop {
    guard case .scalar(let scalar) = value, scalar.style == .plain, let seconds = Double(scalar.string) else {
      throw refuses("\(key) is not a number", "give seconds, such as 2.5")
    }
    return try WindowHop(seconds, from: text)
  }

  fileprivate func model(_ value: Node) throws(RunnerError) -> ModelName {
    guard case .scalar(let scalar) = value, let model = ModelName(rawValue: scalar.string) else {
      throw refuses("\(Key.model) is not a known model", "write perch_8 or perch_v2")
    }
    return model
  }
}
