import Foundation
import Glibc
import Testing

/// What can happen to a batch while it works.
@Suite struct BatchFaultTests {
  private let folder: BatchFolder

  init() throws { folder = try BatchFolder() }

  private func makeRecordings(_ count: Int = 40) throws {
    for index in 0..<count {
      try folder.write(ToneFile.wav(seconds: 5 + Double(index % 4)), to: "rec/\(index % 5)/\(index).wav")
    }
    try folder.write(Data("no sound".utf8), to: "rec/bad.wav")
  }

  /// All tables, by their bytes.
  private func tables(_ name: String) throws -> [String: Data] {
    var tables: [String: Data] = [:]
    for path in folder.outputs(name) where path.hasSuffix(".parquet") {
      tables[String(path.dropFirst(name.count))] = try folder.bytes(path)
    }
    return tables
  }

  private var unfinished: [String] { folder.folder.files.filter { $0.contains("inprogress") } }

  @Test(arguments: [SIGKILL, SIGTERM, SIGINT])
  func aRunThatIsEndedGoesOn(_ signal: Int32) throws {
    try makeRecordings()
    #expect(try folder.batch("generate", "--output", "whole", "rec").exit == 7)
    var generator = SystemRandomNumberGenerator()
    var ended = 0
    for attempt in 0..<8 {
      // The first one surely comes in time: one worker needs several times as long, and makes the same tables.
      let delay = attempt == 0 ? 100_000 : UInt32.random(in: 20_000...600_000, using: &generator)
      let run = try folder.batch(["generate", "--jobs", "1", "--output", "out", "rec"]) { process in
        usleep(delay)
        kill(process.processIdentifier, signal)
      }
      ended += run.exit == 7 ? 0 : 1
      if run.exit != 7 { #expect(run.exit == [SIGKILL: 137, SIGTERM: 143, SIGINT: 130][signal]) }
      if signal != SIGKILL { #expect(unfinished == []) }
    }
    #expect(ended > 0, "no run was ended before its time")
    #expect(try folder.batch("generate", "--output", "out", "rec").exit == 7)
    #expect(unfinished == [])
    let tables = try tables("out")
    #expect(tables.count == 40)
    #expect(try tables == self.tables("whole"))
    let (rows, wanted) = (try folder.report("out/batch-report.csv"), try folder.report("whole/batch-report.csv"))
    #expect(rows.map(\.source) == wanted.map(\.source))
    #expect(rows.map(\.secondsIn) == wanted.map(\.secondsIn))
    #expect(rows.map(\.losses) == wanted.map(\.losses))
  }

  /// Locks as another process holds them, for as long as `body` runs.
  private func holding(_ locks: [(name: String, kind: Int32)], _ body: () throws -> Void) throws {
    try FileManager.default.createDirectory(
      at: folder.folder.url.appending(path: "out"), withIntermediateDirectories: true)
    var descriptors: [Int32] = []
    defer { for descriptor in descriptors { close(descriptor) } }
    for lock in locks {
      let descriptor = open(folder.folder.path("out/\(lock.name)"), O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      try #require(descriptor >= 0)
      descriptors.append(descriptor)
      #expect(write(descriptor, "process 7 on elsewhere\n", 23) == 23)
      #expect(flock(descriptor, lock.kind | LOCK_NB) == 0)
    }
    try body()
  }

  @Test func aSecondRunIsKeptAway() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "rec/x.wav")
    let line =
      "error: out: another batch is at work here (process 7 on elsewhere); wait for it to end, or choose another "
      + "output folder or shard\n"
    try holding([(".batch.lock", LOCK_EX)]) {
      for shard in [[], ["--shard", "1/2"]] {
        let run = try folder.batch(["generate", "--output", "out"] + shard + ["rec"])
        #expect(run.exit == 6)
        #expect(run.errors == line)
      }
    }
    // Two shards may work side by side, one shard not twice, and nobody on all while one works.
    try holding([(".batch.lock", LOCK_SH), (".batch.1-of-2.lock", LOCK_EX)]) {
      let other = try folder.batch("generate", "--shard", "2/2", "--output", "out", "rec")
      #expect(other.exit == 0)
      let same = try folder.batch("generate", "--shard", "1/2", "--output", "out", "rec")
      #expect(same.errors == line)
      let all = try folder.batch("generate", "--output", "out", "rec")
      #expect(all.errors == line)
    }
    #expect(try folder.batch("generate", "--output", "out", "rec").exit == 0)
  }

  @Test func aRecordingMayVanish() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    try folder.write(ToneFile.wav(seconds: 5), to: "c.wav")
    try folder.write(Data("source\na.wav\nb.wav\nc.wav\n".utf8), to: "list.csv")
    let run = try folder.batch("generate", "--list", "list.csv", "--output", "out")
    #expect(run.exit == 7)
    #expect(run.errors.contains("error: b.wav: "))
    #expect(try folder.report("out/batch-report.csv").map(\.status) == ["done", "failed", "done"])
  }

  /// Whoever records while we read gets no table of half a recording.
  @Test func aRecordingMayGrowWhileItIsRead() throws {
    try folder.write(ToneFile.wav(seconds: 600), to: "rec/long.wav")
    try folder.write(ToneFile.wav(seconds: 5), to: "rec/short.wav")
    let run = try folder.batch(["generate", "--output", "out", "rec"]) { _ in
      let table = folder.folder.path("out/long.embeddings.parquet.inprogress")
      for _ in 0..<20_000 where !FileManager.default.fileExists(atPath: table) { usleep(500) }
      #expect(FileManager.default.fileExists(atPath: table), "the recording is under work")
      let file = try FileHandle(forWritingTo: folder.folder.url.appending(path: "rec/long.wav"))
      try file.seekToEnd()
      try file.write(contentsOf: Data(count: 64))
      try file.close()
    }
    #expect(run.exit == 7)
    #expect(
      run.errors.contains("error: rec/long.wav: changed while it was read; run again when nothing writes to it\n"))
    #expect(folder.outputs("out") == ["out/batch-report.csv", "out/short.embeddings.parquet"])
    #expect(try folder.batch("generate", "--output", "out", "rec").exit == 0)
  }

  /// As a user whom permissions bind: the tests' own, or nobody.
  private static let asUser = geteuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []

  private static let canDrop: Bool = {
    guard let folder = try? BatchFolder(), let path = Tools.path(of: asUser.first ?? "env") else { return false }
    let words = [path] + asUser.dropFirst()
    return (try? Program.run(["version"], in: folder.folder, under: asUser.isEmpty ? [] : words))?.exit == 0
  }()

  @Test(.enabled(if: canDrop, "needs another user who can reach the program")) func permissionsAreNamed() throws {
    for name in ["a", "b", "c"] { try folder.write(ToneFile.wav(seconds: 5), to: "rec/\(name)/x.wav") }
    try folder.write(ToneFile.wav(seconds: 5), to: "rec/d.wav")
    for path in ["out/a", "out/b"] {
      try FileManager.default.createDirectory(
        at: folder.folder.url.appending(path: path), withIntermediateDirectories: true)
    }
    chmod(folder.folder.path("rec/d.wav"), 0)
    chmod(folder.folder.path("out"), 0o777)
    chmod(folder.folder.path("out/a"), 0o777)
    chmod(folder.folder.path("out/b"), 0o555)
    let under = Self.asUser.isEmpty ? [] : [Tools.path(of: "setpriv") ?? ""] + Self.asUser.dropFirst()
    func run() throws -> Program.Outcome {
      try Program.run(
        ["batch", "generate", "-q"] + folder.weights + ["--output", "out", "rec"], in: folder.folder,
        environment: ["SOURCE_DATE_EPOCH": "0"], under: under)
    }
    let first = try run()
    #expect(first.exit == 7, "\(first.errors)")
    let rows = try folder.report("out/batch-report.csv")
    #expect(rows.map(\.status) == ["done", "failed", "done", "failed"])
    #expect(rows.map(\.exitCode) == ["0", "6", "0", "3"])
    #expect(
      rows.map(\.message) == [
        "", "permission denied; make the folder writable or choose another output folder", "",
        "may not be read; ask for permission to read it",
      ])
    #expect(rows[1].losses == "failed 5.0")
    // Once the reasons are gone, what is missing is made.
    chmod(folder.folder.path("rec/d.wav"), 0o644)
    chmod(folder.folder.path("out/b"), 0o777)
    #expect(try run().exit == 0)
    #expect(try folder.report("out/batch-report.csv").map(\.status) == ["skipped", "done", "skipped", "done"])
  }

  static let canMount = geteuid() == 0 && Self.mountTrial()

  private static func mountTrial() -> Bool {
    guard let folder = try? TemporaryFolder() else { return false }
    let point = folder.url.path
    guard (try? Mount(point, options: "size=64k")) != nil else { return false }
    return true
  }

  @Test(.enabled(if: canMount, "needs the right to mount a small disk")) func theDiskMayBeFull() throws {
    try makeRecordings()
    #expect(try folder.batch("generate", "--output", "whole", "rec").exit == 7)
    try FileManager.default.createDirectory(
      at: folder.folder.url.appending(path: "out"), withIntermediateDirectories: false)
    let point = folder.folder.url.appending(path: "out").path
    let disk = try Mount(point, options: "size=120k")
    let run = try folder.batch("generate", "--output", "out", "rec")
    #expect(run.exit == 6 || run.exit == 7)
    #expect(run.errors.contains("no space left on the disk"), "\(run.errors.prefix(500))")
    #expect(unfinished == [])
    // What stands there is whole.
    let wanted = try tables("whole")
    let before = try tables("out")
    #expect(!before.isEmpty && before.count < wanted.count)
    #expect(before.allSatisfy { wanted[$0.key] == $0.value })
    try disk.change("size=10m")
    #expect(try folder.batch("generate", "--output", "out", "rec").exit == 7)
    #expect(try tables("out") == wanted)
  }

  @Test(.enabled(if: canMount, "needs the right to mount a small disk")) func theOutputMayBeReadOnly() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "rec/x.wav")
    try FileManager.default.createDirectory(
      at: folder.folder.url.appending(path: "out"), withIntermediateDirectories: false)
    let disk = try Mount(folder.folder.url.appending(path: "out").path, options: "size=1m,ro")
    let run = try folder.batch("generate", "--output", "out", "rec")
    #expect(run.exit == 6)
    #expect(run.errors.split(separator: "\n").count == 1)
    #expect(folder.outputs("out") == [])
    try disk.change("rw")
    #expect(try folder.batch("generate", "--output", "out", "rec").exit == 0)
  }
}

private enum Tools {
  /// Where a program is, on the path of this process.
  static func path(of name: String) -> String? {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}

/// A small disk in memory, mounted for as long as this lives.
final class Mount {
  struct Refused: Error {}

  private let point: String

  init(_ point: String, options: String) throws {
    self.point = point
    try Self.run("mount", ["-t", "tmpfs", "-o", options, "tmpfs", point])
  }

  func change(_ options: String) throws { try Self.run("mount", ["-o", "remount,\(options)", point]) }

  deinit { try? Self.run("umount", ["-l", point]) }

  private static func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    if process.terminationStatus != 0 { throw Refused() }
  }
}
