import Glibc
import Synchronization
import SystemPackage

/// A file that is either whole under its final name or not there at all.
///
/// Bytes go to `<final name>.inprogress` beside the final name; `commit` makes them durable and renames.
/// A value that is dropped without `commit` removes its temporary file. The temporary file carries an
/// advisory lock, so two runs never write one output; the leftover of a killed run is taken over.
package struct AtomicFile: ~Copyable {
  package let path: FilePath

  private let temporary: FilePath
  private let registry: InProgressFiles
  private let descriptor: FileDescriptor
  /// Where `write` goes when the head of the file is known only at its end: a file without a name, which
  /// no crash can leave behind.
  private let rows: FileDescriptor?
  private var buffer: [UInt8] = []
  private var isCommitted = false

  private static let bufferSize = 1 << 20

  /// Opens the temporary file of `path` and creates the folders above it.
  ///
  /// - Parameter headComesLast: whether `commit` will be given bytes that stand before all written ones.
  /// - Throws: exit 6 when the file cannot be written or another run is writing it.
  package init(
    _ path: FilePath, headComesLast: Bool = false, registry: InProgressFiles = .ofProcess
  ) throws(RunnerError) {
    guard let name = path.lastComponent else { throw OutputFault.describe(path, .isDirectory) }
    let folder = path.removingLastComponent()
    try OutputFolder.create(folder)
    if OutputFolder.isFolder(path) { throw OutputFault.describe(path, .isDirectory) }

    let temporary = folder.appending(name.string + ".inprogress")
    let (descriptor, rows) = try registry.register(temporary, for: path) {
      () throws(RunnerError) -> (FileDescriptor, FileDescriptor?) in
      do throws(Errno) {
        let descriptor = try AtomicFile.openLocked(temporary)
        guard let descriptor else { throw .resourceTemporarilyUnavailable }
        if !headComesLast { return (descriptor, nil) }
        return (descriptor, try AtomicFile.openNameless(folder.appending(name.string + ".rows.inprogress")))
      } catch .resourceTemporarilyUnavailable {
        throw RunnerError(
          path.string, "another run is writing this file",
          remedy: "wait for it to end or choose another output folder", exit: .output)
      } catch {
        throw OutputFault.describe(path, error)
      }
    }
    self.path = path
    self.temporary = temporary
    self.registry = registry
    self.descriptor = descriptor
    self.rows = rows
  }

  deinit {
    // Removed before the lock falls with the descriptor, so that no other run's file can be hit.
    if !isCommitted { registry.remove(temporary) }
    try? descriptor.close()
    try? rows?.close()
  }

  package mutating func write(_ bytes: [UInt8]) throws(RunnerError) {
    if bytes.count >= AtomicFile.bufferSize {
      try flush()
      try send(bytes, to: rows ?? descriptor)
    } else {
      buffer += bytes
      if buffer.count >= AtomicFile.bufferSize { try flush() }
    }
  }

  package mutating func write(_ text: String) throws(RunnerError) { try write(Array(text.utf8)) }

  /// Puts `head` before what was written, makes the file durable and gives it its final name.
  package consuming func commit(head: [UInt8] = []) throws(RunnerError) {
    try flush()
    if let rows {
      try send(head, to: descriptor)
      try copyRows(from: rows)
    } else {
      precondition(head.isEmpty, "a head needs `headComesLast`")
    }
    if fsync(descriptor.rawValue) != 0 { throw OutputFault.describe(path, Errno(rawValue: errno)) }
    try registry.rename(temporary, to: path)
    isCommitted = true
    OutputFolder.synchronise(path.removingLastComponent())
  }

  private mutating func flush() throws(RunnerError) {
    try send(buffer, to: rows ?? descriptor)
    buffer.removeAll(keepingCapacity: true)
  }

  private func send(_ bytes: [UInt8], to target: FileDescriptor) throws(RunnerError) {
    if bytes.isEmpty { return }
    do {
      try target.writeAll(bytes)
    } catch {
      throw OutputFault.describe(path, error as? Errno ?? .ioError)
    }
  }

  private func copyRows(from rows: FileDescriptor) throws(RunnerError) {
    var block = [UInt8](repeating: 0, count: AtomicFile.bufferSize)
    var offset: Int64 = 0
    while true {
      let count: Int
      do {
        count = try unsafe block.withUnsafeMutableBytes {
          try unsafe rows.read(fromAbsoluteOffset: offset, into: $0)
        }
      } catch {
        throw OutputFault.describe(path, error as? Errno ?? .ioError)
      }
      if count == 0 { return }
      try send(count == block.count ? block : Array(block[..<count]), to: descriptor)
      offset += Int64(count)
    }
  }

  /// Opens and locks `path`, empty; nil when another run holds the lock.
  private static func openLocked(_ path: FilePath) throws(Errno) -> FileDescriptor? {
    while true {
      let descriptor = try open(path)
      if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0 {
        let cause = Errno(rawValue: errno)
        try? descriptor.close()
        if cause == .wouldBlock { return nil }
        throw cause
      }
      // Between opening and locking, the holder may have renamed this file to its final name: emptying
      // it now would destroy a finished output. Only a file that still has the temporary name is ours.
      var opened = stat()
      var named = stat()
      let isSame =
        unsafe fstat(descriptor.rawValue, &opened) == 0 && lstat(path.string, &named) == 0
        && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
      if isSame {
        if ftruncate(descriptor.rawValue, 0) == 0 { return descriptor }
        let cause = Errno(rawValue: errno)
        try? descriptor.close()
        throw cause
      }
      try? descriptor.close()
    }
  }

  /// Removes what a killed run left of `path`. What a run is writing at this moment stays.
  package static func removeLeftover(of path: FilePath) {
    for ending in [".inprogress", ".rows.inprogress"] {
      let temporary = FilePath(path.string + ending)
      guard
        let descriptor = try? FileDescriptor.open(
          temporary, .readWrite, options: [.noFollow, .closeOnExec, .nonBlocking])
      else { continue }
      if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { _ = unsafe unlink(temporary.string) }
      try? descriptor.close()
    }
  }

  /// Opens a file that no path leads to, empty.
  static func openNameless(_ path: FilePath) throws(Errno) -> FileDescriptor {
    let descriptor = try open(path)
    if unsafe unlink(path.string) != 0 || ftruncate(descriptor.rawValue, 0) != 0 {
      let cause = Errno(rawValue: errno)
      try? descriptor.close()
      throw cause
    }
    return descriptor
  }

  private static func open(_ path: FilePath) throws(Errno) -> FileDescriptor {
    do {
      return try FileDescriptor.open(
        path, .readWrite, options: [.create, .noFollow, .closeOnExec],
        permissions: FilePermissions(rawValue: 0o666))
    } catch {
      throw error as? Errno ?? .ioError
    }
  }
}

/// The temporary files that exist at this moment, for the signal handler that removes them.
package final class InProgressFiles: Sendable {
  package static let ofProcess = InProgressFiles()

  private struct State {
    var paths: Set<String> = []
    var isClosed = false
  }
  private let state = Mutex(State())

  package init() {}

  /// Removes every file in progress and refuses new ones: what a signal handler's thread calls last
  /// before the process ends.
  package static func removeAll() { ofProcess.close() }

  package func close() {
    state.withLock { state in
      for path in state.paths { _ = unsafe unlink(path) }
      state.paths = []
      state.isClosed = true
    }
  }

  /// Runs `open` and remembers `temporary`, in one step, so that no signal falls between the two.
  fileprivate func register(
    _ temporary: FilePath, for path: FilePath,
    open: () throws(RunnerError) -> (FileDescriptor, FileDescriptor?)
  ) throws(RunnerError) -> (FileDescriptor, FileDescriptor?) {
    try state.withLock { (state) throws(RunnerError) in
      if state.isClosed { throw OutputFault.interrupted(path) }
      let descriptors = try open()
      state.paths.insert(temporary.string)
      return descriptors
    }
  }

  /// Remembers a temporary file that another writer is about to create; false once no file may begin.
  package func add(_ temporary: FilePath) -> Bool {
    state.withLock { state in
      if !state.isClosed { state.paths.insert(temporary.string) }
      return !state.isClosed
    }
  }

  /// Gives a file in progress its final name; from then on it is no longer in progress.
  package func rename(_ temporary: FilePath, to path: FilePath) throws(RunnerError) {
    try state.withLock { (state) throws(RunnerError) in
      if state.isClosed { throw OutputFault.interrupted(path) }
      if unsafe Glibc.rename(temporary.string, path.string) != 0 {
        throw OutputFault.describe(path, Errno(rawValue: errno))
      }
      state.paths.remove(temporary.string)
    }
  }

  /// Removes a file in progress.
  package func remove(_ temporary: FilePath) {
    state.withLock { state in
      if state.paths.remove(temporary.string) != nil { _ = unsafe unlink(temporary.string) }
    }
  }
}

/// Folders that outputs are put in.
package enum OutputFolder {
  /// Creates `folder` and what is missing above it. Throws exit 6 with the cause.
  package static func create(_ folder: FilePath) throws(RunnerError) {
    if folder.isEmpty || isFolder(folder) { return }
    try create(folder.removingLastComponent())
    if unsafe mkdir(folder.string, 0o777) == 0 { return }
    let cause = Errno(rawValue: errno)
    // Another run may have made it in the meantime.
    if cause == .fileExists, isFolder(folder) { return }
    throw OutputFault.describe(folder, cause == .fileExists ? .notDirectory : cause)
  }

  /// Removes a file; one that is not there is removed already.
  package static func remove(_ path: FilePath) { _ = unsafe unlink(path.string) }

  fileprivate static func isFolder(_ path: FilePath) -> Bool {
    var status = stat()
    return unsafe stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Makes a rename in `folder` durable. The file's own bytes are safe by then, and some file systems
  /// refuse this on folders, so a refusal is no error.
  fileprivate static func synchronise(_ folder: FilePath) {
    let name = folder.isEmpty ? FilePath(".") : folder
    guard let descriptor = try? FileDescriptor.open(name, .readOnly, options: [.directory, .closeOnExec])
    else { return }
    _ = fsync(descriptor.rawValue)
    try? descriptor.close()
  }
}

/// What stops an output from being written, in the words users see.
package enum OutputFault {
  package static func describe(_ path: FilePath, _ cause: Errno) -> RunnerError {
    let other = "choose another output folder"
    let (text, remedy): (String, String) =
      switch cause {
      case .permissionDenied, .notPermitted:
        ("permission denied", "make the folder writable or \(other)")
      case .noSpace, .diskQuotaExceeded: ("no space left on the disk", "free some space or \(other)")
      case .readOnlyFileSystem: ("the file system is read-only", other)
      case .isDirectory: ("is a folder", "name a file or \(other)")
      case .notDirectory: ("a part of the path is not a folder", other)
      case .noSuchFileOrDirectory: ("the temporary file or its folder is gone", "run again")
      case .fileNameTooLong: ("the file name is too long", "use a shorter one")
      case .tooManySymbolicLinkLevels: ("the temporary file's name is a symbolic link", "remove it")
      default: ("cannot be written (\(cause))", "check the disk or \(other)")
      }
    return RunnerError(path.string, text, remedy: remedy, exit: .output)
  }

  static func interrupted(_ path: FilePath) -> RunnerError {
    RunnerError(path.string, "the run was interrupted", remedy: "run again", exit: .interrupted)
  }
}
