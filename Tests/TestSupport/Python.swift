import Foundation

/// The interpreter for cross-checks: the variable `PERCH_TEST_PYTHON`, else `python3`.
package enum Python {
  package static let interpreter = ProcessInfo.processInfo.environment["PERCH_TEST_PYTHON"] ?? "python3"

  package struct Result {
    package let status: Int32
    /// Standard output and standard error.
    package let output: String
  }

  /// Runs the interpreter with `arguments` to its end.
  package static func run(_ arguments: [String]) throws -> Result {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [interpreter] + arguments
    let pipe = Pipe()
    (process.standardOutput, process.standardError) = (pipe, pipe)
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
  }

  /// Whether all of `modules` can be imported.
  package static func has(_ modules: String...) -> Bool {
    (try? run(["-c", "import " + modules.joined(separator: ", ")]))?.status == 0
  }
}
