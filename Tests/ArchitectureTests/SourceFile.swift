import Foundation
import TestSupport
import Testing

/// A file below `Sources`.
struct SourceFile: CustomTestStringConvertible, Sendable {
  /// From the folder `Sources`, as in `PerchCore/Digest.swift`.
  let path: String

  var testDescription: String { path }
  var target: String { String(path.prefix { $0 != "/" }) }

  func text() throws -> String {
    try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
  }

  /// Lines without comments.
  func code() throws -> [Substring] {
    try text().split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard let comment = line.firstRange(of: "//") else { return line }
      return line[..<comment.lowerBound]
    }
  }

  var imports: [String] {
    get throws {
      try code().compactMap { line in
        let words = line.split(separator: " ")
        let at = words.firstIndex(of: "import")
        guard let at, words[..<at].allSatisfy({ $0.hasPrefix("@") || $0 == "public" }) else { return nil }
        return words.last.map(String.init)
      }
    }
  }

  private static let root = TestFiles.project.appending(path: "Sources")

  /// All Swift files; the folders that are links to the kernels are the kernels.
  static let all: [SourceFile] = {
    let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
    let start = root.path.count + 1
    return (files?.compactMap { $0 as? URL } ?? [])
      .filter { $0.pathExtension == "swift" }
      .map { SourceFile(path: String($0.path.dropFirst(start))) }
      .sorted { $0.path < $1.path }
  }()
}

/// A program of the system.
enum Tool {
  struct Failed: Error { let exit: Int32 }

  static func exists(_ name: String) -> Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
    }
  }

  /// What the program writes to standard output.
  static func run(_ name: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [name] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed(exit: process.terminationStatus) }
    return output
  }
}
