import Foundation
import SystemPackage
import TestSupport

/// The Python programs that read our tables and write others.
enum Python {
  static let interpreter = ProcessInfo.processInfo.environment["PERCH_TEST_PYTHON"] ?? "python3"

  /// Whether the interpreter has the readers we test against.
  static let hasReaders =
    (try? run(["-c", "import duckdb, numpy, pandas, polars, pyarrow.parquet"]))?.status == 0

  struct Result {
    let status: Int32
    let output: String
  }

  /// Runs `Readers/<script>` with arguments.
  static func run(script: String, _ arguments: [String]) throws -> Result {
    let folder = TestFiles.project.appending(path: "Tests/TablesTests/Readers")
    return try run([folder.appending(path: script).path] + arguments)
  }

  private static func run(_ arguments: [String]) throws -> Result {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [interpreter] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
  }
}
