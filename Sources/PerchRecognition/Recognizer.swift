import PerchCore

/// y = x·W + b.
package struct LinearLayer: Equatable, Sendable {
  package let inputs: Int
  package let outputs: Int
  /// [inputs, outputs], row after row.
  package let weights: [Float]
  /// [outputs].
  package let bias: [Float]

  package init(inputs: Int, outputs: Int, weights: [Float], bias: [Float]) {
    precondition(
      weights.count == inputs * outputs && bias.count == outputs, "sizes are checked by who read the numbers")
    self.inputs = inputs
    self.outputs = outputs
    self.weights = weights
    self.bias = bias
  }

  /// Whether every number can be calculated with.
  var isFinite: Bool { weights.allSatisfy(\.isFinite) && bias.allSatisfy(\.isFinite) }
}

/// A linear layer on embeddings, with its labels: score of a label = embedding · its weights + its bias, without
/// any further function. Higher is better; 0 is the natural boundary.
///
/// Recognizers of the first version of perch-runner may have a layer with a rectifier before that.
package struct Recognizer: Equatable, Sendable {
  package var name: String
  package var labels: [String]
  /// Before `output`, its results cut off at zero; nil in nearly all recognizers.
  package let hidden: LinearLayer?
  package let output: LinearLayer
  /// A score is kept that is not below its label's threshold; nil keeps every score.
  package var thresholds: [Float?]
  /// Further words that the user's configuration ties to its one label.
  package var tags: [String] = []
  /// Whether it wants a table even when none of its scores is kept.
  package var savesEmpty = true
  /// SHA-256 of the file or text that the recognizer was read from.
  package let digest: String
  /// The model whose embeddings it was trained on, as in `perch_8`; nil where neither it nor its size says.
  package let model: String?

  /// - Parameter thresholds: one for each label; 0 for all where it is left out.
  package init(
    name: String, labels: [String], hidden: LinearLayer? = nil, output: LinearLayer, thresholds: [Float?]? = nil,
    digest: String = "", model: String? = nil
  ) {
    precondition(
      output.outputs == labels.count && thresholds?.count ?? labels.count == labels.count
        && hidden?.outputs ?? output.inputs == output.inputs, "sizes are checked by who read the numbers")
    self.name = name
    self.labels = labels
    self.hidden = hidden
    self.output = output
    self.thresholds = thresholds ?? Array(repeating: 0, count: labels.count)
    self.digest = digest
    self.model = model
  }

  /// Takes words from the user's configuration: as many as there are labels are the labels, in their order; several
  /// for one label go with its events.
  package mutating func setTags(_ words: [String]) throws(RecognizerFault) {
    if words.count == labels.count {
      labels = words
    } else if labels.count == 1 {
      tags = words
    } else {
      throw RecognizerFault("has \(labels.count) classes, which \(words.count) tags cannot name", .correctTags)
    }
  }

  /// Replaces the thresholds by a number, by one for each label in a list, or by some of them by label; null keeps
  /// every score.
  package mutating func setThresholds(_ value: JSONValue) throws(RecognizerFault) {
    thresholds = try RunRules(value).thresholds(for: labels)
  }

  /// Size of the embeddings it takes.
  package var dimension: Int { hidden?.inputs ?? output.inputs }

  /// The name of a recognizer that has none of its own, as embeddings-classifier gives it.
  ///
  /// - Parameter index: its place among those of one file, from 0.
  package static func defaultName(labels: [String], index: Int) -> String {
    guard labels.count == 1 else { return "classifier_\(index)_\(labels.count)class" }
    let words = labels[0].lowercased().split(whereSeparator: \.isWhitespace)
    return words.isEmpty ? "classifier_\(index)" : words.joined(separator: "_")
  }

  /// The name as it stands in paths: blanks become `_`, and only letters A to Z, digits, `_` and `-` stay.
  package var pathName: String {
    let words = name.split(whereSeparator: \.isWhitespace).joined(separator: "_")
    return String(words.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") })
  }
}

/// The models that recognizers are made for, told apart by the size of their embeddings.
enum KnownModel {
  static let perch8 = (name: "perch_8", dimension: 1280)
  static let perchV2 = (name: "perch_v2", dimension: 1536)
  /// BirdNET 2.4, whose recognizers have the same form.
  static let birdNETDimension = 1024

  static func name(ofDimension dimension: Int) -> String? {
    [perch8, perchV2].first { $0.dimension == dimension }?.name
  }
}
