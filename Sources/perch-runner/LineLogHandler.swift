import FoundationEssentials
import Logging
import PerchCore

/// Writes `hh:mm:ss [LEVEL] text` to standard error, in local time.
struct LineLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let text = "\(event.message)".printable
    Console.shared.message("\(Self.time()) [\("\(event.level)".uppercased())] \(text)")
  }

  private static func time() -> String {
    let now = Date()
    let seconds = Int(now.timeIntervalSince1970) + TimeZone.current.secondsFromGMT(for: now)
    let ofDay = (seconds % 86_400 + 86_400) % 86_400
    return [ofDay / 3600, ofDay / 60 % 60, ofDay % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
      .joined(separator: ":")
  }
}
