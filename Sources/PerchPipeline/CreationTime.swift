import FoundationEssentials
import PerchCore

/// The time that outputs say they were made at.
package enum CreationTime {
  /// UTC in ISO 8601, to the second. The variable `SOURCE_DATE_EPOCH` (seconds since 1970, as
  /// reproducible-builds.org defines it) takes the place of the clock.
  ///
  /// - Throws: an error with exit code 2 when the variable holds something else.
  package static func text(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(RunnerError) -> String {
    guard let epoch = environment["SOURCE_DATE_EPOCH"] else { return iso(Date()) }
    // Up to the last second of the year 9999, the last that ISO 8601 writes with four digits.
    guard let seconds = Int(epoch), (0...253_402_300_799).contains(seconds) else {
      throw RunnerError(
        "SOURCE_DATE_EPOCH", "'\(epoch)' is not a number of seconds since 1970",
        remedy: "correct or unset the variable", exit: .usage)
    }
    return iso(Date(timeIntervalSince1970: Double(seconds)))
  }

  private static func iso(_ date: Date) -> String { date.formatted(.iso8601) }
}
