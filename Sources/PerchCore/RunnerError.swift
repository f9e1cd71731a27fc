/// What a command ends with: the process's exit status.
package enum ExitCode: Int32, Sendable {
  case success = 0
  /// A fault of this program, never of its input.
  case internalFault = 1
  /// Command line or configuration wrong; nothing was touched.
  case usage = 2
  /// A recording, query, table, list or label file is missing or cannot be used.
  case input = 3
  /// Weights are missing, damaged or of another model.
  case weights = 4
  /// A recognizer is damaged or of another dimension or model.
  case recognizer = 5
  /// An output cannot be written.
  case output = 6
  /// A batch ended and some of its recordings failed.
  case partial = 7
  case interrupted = 130
  case terminated = 143
}

/// The one form in which this program reports that something went wrong.
///
/// Printed as one line: `error: <subject>: <cause>; <remedy>`. The subject is the file (or the
/// option) at fault, the remedy is what its owner can do.
package struct RunnerError: Error, Equatable, Sendable, CustomStringConvertible {
  package let subject: String
  package let cause: String
  package let remedy: String
  package let exit: ExitCode

  package init(_ subject: String, _ cause: String, remedy: String, exit: ExitCode) {
    self.subject = subject
    self.cause = cause
    self.remedy = remedy
    self.exit = exit
  }

  package var description: String {
    "error: \(subject.printable): \(cause.printable); \(remedy.printable)"
  }
}

extension String {
  /// The same text on one line: control characters and line breaks as escapes, so that a file
  /// name can neither forge a second message nor steer a terminal.
  package var printable: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
        text += scalar.escaped(asASCII: true)
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
