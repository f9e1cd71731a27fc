import Foundation
import PerchCore
import TestSupport
import Testing

/// The built program, started as a user starts it.
struct Program {
  /// What a run left behind.
  struct Outcome {
    let output: String
    let errors: String
    /// As a shell sees it: 128 + n after signal n.
    let exit: Int32
  }

  struct TimedOut: Error, CustomStringConvertible {
    let arguments: [String]
    var description: String { "'perch-runner \(arguments.joined(separator: " "))' did not end" }
  }

  /// `PERCH_RUNNER_COMMAND` names another program to test, else the one built beside these tests.
  static let path: String = {
    if let named = ProcessInfo.processInfo.environment["PERCH_RUNNER_COMMAND"] { return named }
    let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appending(path: "perch-runner").path
  }()

  /// Runs the program in `folder` and waits for its end.
  ///
  /// - Parameters:
  ///   - emulator: a program with its arguments that runs the built one, given as its next argument.
  ///   - whileRunning: called once, after the start, with the process.
  static func run(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:],
    under emulator: [String] = [], timeout: Duration = .seconds(120),
    whileRunning: (Process) throws -> Void = { _ in }
  ) throws -> Outcome {
    // Files, not pipes: a full pipe would stop the program until somebody reads.
    let output = folder.url.appending(path: ".stdout-\(UUID().uuidString)")
    let errors = folder.url.appending(path: ".stderr-\(UUID().uuidString)")
    defer { for file in [output, errors] { try? FileManager.default.removeItem(at: file) } }
    let process = Process()
    let words = emulator + [path] + arguments
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    process.currentDirectoryURL = folder.url
    process.environment = clean.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try writing(output)
    process.standardError = try writing(errors)
    try process.run()
    try whileRunning(process)
    let deadline = ContinuousClock.now + timeout
    while process.isRunning {
      guard ContinuousClock.now < deadline else {
        kill(process.processIdentifier, SIGKILL)
        throw TimedOut(arguments: arguments)
      }
      usleep(2000)
    }
    let status = process.terminationStatus
    return Outcome(
      output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8),
      exit: process.terminationReason == .uncaughtSignal ? 128 + status : status)
  }

  /// The environment without what would change results.
  private static var clean: [String: String] {
    ProcessInfo.processInfo.environment.filter { name, _ in
      !name.hasPrefix("PERCH_") && name != "SOURCE_DATE_EPOCH" && name != "TZ"
    }
  }

  private static func writing(_ file: URL) throws -> FileHandle {
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    return try FileHandle(forWritingTo: file)
  }
}

/// A new, empty folder that is removed with the test.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "perch-runner-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  /// Writes `text` under `name`, making the folders above it.
  func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

  func write(_ data: Data, to name: String) throws {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }

  func read(_ name: String) throws -> Data { try Data(contentsOf: url.appending(path: name)) }

  /// Relative paths of all files, sorted, hidden ones too.
  var files: [String] {
    let root = url.resolvingSymlinksInPath().path + "/"
    let all = FileManager.default.enumerator(at: url, includingPropertiesForKeys: [.isDirectoryKey])
    return (all?.compactMap { $0 as? URL } ?? [])
      .filter { (try? $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) != true }
      .map { String($0.resolvingSymlinksInPath().path.dropFirst(root.count)) }
      .filter { !$0.hasPrefix(".std") }
      .sorted()
  }

  var unfinishedFiles: [String] { files.filter { $0.hasSuffix(".inprogress") } }
}

extension TemporaryFolder {
  /// Runs the program with the words of `line`.
  func run(_ line: String) throws -> Program.Outcome {
    try Program.run(
      line.split(separator: " ").map(String.init), in: self, environment: ["SOURCE_DATE_EPOCH": "0"])
  }

  /// The same for what must succeed without a word.
  func make(_ line: String) throws {
    let outcome = try run(line)
    #expect(outcome.errors == "")
    try #require(outcome.exit == 0)
  }
}
