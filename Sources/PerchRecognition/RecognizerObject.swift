import PerchCore

/// One recognizer of a JSON document: the object, with the part `classifier` over its own members.
struct RecognizerObject {
  private let outer: [String: JSONValue]
  private let inner: [String: JSONValue]
  private let index: Int

  private static let nameKeys = ["classifier_name", "name", "recognizer_name"]
  /// Versions of Google's bird-vocalization-classifier whose embeddings are those of perch_8.
  private static let perch8Versions: [Double] = [4, 8]

  init(_ object: [String: JSONValue], index: Int) {
    outer = object
    inner = object["classifier"]?.object ?? [:]
    self.index = index
  }

  func recognizer(_ settings: ListSettings, digest: String) throws(RecognizerFault) -> Recognizer {
    let labels = try labels()
    let name = try name() ?? Recognizer.defaultName(labels: labels, index: index)
    let weights = try numbers("beta")
    let bias = try numbers("beta_bias")
    guard weights.count.isMultiple(of: labels.count), !weights.isEmpty else {
      throw RecognizerFault("beta has \(weights.count) values, which do not divide among \(labels.count) classes")
    }
    guard bias.count == labels.count else {
      throw RecognizerFault("beta_bias has \(bias.count) values for \(labels.count) classes")
    }
    let layer = LinearLayer(
      inputs: weights.count / labels.count, outputs: labels.count, weights: weights, bias: bias)
    guard layer.isFinite else { throw RecognizerFault("beta or beta_bias holds a value that is not finite") }
    var rules = RunRules(of: outer)
    if let settings = settings.settings(index: index, name: name) { rules.override(settings) }
    var recognizer = Recognizer(
      name: name, labels: labels, output: layer, thresholds: try rules.thresholds(for: labels), digest: digest,
      model: try model(dimension: layer.inputs))
    recognizer.savesEmpty = try rules.savesEmpty()
    return recognizer
  }

  private func member(_ key: String) -> JSONValue? { inner[key] ?? outer[key] }

  private func required(_ key: String) throws(RecognizerFault) -> JSONValue {
    guard let value = member(key), value != .null else { throw RecognizerFault("\(key) is missing") }
    return value
  }

  private func labels() throws(RecognizerFault) -> [String] {
    guard let list = try required("classes").array else { throw RecognizerFault("classes is not a list") }
    let labels = list.compactMap(\.string)
    guard labels.count == list.count else { throw RecognizerFault("classes holds an entry that is not a text") }
    guard !labels.isEmpty else { throw RecognizerFault("classes is empty") }
    return labels
  }

  /// The name that the part `classifier` gives, else the object; nil where neither does.
  private func name() throws(RecognizerFault) -> String? {
    let object = Self.nameKeys.contains { inner[$0] != nil } ? inner : outer
    let given = Self.nameKeys.filter { object[$0] != nil }
    guard let first = given.first else { return nil }
    if let other = given.first(where: { object[$0] != object[first] }) {
      throw RecognizerFault("\(first) and \(other) are different names")
    }
    let name = object[first]?.string?.trimmed ?? ""
    return name.isEmpty ? nil : name
  }

  /// Little-endian 32-bit floats in Base64.
  private func numbers(_ key: String) throws(RecognizerFault) -> [Float] {
    guard let text = try required(key).string else { throw RecognizerFault("\(key) is not Base64 text") }
    guard let bytes = Base64.decode(Array(text.trimmed.utf8)[...]) else {
      throw RecognizerFault("\(key) is damaged Base64 text", .copyAgain)
    }
    guard bytes.count.isMultiple(of: 4) else {
      throw RecognizerFault("\(key) has \(bytes.count) bytes, which are no whole 32-bit numbers", .copyAgain)
    }
    return LittleEndian.floats(bytes)
  }

  /// - Throws: for weights that no Perch model's embeddings fit.
  private func model(dimension: Int) throws(RecognizerFault) -> String? {
    let perch8 = KnownModel.perch8
    let version = member("model_config")?.object?["model_config"]?.object?["tfhub_version"]?.number
    if let version, Self.perch8Versions.contains(version), dimension != perch8.dimension {
      throw RecognizerFault(
        "was trained on \(perch8.name), which has \(perch8.dimension) values, but beta takes \(dimension)")
    }
    return try Self.model(ofDimension: dimension)
  }

  /// The model with embeddings of that size; nil for a size of no known model.
  static func model(ofDimension dimension: Int) throws(RecognizerFault) -> String? {
    guard dimension != KnownModel.birdNETDimension else {
      throw RecognizerFault(
        "takes \(dimension) values, as BirdNET gives: it is not a Perch recognizer", .trainForPerch)
    }
    return KnownModel.name(ofDimension: dimension)
  }
}

extension String {
  /// The same text without the blanks and line breaks at its ends.
  package var trimmed: String {
    let start = drop(while: \.isWhitespace)
    return String(start[..<(start.lastIndex { !$0.isWhitespace }.map(start.index(after:)) ?? start.startIndex)])
  }
}

/// Numbers as most files hold them.
enum LittleEndian {
  static func floats(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count - 3, by: 4).map { start in
      let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
      return Float(bitPattern: word)
    }
  }

  /// The number in `width` bytes from `start`, which are there.
  static func integer(_ bytes: [UInt8], at start: Int, width: Int) -> Int {
    (0..<width).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
  }
}
