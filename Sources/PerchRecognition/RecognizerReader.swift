import PerchCore

/// What becomes of settings that stand beside a list of recognizers.
package enum ListRules: Sendable {
  /// They win over what a recognizer says of itself.
  case honoured
  /// As if they were not there.
  case ignored
}

/// Reads recognizers from what a user has: JSON in every form in the field, or a Keras archive.
package enum RecognizerReader {
  /// The recognizers in `bytes`, in their order; at least one.
  ///
  /// - Parameters:
  ///   - labels: those of a Keras archive, which does not hold them itself; nil when nobody gave any.
  ///   - rules: what becomes of settings beside a list of recognizers.
  package static func read(
    _ bytes: [UInt8], labels: [String]? = nil, rules: ListRules = .honoured
  ) throws(RecognizerFault) -> [Recognizer] {
    let digest = Digest.sha256(bytes)
    if bytes.starts(with: ZipArchive.signature) {
      return [try KerasArchive(bytes).recognizer(labels: labels, digest: digest)]
    }
    let first = bytes.first { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }
    guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
      throw RecognizerFault(
        "is neither recognizer JSON nor a Keras archive, it \(begin(bytes))", .otherRecognizer)
    }
    let document: JSONValue
    do { document = try JSONValue(parsing: bytes) } catch {
      throw RecognizerFault("damaged JSON: line \(error.line): \(error.cause)", .copyAgain)
    }
    return try RecognizerDocument(document, digest: digest, rules: rules).recognizers()
  }

  /// Whether settings stand beside a list of recognizers in `bytes`.
  package static func hasListRules(_ bytes: [UInt8]) -> Bool {
    guard let wrapper = try? JSONValue(parsing: bytes), let members = wrapper.object, members["recognizers"] != nil
    else { return false }
    return !members.keys.filter { $0 == "run_config" || RunRules.keys.contains($0) }.allSatisfy {
      members[$0] == .null
    }
  }

  private static func begin(_ bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "is empty" }
    let digits = bytes.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "begins with the bytes \(digits.joined(separator: " "))"
  }
}

/// A JSON document with one recognizer or several.
///
/// Forms: what perch-hoplite's `LinearClassifier.save` writes; embeddings-classifier's with a part `classifier`;
/// either of them with `run_config`; `recognizers` with one or a list of these; a list of these.
struct RecognizerDocument {
  private let items: [JSONValue]
  private let settings: ListSettings
  private let digest: String

  init(_ document: JSONValue, digest: String, rules: ListRules) throws(RecognizerFault) {
    self.digest = digest
    if let list = document.array {
      items = list
      settings = .none
    } else if let wrapped = document.object?["recognizers"] {
      items = wrapped.array ?? [wrapped]
      settings =
        switch rules {
        case .honoured: try ListSettings(of: document.object ?? [:], count: items.count)
        case .ignored: .none
        }
    } else {
      items = [document]
      settings = .none
    }
    if items.isEmpty { throw RecognizerFault("holds no recognizer") }
  }

  func recognizers() throws(RecognizerFault) -> [Recognizer] {
    var recognizers: [Recognizer] = []
    for (index, item) in items.enumerated() { recognizers.append(try recognizer(item, index: index)) }
    return recognizers
  }

  private func recognizer(_ item: JSONValue, index: Int) throws(RecognizerFault) -> Recognizer {
    let place = items.count == 1 ? "" : "recognizer \(index + 1): "
    guard let object = item.object else { throw RecognizerFault("\(place)is not an object") }
    do throws(RecognizerFault) {
      return try RecognizerObject(object, index: index).recognizer(settings, digest: digest)
    } catch {
      throw RecognizerFault(place + error.cause, error.remedy)
    }
  }
}

/// Settings of a list of recognizers: one for all, one for each, or some by name.
enum ListSettings {
  case none
  case all([String: JSONValue])
  case each([[String: JSONValue]?])
  case named([String: [String: JSONValue]])

  /// - Parameter wrapper: what holds the list. As in embeddings-classifier, its `run_config` counts, and where
  ///   there is none the same keys beside the list.
  init(of wrapper: [String: JSONValue], count: Int) throws(RecognizerFault) {
    switch wrapper["run_config"] {
    case nil, .null:
      let flat = wrapper.filter { RunRules.keys.contains($0.key) }
      self = flat.isEmpty ? .none : .all(flat)
    case .array(let list):
      guard list.count == count else {
        throw RecognizerFault("run_config has \(list.count) entries for \(count) recognizers")
      }
      self = .each(try list.map { (entry) throws(RecognizerFault) in try Self.entry(entry) })
    case .object(let members):
      let isSetting = members.keys.map { RunRules.keys.contains($0) }
      if isSetting.allSatisfy(\.self) {
        self = .all(members)
      } else if isSetting.contains(true) {
        throw RecognizerFault("run_config mixes settings with names of recognizers")
      } else {
        var named: [String: [String: JSONValue]] = [:]
        for (name, entry) in members { named[name] = try Self.entry(entry) }
        self = .named(named)
      }
    case .bool, .number, .string: throw RecognizerFault("run_config is neither an object nor a list")
    }
  }

  private static func entry(_ value: JSONValue) throws(RecognizerFault) -> [String: JSONValue]? {
    if value == .null { return nil }
    guard let object = value.object else {
      throw RecognizerFault("run_config holds an entry that is not an object")
    }
    return object
  }

  func settings(index: Int, name: String) -> [String: JSONValue]? {
    switch self {
    case .none: nil
    case .all(let settings): settings
    case .each(let settings): settings[index]
    case .named(let settings): settings[name]
    }
  }
}
