#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import CSndFile

/// The bytes of a recording on disk. Closed with its last reference.
final class RecordingFile {
  let path: String
  let size: Int
  private let descriptor: Int32

  /// Opens a regular file, or the regular file that links lead to. Never blocks: the kind is looked at
  /// before opening, and again afterwards in case it changed in between.
  init(path: String) throws(SoundFileError) {
    guard !path.utf8.contains(0) else { throw .missing }
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw Self.failure(opening: path) }
    try Self.checkKind(status)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure(opening: path) }
    guard unsafe fstat(descriptor, &status) == 0 else {
      let failure = Self.failure(opening: path)
      close(descriptor)
      throw failure
    }
    do {
      try Self.checkKind(status)
    } catch {
      close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Up to `count` bytes from `offset`; fewer at the end of the file.
  func bytes(at offset: Int, count: Int) throws(SoundFileError) -> [UInt8] {
    guard offset >= 0, offset < size, count > 0 else { return [] }
    var block = [UInt8](repeating: 0, count: min(count, size - offset))
    var number: Int32 = 0
    let got = unsafe block.withUnsafeMutableBytes { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      return unsafe read(into: base, count: buffer.count, at: offset, number: &number)
    }
    if number != 0 { throw .unreadable(Self.message(number)) }
    block.removeLast(block.count - got)
    return block
  }

  /// Reads until `count` bytes or the end of the file; `number` receives the system's error number.
  fileprivate func read(
    into base: UnsafeMutableRawPointer, count: Int, at offset: Int, number: inout Int32
  ) -> Int {
    var done = 0
    while done < count {
      let got = unsafe pread(descriptor, base + done, count - done, off_t(offset + done))
      if got < 0 && errno == EINTR { continue }
      if got < 0 { number = errno }
      if got <= 0 { break }
      done += got
    }
    return done
  }

  static func message(_ number: Int32) -> String {
    guard let text = unsafe strerror(number) else { return "error \(number)" }
    return unsafe String(cString: text)
  }

  private static func checkKind(_ status: stat) throws(SoundFileError) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw .notAFile("a folder")
    case S_IFIFO: throw .notAFile("a pipe")
    case S_IFSOCK: throw .notAFile("a socket")
    default: throw .notAFile("a device")
    }
  }

  private static func failure(opening path: String) -> SoundFileError {
    let number = errno
    switch number {
    case ENOENT, ENOTDIR:
      var status = stat()
      let isLink = unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
      return isLink ? .danglingLink : .missing
    case ELOOP: return .linkLoop
    case EACCES, EPERM: return .notPermitted
    default: return .unreadable(message(number))
    }
  }
}

/// What the decoder is shown in place of the file: a mended header, then stretches of the file.
final class VirtualFile {
  enum Piece: Equatable {
    case bytes([UInt8])
    /// Offsets in the file.
    case file(Range<Int>)

    var count: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .file(let range): range.count
      }
    }
  }

  private let file: RecordingFile
  private let pieces: [Piece]
  let size: Int
  private var position = 0
  /// The system's number of a failed read; the decoder only sees the end of the file.
  private(set) var failure: Int32 = 0

  init(_ file: RecordingFile, showing pieces: [Piece]) {
    self.file = file
    self.pieces = pieces
    size = pieces.reduce(0) { $0 + $1.count }
  }

  private func read(into base: UnsafeMutableRawPointer, count: Int) -> Int {
    var done = 0
    var pieceStart = 0
    for piece in pieces {
      let pieceEnd = pieceStart + piece.count
      if position < pieceEnd && done < count {
        let offset = position - pieceStart
        let wanted = min(count - done, pieceEnd - position)
        let got = unsafe copy(piece, from: offset, count: wanted, to: base + done)
        done += got
        position += got
        if got < wanted { break }
      }
      pieceStart = pieceEnd
    }
    return done
  }

  private func copy(_ piece: Piece, from offset: Int, count: Int, to base: UnsafeMutableRawPointer) -> Int {
    switch piece {
    case .bytes(let bytes):
      for i in 0..<count { unsafe base.storeBytes(of: bytes[offset + i], toByteOffset: i, as: UInt8.self) }
      return count
    case .file(let range):
      return unsafe file.read(into: base, count: count, at: range.lowerBound + offset, number: &failure)
    }
  }

  private func seek(_ offset: Int, _ whence: Int32) -> Int {
    let (target, overflow): (Int, Bool)
    switch whence {
    case SEEK_SET: (target, overflow) = (offset, false)
    case SEEK_CUR: (target, overflow) = position.addingReportingOverflow(offset)
    case SEEK_END: (target, overflow) = size.addingReportingOverflow(offset)
    default: return -1
    }
    guard !overflow, target >= 0 else { return -1 }
    position = target
    return target
  }

  /// The functions that libsndfile calls, with a `VirtualFile` as their user data.
  static var callbacks: SF_VIRTUAL_IO {
    unsafe SF_VIRTUAL_IO(
      get_filelen: { user in unsafe sf_count_t(VirtualFile.from(user)?.size ?? 0) },
      seek: { offset, whence, user in
        unsafe sf_count_t(VirtualFile.from(user)?.seek(Int(offset), whence) ?? -1)
      },
      read: { base, count, user in
        guard let base = unsafe base, count > 0 else { return 0 }
        return unsafe sf_count_t(VirtualFile.from(user)?.read(into: base, count: Int(count)) ?? 0)
      },
      write: { _, _, _ in 0 },
      tell: { user in unsafe sf_count_t(VirtualFile.from(user)?.position ?? 0) })
  }

  /// The pointer for the user data of `callbacks`; good as long as the file is referenced elsewhere.
  var userData: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

  private static func from(_ user: UnsafeMutableRawPointer?) -> VirtualFile? {
    guard let user = unsafe user else { return nil }
    return unsafe Unmanaged<VirtualFile>.fromOpaque(user).takeUnretainedValue()
  }
}
