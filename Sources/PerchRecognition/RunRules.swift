import PerchCore

/// What a recognizer's file says about running it: thresholds, before they are one number for each label, and
/// whether a table without events is wanted.
///
/// The rules are those of embeddings-classifier: a value inside `run_config` takes the place of the same key
/// beside it even when it is null, and null is then as good as absent; only a list of recognizers can say with
/// null that nothing is cut off.
struct RunRules {
  static let keys = ["threshold", "threshold_array", "save_empty", "skip_existing"]

  /// nil where the recognizer does not say; `.null` where the list it stands in says null.
  private var threshold: JSONValue?
  private var array: JSONValue?
  private var saveEmpty: JSONValue?

  /// What somebody gave instead of what a recognizer says.
  init(_ threshold: JSONValue) { self.threshold = threshold }

  /// - Parameter recognizer: the object that describes it.
  init(of recognizer: [String: JSONValue]) {
    let settings = recognizer["run_config"]?.object ?? [:]
    func value(_ key: String) -> JSONValue? {
      let value = settings[key] ?? recognizer[key]
      return value == .null ? nil : value
    }
    threshold = value("threshold")
    array = value("threshold_array")
    saveEmpty = value("save_empty")
  }

  /// Gives the settings of the list that the recognizer stands in precedence over its own.
  mutating func override(_ settings: [String: JSONValue]) {
    if let value = settings["threshold"] { threshold = value }
    if let value = settings["threshold_array"] { array = value == .null ? nil : value }
    if let value = settings["save_empty"] { saveEmpty = value == .null ? nil : value }
  }

  /// Whether a table is written although it has no events; true where nobody says.
  func savesEmpty() throws(RecognizerFault) -> Bool {
    switch saveEmpty {
    case nil: return true
    case .bool(let value): return value
    default: throw RecognizerFault("save_empty is neither true nor false")
    }
  }

  /// One number for each of `labels`; nil where nothing is cut off.
  func thresholds(for labels: [String]) throws(RecognizerFault) -> [Float?] {
    if let array {
      guard let numbers = array.array else { throw RecognizerFault("threshold_array is not a list") }
      return try Self.list(numbers, labels, key: "threshold_array", mayBeNull: false)
    }
    switch threshold {
    case nil: return Array(repeating: 0, count: labels.count)
    case .null: return Array(repeating: nil, count: labels.count)
    case .number(let number): return Array(repeating: try Self.float(number), count: labels.count)
    case .array(let numbers): return try Self.list(numbers, labels, key: "threshold", mayBeNull: true)
    case .object(let byLabel):
      return try labels.map { (label) throws(RecognizerFault) in
        try Self.entry(byLabel[label] ?? .number(0), key: "threshold", mayBeNull: true)
      }
    case .bool, .string: throw RecognizerFault("threshold is not a number, a list or an object of numbers")
    }
  }

  private static func list(
    _ numbers: [JSONValue], _ labels: [String], key: String, mayBeNull: Bool
  ) throws(RecognizerFault) -> [Float?] {
    guard numbers.count == labels.count else {
      throw RecognizerFault("\(key) has \(numbers.count) entries for \(labels.count) classes")
    }
    return try numbers.map { (number) throws(RecognizerFault) in
      try entry(number, key: key, mayBeNull: mayBeNull)
    }
  }

  private static func entry(_ value: JSONValue, key: String, mayBeNull: Bool) throws(RecognizerFault) -> Float? {
    if mayBeNull, value == .null { return nil }
    guard let number = value.number else { throw RecognizerFault("\(key) holds an entry that is not a number") }
    return try float(number)
  }

  private static func float(_ number: Double) throws(RecognizerFault) -> Float {
    let float = Float(number)
    guard float.isFinite else { throw RecognizerFault("threshold \(number) is beyond 32-bit numbers") }
    return float
  }
}
