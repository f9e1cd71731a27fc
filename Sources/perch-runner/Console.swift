import PerchCore
import Synchronization
import SystemPackage

/// Standard error, shared by messages and the progress line. A message never tears the progress line, and
/// the progress line never ends up in a file: it is drawn on a terminal only.
final class Console: Sendable {
  static let shared = Console()

  /// The progress line that stands on the screen, or nothing.
  private let status = Mutex("")

  /// Writes `text` as a line of its own.
  func message(_ text: String) {
    status.withLock { status in
      Self.write(status.isEmpty ? "\(text)\n" : "\(Self.erase)\(text)\n\(status)")
    }
  }

  /// Draws `text` over the progress line; an empty text removes it.
  func draw(_ text: String) {
    status.withLock { status in
      guard status != text else { return }
      status = text
      Self.write(Self.erase + text)
    }
  }

  /// To the start of the line, and clear it (ECMA-48: EL).
  private static let erase = "\r\u{1B}[K"

  private static func write(_ text: String) {
    // Where standard error is closed there is nobody to tell.
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}
