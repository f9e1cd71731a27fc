import PerchCore
import PerchRecognition

/// What a table of events says of the scores in it.
enum StatedScores {
  /// Scores of the model's own classes.
  case classes(ClassChoices)
  case recognizers([StatedRecognizer])

  init(_ reading: StatementReader, _ configuration: [String: JSONValue]) throws(RunnerError) {
    if let classifiers = configuration["classifiers"] {
      let list = classifiers.array?.compactMap(\.object).compactMap(StatedRecognizer.init)
      guard let list, !list.isEmpty, list.count == classifiers.array?.count else {
        throw reading.unclear("classifiers")
      }
      self = .recognizers(list)
    } else {
      self = .classes(try Self.choices(reading, configuration))
    }
  }

  private static func choices(
    _ reading: StatementReader, _ configuration: [String: JSONValue]
  ) throws(RunnerError) -> ClassChoices {
    guard let transform = configuration["logit_transform"]?.string.flatMap(LogitTransform.init(text:)) else {
      throw reading.unclear("logit_transform")
    }
    let floor: ScoreFloor
    switch configuration["min_score"] {
    case .string("none"): floor = .none
    case .number(let score): floor = .score(Float(score))
    default: throw reading.unclear("min_score")
    }
    let names = configuration["species"]?.array?.compactMap(\.string) ?? []
    let species = names.isEmpty ? nil : try SpeciesList(names)
    switch configuration["top"] {
    case .string("all"): return try ClassChoices(species: species, all: true, transform: transform)
    case .number(let number):
      guard let top = Int(exactly: number) else { throw reading.unclear("top") }
      return try ClassChoices(top: top, floor: floor, species: species, transform: transform)
    default: throw reading.unclear("top")
    }
  }

  var haveTags: Bool {
    switch self {
    case .classes: false
    case .recognizers(let recognizers): recognizers.contains { !$0.tags.isEmpty }
    }
  }

  /// The classes that an engine must score; nil for none.
  ///
  /// - Parameter all: also those whose scores the table does not keep.
  func classes(all: Bool) throws(RunnerError) -> ClassChoices? {
    switch self {
    case .classes(let choices) where all:
      try ClassChoices(species: choices.species, all: true, transform: choices.transform)
    case .classes(let choices): choices
    case .recognizers: nil
    }
  }

  /// What can score windows again.
  ///
  /// - Parameters:
  ///   - known: recognizers that the user has; those of the table are told among them by their digests.
  ///   - all: also scores that the table does not keep.
  /// - Throws: exit code 5 when one of the table's is not among them.
  func scored(_ known: [Recognizer], all: Bool, table: String) throws(RunnerError) -> ClassifySettings.Scored {
    switch self {
    case .classes(let choices): return .classes(choices)
    case .recognizers(let stated):
      var recognizers: [Recognizer] = []
      for recognizer in stated {
        var found = try recognizer.found(among: known, table: table)
        if all { found.thresholds = found.thresholds.map { _ in nil } }
        recognizers.append(found)
      }
      return .recognizers(recognizers)
    }
  }

  /// So many events of a window are kept at most; nil for any number.
  var top: Int? {
    switch self {
    case .classes(let choices): choices.top
    case .recognizers: nil
    }
  }

  /// No score below this is kept; nil where all are.
  func threshold(of score: KeptScore) -> Float? {
    switch self {
    case .classes(let choices): choices.floor.threshold
    case .recognizers(let recognizers): recognizers[score.recognizer].thresholds[score.label]
    }
  }
}

/// A recognizer as a table names it: all but its numbers.
struct StatedRecognizer {
  let name: String
  let digest: String
  /// One for each label; nil keeps every score.
  let thresholds: [Float?]
  let tags: [String]

  init?(_ members: [String: JSONValue]) {
    guard let name = members["name"]?.string, let digest = members["sha256"]?.string,
      let thresholds = members["threshold"]?.array
    else { return nil }
    self.name = name
    self.digest = digest
    self.thresholds = thresholds.map { $0.number.map { Float($0) } }
    tags = members["tags"]?.array?.compactMap(\.string) ?? []
  }

  /// The recognizer with its numbers, and with thresholds and tags as the table has them.
  func found(among known: [Recognizer], table: String) throws(RunnerError) -> Recognizer {
    let same = known.filter { $0.digest == digest }
    guard var recognizer = same.first(where: { $0.name == name }) ?? same.first else {
      throw RunnerError(
        table, "the recognizer '\(name)' (SHA-256 \(digest.shortDigest)) that scored it is not known",
        remedy: "name the configuration that classify had with --config", exit: .recognizer)
    }
    guard recognizer.labels.count == thresholds.count else {
      throw RunnerError(
        table, "the recognizer '\(name)' has \(recognizer.labels.count) labels, the table \(thresholds.count)",
        remedy: "name the configuration that classify had with --config", exit: .recognizer)
    }
    recognizer.name = name
    recognizer.thresholds = thresholds
    recognizer.tags = tags
    return recognizer
  }
}
