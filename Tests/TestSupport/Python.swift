import Foundation

/// The interpreter for cross-checks: the variable `PERCH_TEST_PYTHON`, else `python3`.
package enum Python {
  /// Runs a script; its exit status.
  package static func run(_ arguments: [String]) -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [ProcessInfo.processInfo.environment["PERCH_TEST_PYTHON"] ?? "python3"] + arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Whether all of `modules` can be imported.
  package static func has(_ modules: String...) -> Bool {
    run(["-c", "import " + modules.joined(separator: ", ")]) == 0
  }
}
