import PerchCore

/// What is wrong with a recognizer, before the name of its file is known.
package struct RecognizerFault: Error, Equatable, Sendable {
  enum Remedy: Sendable {
    case copyAgain, correctFile, correctTags, otherRecognizer, trainForPerch
  }

  package let cause: String
  let remedy: Remedy

  init(_ cause: String, _ remedy: Remedy = .correctFile) {
    self.cause = cause
    self.remedy = remedy
  }

  /// The text that should hold a recognizer is no Base64.
  package static let damagedBase64 = RecognizerFault("the model is damaged Base64 text", .copyAgain)
}

extension RunnerError {
  /// The fault as the program reports it.
  ///
  /// - Parameters:
  ///   - subject: the file, or the place in one, that holds the recognizer.
  ///   - classifier: what the user's configuration calls it, where that is known.
  package init(_ fault: RecognizerFault, in subject: String, classifier: String? = nil) {
    let remedy =
      switch fault.remedy {
      case .copyAgain: "copy it again or train it again"
      case .correctFile: "correct the file or train it again"
      case .correctTags: "give as many tags as classes, or none"
      case .otherRecognizer: "give recognizer JSON or a Keras archive"
      case .trainForPerch: "train it on embeddings of perch_8 (1280 values) or perch_v2 (1536 values)"
      }
    let cause = classifier.map { "classifier '\($0)': \(fault.cause)" } ?? fault.cause
    self.init(subject, cause, remedy: remedy, exit: .recognizer)
  }
}
