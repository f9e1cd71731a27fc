import FoundationEssentials
import PerchCore
import PerchRecognition
import SystemPackage

extension ConfiguredClassifier {
  /// The recognizers of this entry, with its name, labels, tags and threshold.
  ///
  /// - Parameter rules: what becomes of settings beside a list of recognizers.
  /// - Throws: exit code 5 for a damaged or unfit recognizer, 2 where the file cannot be read.
  func recognizers(_ rules: ListRules) throws(RunnerError) -> [Recognizer] {
    let (bytes, labels) = (try bytes(), try labelsOfArchive())
    var recognizers: [Recognizer]
    do { recognizers = try RecognizerReader.read(bytes, labels: labels, rules: rules) } catch {
      throw RunnerError(error, in: subject, classifier: classifier)
    }
    if recognizers.count > 1, name != nil {
      throw RunnerError(
        place, "\(subject) holds \(recognizers.count) recognizers, which one name cannot tell apart",
        remedy: "leave name out", exit: .usage)
    }
    for index in recognizers.indices { try adorn(&recognizers[index]) }
    return recognizers
  }

  /// Whether settings stand beside the list of recognizers in the file.
  func hasListRules() throws(RunnerError) -> Bool { RecognizerReader.hasListRules(try bytes()) }

  private func adorn(_ recognizer: inout Recognizer) throws(RunnerError) {
    if !tags.isEmpty {
      do { try recognizer.setTags(tags) } catch { throw RunnerError(error, in: subject, classifier: classifier) }
    }
    if let threshold {
      // Not the recognizer's fault: the number of them is the configuration's.
      do { try recognizer.setThresholds(threshold) } catch {
        throw RunnerError(
          place, error.cause, remedy: "give one number, or one for each class", exit: .usage)
      }
    }
    if let name { recognizer.name = name }
  }

  /// What is at fault when the recognizer is.
  private var subject: String {
    if case .file(let path) = model { path.string } else { place }
  }

  /// Named in messages where the file does not tell which one is meant.
  private var classifier: String? {
    if case .text = model { name ?? "without a name" } else { nil }
  }

  private func bytes() throws(RunnerError) -> [UInt8] {
    switch model {
    case .file(let path): return try TextFile.bytes(path.string, kind: "recognizer")
    case .text(let text):
      let digits = text.utf8.filter { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }
      guard let bytes = Base64.decode(digits[...]), !bytes.isEmpty else {
        throw RunnerError(.damagedBase64, in: place, classifier: classifier)
      }
      return bytes
    }
  }

  /// A Keras archive does not hold its labels: they are the tags, or stand in a file beside it.
  private func labelsOfArchive() throws(RunnerError) -> [String]? {
    if !tags.isEmpty { return tags }
    guard case .file(let path) = model, path.extension == "keras" else { return nil }
    let beside = FilePath(path.string + ".labels.json")
    guard (try? beside.stat()) != nil else { return nil }
    let text = try TextFile.bytes(beside.string, kind: "file of labels")
    let list = (try? JSONValue(parsing: text))?.array
    guard let labels = list?.compactMap(\.string), labels.count == list?.count, !labels.isEmpty else {
      throw RunnerError(
        beside.string, "is not a JSON list of labels", remedy: "write it as [\"Koala\"]", exit: .recognizer)
    }
    return labels
  }
}

/// The recognizers of one run.
struct RecognizerChoice {
  private(set) var recognizers: [Recognizer]

  /// - Parameters:
  ///   - classifiers: nil where the configuration names none.
  ///   - rules: what becomes of settings beside a list of recognizers.
  /// - Throws: exit code 2 for two of one name, 5 for recognizers that cannot work together or with `model`.
  init(
    _ classifiers: [ConfiguredClassifier]?, model: ModelName?, rules: ListRules = .honoured
  ) throws(RunnerError) {
    var recognizers: [Recognizer] = []
    for classifier in classifiers ?? [] {
      for recognizer in try classifier.recognizers(rules) {
        if recognizers.contains(where: { $0.name == recognizer.name }) {
          throw RunnerError(
            classifier.place, "two recognizers have the name '\(recognizer.name)'",
            remedy: "give one of them another name", exit: .usage)
        }
        if let first = recognizers.first, first.dimension != recognizer.dimension {
          throw RunnerError(
            classifier.place, "\(recognizer.fit), but \(first.fit)",
            remedy: "classify with each in a run of its own",
            exit: .recognizer)
        }
        if let model, model.embeddingSize != recognizer.dimension {
          throw RunnerError(
            classifier.place,
            "\(recognizer.fit), but \(model.rawValue) was asked for, which gives \(model.embeddingSize)",
            remedy: "leave the model out, or use another recognizer", exit: .recognizer)
        }
        recognizers.append(recognizer)
      }
    }
    self.recognizers = recognizers
  }

  /// Gives every label of every recognizer one threshold; nil keeps every score.
  mutating func setThresholds(_ threshold: Float?) {
    for index in recognizers.indices {
      recognizers[index].thresholds = recognizers[index].labels.map { _ in threshold }
    }
  }

  /// The model that the recognizers need.
  var model: ModelName? { recognizers.first?.model.flatMap(ModelName.init(rawValue:)) }
}

extension Recognizer {
  /// What it takes, for messages.
  var fit: String {
    "recognizer '\(name)' takes the \(dimension) values of \(model ?? "another model")"
  }

  /// - Parameter subject: what has embeddings of `dimension` values.
  /// - Throws: exit code 5 unless they can be classified.
  func checkFits(dimension: Int, of subject: String) throws(RunnerError) {
    guard dimension != self.dimension else { return }
    throw RunnerError(
      subject, "has embeddings of \(dimension) values, but \(fit)",
      remedy: "use recognizers and embeddings of one model", exit: .recognizer)
  }
}
