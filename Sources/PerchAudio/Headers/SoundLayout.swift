/// What the headers of a recording say, and how its bytes are shown to the decoder.
struct SoundLayout {
  /// The container's name in notes and errors.
  var container: String
  var pieces: [VirtualFile.Piece]
  /// Frames that a header promises, where it does.
  var claimedFrames: Int?
  /// A promise that is off by up to so many frames is kept.
  var tolerance = 0
  var flaws: [Flaw] = []
  var tags = RecorderTags()

  init(_ container: String, _ pieces: [VirtualFile.Piece]) {
    self.container = container
    self.pieces = pieces
  }
}

/// The texts in which recorders leave their notes; see `RecordingTime`.
struct RecorderTags: Equatable {
  var guano: String?
  var broadcastExtension: [UInt8]?
  /// The comment of a LIST/INFO chunk.
  var comment: String?
  /// `KEY=value` lines of a FLAC file.
  var vorbisComments: [String] = []

  /// No recorder writes more; the rest of a longer text is not read.
  static let limit = 1 << 20
}

/// Finds out by its first bytes what a file is, and lays it out for the decoder.
/// The file's name plays no part.
func layout(of file: RecordingFile) throws(SoundFileError) -> SoundLayout {
  guard file.size > 0 else { throw .empty }
  let start = try offsetAfterID3(file)
  let head = try file.bytes(at: start, count: 512)
  let whole = VirtualFile.Piece.file(start..<max(start, file.size))
  if head.has("fLaC") { return try FLACHeader.layout(of: file, from: start) }
  if (head.has("RIFF") || head.has("RF64") || head.has("BW64")) && head.has("WAVE", at: 8) {
    return try RIFFHeader.layout(of: file)
  }
  if Wave64Header.isAt(head) { return try Wave64Header.layout(of: file) }
  if head.has("RIFX") && head.has("WAVE", at: 8) { return SoundLayout("WAV", [whole]) }
  if head.has("OggS") { return try OggHeader.layout(of: file, from: start, head) }
  if head.has("FORM") && (head.has("AIFF", at: 8) || head.has("AIFC", at: 8)) {
    return try AIFFHeader.layout(of: file)
  }
  if head.has("caff") { return SoundLayout("CAF", [whole]) }
  if head.has(".snd") { return AUHeader.layout(of: file, head) }
  if let other = knownContent(head) { throw other }
  if let frames = try MPEGHeader.firstFrame(in: file, from: start) {
    var layout = SoundLayout("MP3", [.file(frames..<file.size)])
    layout.tolerance = 2 * 1152
    return layout
  }
  throw .notAudio(try describe(head, file))
}

/// ID3v2 tags may stand in front of anything. Size: four bytes of seven bits, without the ten bytes
/// of the header and the ten of a footer (id3.org, ID3v2.4 section 3.1).
private func offsetAfterID3(_ file: RecordingFile) throws(SoundFileError) -> Int {
  var offset = 0
  for _ in 0..<16 {
    let tag = try file.bytes(at: offset, count: 10)
    guard tag.count == 10, tag.has("ID3"), tag[6...].allSatisfy({ $0 < 0x80 }) else { break }
    let size = tag[6...].reduce(0) { $0 << 7 | Int($1) }
    offset += 10 + size + (tag[5] & 0x10 != 0 ? 10 : 0)
  }
  if offset >= file.size { throw .noAudio }
  return offset
}
