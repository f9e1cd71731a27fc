import PerchCore

/// What somebody said of a stretch of a recording. Every layout of training data becomes a list of these.
struct LabelRow: Equatable, Sendable {
  enum Extent: Equatable, Sendable {
    case whole
    /// Seconds; a point where both are equal.
    case span(Double, Double)
    /// Seconds: the start of exactly one window.
    case window(Double)
  }

  let source: String
  /// nil: any.
  var channel: Int32?
  var extent: Extent
  /// Empty: heard, and none of the labels.
  var label: String
  /// 1 present, 0 absent.
  var value = 1.0
  var weight = 1.0
  var group: String?
  /// Whether it says nothing of the other labels, be they as they may.
  var isAboutOneLabel = false
  /// Place in its file, for messages.
  var origin: String
}

/// Label rows, and where the recordings are that they speak of.
struct LabelledData: Sendable {
  /// As `--data-layout` names it.
  let layout: DataLayout
  var rows: [LabelRow]
  /// Path of each source; empty where embeddings are given.
  var recordings: [String: String] = [:]
  var notes: [Note] = []
}

/// How training data is laid out.
package enum DataLayout: String, CaseIterable, Sendable {
  /// A folder with a folder of clips for each label.
  case folders
  /// A table with a column of files and one of labels.
  case csv
  /// Raven selection tables.
  case raven
  /// Audacity label tracks.
  case audacity
}

extension LabelRow {
  /// NFC, without blanks at the ends: what makes two spellings of a name one label.
  static func normalized(_ label: String) -> String {
    let trimmed = label.drop { $0.isWhitespace }
    var text = String(trimmed)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text.composed
  }
}

extension RunnerError {
  /// Something in training data that cannot be used.
  static func training(_ subject: String, _ cause: String, _ remedy: String) -> RunnerError {
    RunnerError(subject, cause, remedy: remedy, exit: .input)
  }
}
