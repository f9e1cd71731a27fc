import PerchCore
import SystemPackage

/// Why a table cannot be read or a row cannot be written.
package enum TableFault: Error, Equatable, Sendable {
  case unreadable(Errno)
  /// The file ends within the named part.
  case truncated(String)
  /// The bytes contradict their own format.
  case malformed(String)
  /// A part of the format that this program does not know, as `compression ZSTD`.
  case unsupported(String)
  /// A table, but not one with embeddings; the text says what it is.
  case notEmbeddings(String)
  /// Row, counted from 1, and what is wrong with it.
  case row(Int, String)
  /// A fault of this program: a row that no table may hold.
  case unwritable(String)
}

extension RunnerError {
  /// The one line that users see.
  package init(_ fault: TableFault, table path: FilePath) {
    let again = "copy it or write it again"
    let give = "give a CSV or Parquet table of embeddings"
    let (cause, remedy): (String, String) =
      switch fault {
      case .unreadable(.noSuchFileOrDirectory): ("no such file", "check the path")
      case .unreadable(.permissionDenied): ("permission denied", "make it readable")
      case .unreadable(.isDirectory): ("is a folder", give)
      case .unreadable(let cause): ("cannot be read (\(cause))", "check the disk")
      case .truncated(let part): ("the file ends within \(part)", again)
      case .malformed(let text): ("damaged table: \(text)", again)
      case .unsupported(let part):
        ("uses \(part), which is not supported", "write it again with plain pages and no or Snappy compression")
      case .notEmbeddings(let text): (text, give)
      case .row(let number, let text): ("row \(number): \(text)", again)
      case .unwritable(let text): (text, "this is a fault of perch-runner, please report it")
      }
    let exit: ExitCode = if case .unwritable = fault { .internalFault } else { .input }
    self.init(path.string, cause, remedy: remedy, exit: exit)
  }
}
