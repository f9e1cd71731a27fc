import Glibc
import PerchCore
import SystemPackage

/// Where a batch keeps its own files in the output folder.
struct BatchFiles {
  let folder: FilePath
  let shard: Shard?

  private var part: String { shard.map { ".\($0.text)" } ?? "" }

  /// A row for every input, in the order of the list. It stands when a run has come to its end.
  var report: FilePath { folder.appending("batch-report\(part).csv") }

  /// The rows of a run that is under way or was killed, in the order in which recordings ended.
  var journal: FilePath { folder.appending(".batch-report\(part).journal") }

  /// Held by the run that works on this folder and shard.
  var lock: FilePath { folder.appending(".batch\(part).lock") }

  /// Held exclusively by a run over all recordings, and together by those over shards.
  var lockOfAll: FilePath { folder.appending(".batch.lock") }
}

/// Keeps a second run away from a folder. The system frees a lock with the process that holds it, however that
/// ends; the file stays, for it could not be removed without a moment in which two runs hold two files of one name.
struct BatchLock: ~Copyable {
  private let descriptor: FileDescriptor
  private let all: FileDescriptor?

  /// - Parameter summary: says what set of recordings is worked on; kept in the lock file.
  /// - Throws: exit code 6 when another run holds it, or the folder cannot be written to.
  init(_ files: BatchFiles, summary: BatchSummary) throws(RunnerError) {
    try OutputFolder.create(files.folder)
    var all: FileDescriptor?
    if files.shard != nil { all = try Self.take(files.lockOfAll, LOCK_SH, files) }
    do throws(RunnerError) {
      descriptor = try Self.take(files.lock, LOCK_EX, files)
    } catch {
      try? all?.close()
      throw error
    }
    self.all = all
    let text = "process \(getpid()) on \(Self.host)\n\(summary.text)\n"
    _ = ftruncate(descriptor.rawValue, 0)
    _ = try? descriptor.writeAll(text.utf8)
  }

  deinit {
    try? descriptor.close()
    try? all?.close()
  }

  private static func take(
    _ path: FilePath, _ kind: Int32, _ files: BatchFiles
  ) throws(RunnerError) -> FileDescriptor {
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        path, .readWrite, options: [.create, .noFollow, .closeOnExec],
        permissions: FilePermissions(rawValue: 0o666))
    } catch { throw OutputFault.describe(path, error as? Errno ?? .ioError) }
    if flock(descriptor.rawValue, kind | LOCK_NB) == 0 { return descriptor }
    let cause = Errno(rawValue: errno)
    try? descriptor.close()
    guard cause == .wouldBlock else { throw OutputFault.describe(path, cause) }
    let holder = (try? TextFile.read(path.string, kind: "lock"))?.split(separator: "\n").first
    throw RunnerError(
      files.folder.string, "another batch is at work here (\(holder ?? "unknown process"))",
      remedy: "wait for it to end, or choose another output folder or shard", exit: .output)
  }

  private static var host: String {
    (try? TextFile.read("/proc/sys/kernel/hostname", kind: "name"))?.split(separator: "\n").first.map(String.init)
      ?? "unknown host"
  }
}

/// Tells whether the shards of a run were given one and the same set of recordings.
package struct BatchSummary: Equatable, Sendable {
  let inputs: Int
  /// SHA-256 of all sources, sorted.
  let digest: String

  init(sources: [String]) {
    inputs = sources.count
    var bytes: [UInt8] = []
    for source in sources.sorted() {
      bytes += source.utf8
      bytes.append(0)
    }
    digest = Digest.sha256(bytes)
  }

  var text: String { "inputs \(inputs) \(digest)" }

  /// From the text of a lock file.
  init?(lockFile text: String) {
    let lines = text.split(separator: "\n")
    guard lines.count == 2 else { return nil }
    let words = lines[1].split(separator: " ")
    guard words.count == 3, words[0] == "inputs", let inputs = Int(words[1]) else { return nil }
    self.inputs = inputs
    digest = String(words[2])
  }
}
