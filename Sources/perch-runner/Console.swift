import PerchCore
import Synchronization
import SystemPackage

/// Standard error, shared by messages and the progress line. A message never tears the progress line, and
/// the progress line never ends up in a file: it is drawn on a terminal only.
final class Console: Sendable {
  static let shared = Console()

  /// The progress line that stands on the screen, or nothing.
  private let status = Mutex("")
  /// Where messages go as well; never closed.
  private let log = Mutex<FileDescriptor?>(nil)

  /// Appends every message from now on to a file too.
  ///
  /// - Throws: exit code 6 when the file cannot be written.
  func copy(to file: FilePath) throws(RunnerError) {
    do {
      let descriptor = try FileDescriptor.open(
        file, .writeOnly, options: [.create, .append, .closeOnExec], permissions: FilePermissions(rawValue: 0o666))
      log.withLock { $0 = descriptor }
    } catch {
      throw RunnerError(
        file.string, "the log file cannot be written: \(error)", remedy: "name another file", exit: .output)
    }
  }

  /// Writes `text` as a line of its own.
  func message(_ text: String) {
    log.withLock { log in
      _ = try? log?.writeAll("\(text)\n".utf8)
    }
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
