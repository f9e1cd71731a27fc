import PerchCore

/// What became of one input of a batch: a line of its report.
package struct BatchRow: Equatable, Sendable {
  package enum Status: String, Sendable { case done, skipped, failed }

  package let source: String
  package let output: String
  package let status: Status
  package let exitCode: Int32
  /// Time taken.
  package let milliseconds: Int
  package let windows: Int
  package let message: String
  package let sound: SoundAccount

  package static let columns = [
    "source", "output", "status", "exit_code", "seconds", "windows", "message", "audio_seconds_in",
    "audio_seconds_out", "losses",
  ]

  /// The header line, with its end.
  package static let header = columns.joined(separator: ",") + "\n"

  init(
    _ task: RecordingTask, _ status: Status, exit: ExitCode = .success, seconds: Double = 0, windows: Int = 0,
    message: String = "", sound: SoundAccount
  ) {
    source = task.source
    output = task.output.string
    self.status = status
    exitCode = exit.rawValue
    milliseconds = Int((min(max(seconds, 0), 1e12) * 1000).rounded())
    self.windows = windows
    self.message = message
    self.sound = sound
  }

  init(_ outcome: RecordingOutcome) {
    if let error = outcome.failure {
      self.init(
        outcome.task, .failed, exit: error.exit, seconds: outcome.seconds,
        message: "\(error.cause); \(error.remedy)".printable, sound: outcome.sound)
    } else {
      self.init(
        outcome.task, .done, seconds: outcome.seconds, windows: outcome.windows,
        message: Self.message(outcome.notes), sound: outcome.sound)
    }
  }

  /// What a finished recording has to say: the warnings, but for the notes on what is as it should be.
  static func message(_ notes: [Note]) -> String {
    notes.filter { $0.level == .warning }.map(\.text).joined(separator: "; ").printable
  }

  /// A line as `line` writes it, split into fields; nil for anything else.
  package init?(fields: [String]) {
    guard fields.count == Self.columns.count, let status = Status(rawValue: fields[2]),
      let exitCode = Int32(fields[3]), let time = Microseconds(fields[4]), let windows = Int(fields[5]),
      let sound = SoundAccount(total: fields[7], used: fields[8], losses: fields[9])
    else { return nil }
    source = fields[0]
    output = fields[1]
    self.status = status
    self.exitCode = exitCode
    milliseconds = time.count / 1000
    self.windows = windows
    message = fields[6]
    self.sound = sound
  }

  /// As in the report, with its end.
  package var line: String {
    let fields = [
      source, output, status.rawValue, "\(exitCode)", Microseconds(milliseconds * 1000).text, "\(windows)",
      message, Microseconds(sound.microsecondsIn).text, Microseconds(sound.microsecondsOut).text, sound.lossesText,
    ]
    return fields.map(Self.quoted).joined(separator: ",") + "\n"
  }

  /// RFC 4180.
  private static func quoted(_ field: String) -> String {
    // Scalars, because Swift takes a carriage return and a line feed for one character.
    let special: Set<Unicode.Scalar> = [",", "\"", "\n", "\r"]
    guard field.unicodeScalars.contains(where: special.contains) else { return field }
    return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  /// What tells this row from others.
  var key: String { Self.key(source, output) }

  static func key(_ source: String, _ output: String) -> String { "\(source)\0\(output)" }
}

/// Whole microseconds as decimal seconds and back, without a float in between.
package struct Microseconds: Equatable, Sendable {
  package let count: Int

  package init(_ count: Int) { self.count = count }

  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let whole = Self.digits(parts[0], atMost: 12), (1...6).contains(parts[1].utf8.count),
      let fraction = Self.digits(parts[1], atMost: 6)
    else { return nil }
    let scale = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000][6 - parts[1].utf8.count]
    count = whole * 1_000_000 + fraction * scale
  }

  private static func digits(_ text: Substring, atMost: Int) -> Int? {
    guard (1...atMost).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }

  /// With as many decimals as are needed, and at least one.
  package var text: String {
    let (whole, rest) = max(0, count).quotientAndRemainder(dividingBy: 1_000_000)
    var digits = "\(rest + 1_000_000)".dropFirst()
    while digits.utf8.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}

extension SoundAccount {
  /// As in `tail 0.5; unreadable 12.0`.
  var lossesText: String {
    losses.map { "\($0.cause.rawValue) \(Microseconds($0.microseconds).text)" }.joined(separator: "; ")
  }

  /// - Returns: nil unless the texts are of this form and add up.
  init?(total: String, used: String, losses text: String) {
    guard let total = Microseconds(total), let used = Microseconds(used) else { return nil }
    var losses: [Loss] = []
    for entry in text.isEmpty ? [] : text.split(separator: ";") {
      let words = entry.split(separator: " ")
      guard words.count == 2, let cause = Loss.Cause(rawValue: String(words[0])),
        let lost = Microseconds(String(words[1]))
      else { return nil }
      losses.append(Loss(cause: cause, microseconds: lost.count))
    }
    self.init(microsecondsIn: total.count, losses: losses)
    guard microsecondsOut == used.count else { return nil }
  }
}
