import Foundation
import PerchCore
import TestSupport

/// The Python that tests compare with: `PERCH_TEST_PYTHON`, else `python3`.
enum Python {
  static let hasH5py = (try? run("import h5py, numpy")) != nil

  struct Failure: Error { let text: String }

  /// Standard output of a script that gets `arguments` as `sys.argv[1:]`.
  @discardableResult
  static func run(_ script: String, _ arguments: [String] = []) throws -> String {
    try start(["-c", script] + arguments)
  }

  @discardableResult
  static func run(file: URL, _ arguments: [String]) throws -> String { try start([file.path] + arguments) }

  private static func start(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let python = ProcessInfo.processInfo.environment["PERCH_TEST_PYTHON"] ?? "python3"
    process.arguments = [python] + arguments
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, output)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(text: text) }
    return text
  }
}
