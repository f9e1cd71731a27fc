import Foundation
import TestSupport

extension Python {
  /// Whether the interpreter has the readers we test against.
  static let hasReaders = has("duckdb", "numpy", "pandas", "polars", "pyarrow.parquet")

  /// Runs `Readers/<script>` with arguments.
  static func run(script: String, _ arguments: [String]) throws -> Result {
    let folder = TestFiles.project.appending(path: "Tests/TablesTests/Readers")
    return try run([folder.appending(path: script).path] + arguments)
  }
}
