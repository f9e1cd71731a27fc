import PerchCore
import SystemPackage

/// Why a perch-hoplite database cannot be read.
package enum HopliteFault: Error, Equatable, Sendable {
  case unreadable(Errno)
  /// The named file ends early.
  case truncated(String)
  case damaged(String)
  /// A part of the format that this program does not know.
  case unsupported(String)
  /// What SQLite says.
  case database(String)
  /// This build reads no databases.
  case left
}

extension RunnerError {
  /// The one line that users see.
  package init(_ fault: HopliteFault, database path: FilePath) {
    let again = "copy the whole folder again, with hoplite.sqlite-wal where there is one"
    let (cause, remedy): (String, String) =
      switch fault {
      case .unreadable(.noSuchFileOrDirectory):
        ("no such file", "name a folder with hoplite.sqlite and usearch.index")
      case .unreadable(let cause): ("cannot be read (\(cause))", "check the path and its permissions")
      case .truncated(let file): ("\(file) ends early", again)
      case .damaged(let text): (text, again)
      case .unsupported(let part):
        ("usearch.index holds \(part), which is not supported", "export it with perch-hoplite")
      case .database(let text): ("hoplite.sqlite: \(text)", again)
      case .left: ("this program was built without databases", "build it with the trait Hoplite")
      }
    self.init(path.string, cause, remedy: remedy, exit: .input)
  }
}
