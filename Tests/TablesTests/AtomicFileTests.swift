import Foundation
import PerchCore
import SystemPackage
import TestSupport
import Testing

struct AtomicFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func expect(
    _ path: FilePath, _ line: String, exit: ExitCode = .output, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: RunnerError.self, sourceLocation: sourceLocation) {
      var file = try AtomicFile(path)
      try file.write("x")
      try file.commit()
    }
    #expect(error?.description == line, sourceLocation: sourceLocation)
    #expect(error?.exit == exit, sourceLocation: sourceLocation)
  }

  @Test func appearsWholeOnCommit() throws {
    let path = folder.file("a/b/out.csv")
    var file = try AtomicFile(path)
    try file.write("one ")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("a/b").string) == ["out.csv.inprogress"])
    // Beyond the buffer, then within it again.
    try file.write([UInt8](repeating: 0x61, count: 3 << 20))
    try file.write(" two")
    try file.commit()
    #expect(
      try bytes(of: path) == Array("one ".utf8) + [UInt8](repeating: 0x61, count: 3 << 20) + Array(" two".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("a/b").string) == ["out.csv"])
  }

  @Test func headComesFirst() throws {
    var file = try AtomicFile(folder.file("out.csv"), headComesLast: true)
    try file.write("rows")
    #expect(try folder.names == ["out.csv.inprogress"])
    try file.commit(head: Array("head ".utf8))
    #expect(try text(of: folder.file("out.csv")) == "head rows")
    #expect(try folder.names == ["out.csv"])
  }

  @Test(arguments: [false, true]) func leavesNothingWhenDropped(headComesLast: Bool) throws {
    _ = try folder.write("old".utf8, to: "out.csv")
    do {
      var file = try AtomicFile(folder.file("out.csv"), headComesLast: headComesLast)
      try file.write([UInt8](repeating: 1, count: 2 << 20))
    }
    #expect(try folder.names == ["out.csv"])
    #expect(try text(of: folder.file("out.csv")) == "old")
  }

  @Test func takesOverWhatAKilledRunLeft() throws {
    _ = try folder.write([UInt8](repeating: 7, count: 100), to: "out.csv.inprogress")
    var file = try AtomicFile(folder.file("out.csv"))
    try file.write("new")
    try file.commit()
    #expect(try text(of: folder.file("out.csv")) == "new")
    #expect(try folder.names == ["out.csv"])
  }

  @Test func refusesASecondWriter() throws {
    let path = folder.file("out.csv")
    var first = try AtomicFile(path)
    expect(
      path,
      "error: \(path): another run is writing this file; wait for it to end or choose another output folder")
    try first.write("first")
    try first.commit()
    #expect(try text(of: path) == "first")
    var next = try AtomicFile(path)
    try next.write("next")
    try next.commit()
    #expect(try text(of: path) == "next")
  }

  @Test(.enabled(if: Python.hasReaders, "needs Python with the modules of requirements-host.txt"))
  func lockOfAKilledProcessFalls() throws {
    let path = folder.file("out.csv")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let script = """
      import fcntl, sys, time
      f = open(sys.argv[1], "wb"); fcntl.flock(f, fcntl.LOCK_EX); f.write(b"half"); f.flush()
      print("locked", flush=True); time.sleep(60)
      """
    process.arguments = [Python.interpreter, "-c", script, path.string + ".inprogress"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    #expect(output.fileHandleForReading.availableData.starts(with: Data("locked".utf8)))
    #expect(throws: RunnerError.self) { _ = try AtomicFile(path) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(try folder.names == ["out.csv.inprogress"])
    var file = try AtomicFile(path)
    try file.write("whole")
    try file.commit()
    #expect(try text(of: path) == "whole")
  }

  @Test func closedRegistryRemovesAndRefuses() throws {
    let registry = InProgressFiles()
    var file = try AtomicFile(folder.file("a.csv"), registry: registry)
    try file.write("x")
    _ = try AtomicFile(folder.file("b.csv"), registry: registry)
    registry.close()
    #expect(try folder.names == [])
    let line = "error: \(folder.file("a.csv")): the run was interrupted; run again"
    do throws(RunnerError) {
      try file.commit()
      Issue.record("committed after the run was interrupted")
    } catch {
      #expect(error.description == line && error.exit == .interrupted)
    }
    let atStart = #expect(throws: RunnerError.self) {
      _ = try AtomicFile(folder.file("a.csv"), registry: registry)
    }
    #expect(atStart?.description == line)
    #expect(try folder.names == [])
  }

  @Test func namesWhatIsInTheWay() throws {
    try FileManager.default.createDirectory(
      atPath: folder.file("out.csv").string, withIntermediateDirectories: true)
    expect(
      folder.file("out.csv"),
      "error: \(folder.file("out.csv")): is a folder; name a file or choose another output folder")
    let plain = try folder.write("x".utf8, to: "plain")
    expect(
      plain.appending("out.csv"),
      "error: \(plain): a part of the path is not a folder; choose another output folder")
    let long = folder.file(String(repeating: "n", count: 250))
    expect(long, "error: \(long): the file name is too long; use a shorter one")
    symlink("elsewhere", folder.file("linked.csv.inprogress").string)
    expect(
      folder.file("linked.csv"),
      "error: \(folder.file("linked.csv")): the temporary file's name is a symbolic link; remove it")
    #expect(try !folder.names.contains("elsewhere"))
  }

  @Test(.enabled(if: geteuid() != 0, "root may write anywhere")) func namesMissingPermission() throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path.string)
    let path = folder.file("out.csv")
    expect(
      path,
      "error: \(path): permission denied; make the folder writable or choose another output folder")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path.string)
  }

  @Test func manyWritersInOneFolder() async throws {
    let folder = folder
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<16 {
        group.addTask {
          var file = try AtomicFile(folder.file("new/\(index).csv"))
          try file.write("\(index)")
          try file.commit()
        }
      }
      try await group.waitForAll()
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("new").string)
    #expect(Set(names) == Set((0..<16).map { "\($0).csv" }))
  }
}
