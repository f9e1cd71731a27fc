/// FLAC (RFC 9639). The decoder is shown STREAMINFO and the frames alone.
///
/// Other metadata blocks are passed over by their declared length: recorders of Frontier Labs declare
/// their comment block one byte longer than its contents, and a decoder that parses it may refuse the
/// file. The total of samples is shown as unknown, so that the decoder reads to the real end whatever
/// that field says; it is compared with the truth afterwards.
enum FLACHeader {
  private static let streamInfoBytes = 34
  private static let streamInfo = 0
  private static let vorbisComment = 4
  /// A block is at most 16 MiB; more blocks than this are no recording.
  private static let blockLimit = 1024

  static func layout(of file: RecordingFile, from start: Int) throws(SoundFileError) -> SoundLayout {
    var info: [UInt8]?
    var tags = RecorderTags()
    var position = start + 4
    for _ in 0..<blockLimit {
      let head = try file.bytes(at: position, count: 4)
      guard let length = head.bigEndian(at: 1, 3).map(clamped) else {
        throw .badHeader("its FLAC header is cut off")
      }
      let kind = Int(head[0] & 0x7F)
      let body = try file.bytes(at: position + 4, count: min(length, RecorderTags.limit))
      if kind == streamInfo && info == nil { info = Array(body.prefix(streamInfoBytes)) }
      if kind == vorbisComment { tags.vorbisComments = comments(body) }
      position += 4 + length
      if head[0] & 0x80 != 0 { break }
    }
    guard var info, info.count == streamInfoBytes, let packed = info.bigEndian(at: 10, 8) else {
      throw .badHeader("its FLAC header has no stream description")
    }
    guard position < file.size else { throw .noAudio }
    // 20 bits rate, 3 bits channels − 1, 5 bits depth − 1, 36 bits total.
    let total = Int(packed & 0xF_FFFF_FFFF)
    try SoundFileError.check(rate: Int(packed >> 44), channels: Int(packed >> 41 & 7) + 1)
    info[13] &= 0xF0
    for i in 14..<18 { info[i] = 0 }

    let head = Array("fLaC".utf8) + [0x80, 0, 0, UInt8(streamInfoBytes)] + info
    var layout = SoundLayout("FLAC", [.bytes(head), .file(position..<file.size)])
    layout.claimedFrames = total > 0 ? total : nil
    layout.tags = tags
    return layout
  }

  /// The `KEY=value` texts of a comment block: little-endian lengths, vendor first.
  private static func comments(_ block: [UInt8]) -> [String] {
    guard let vendor = block.littleEndian(at: 0, 4) else { return [] }
    var position = 4 + Int(vendor)
    guard let count = block.littleEndian(at: position, 4) else { return [] }
    position += 4
    var texts: [String] = []
    for _ in 0..<count {
      guard let length = block.littleEndian(at: position, 4) else { break }
      let body = position + 4
      guard Int(length) <= block.count - body else { break }
      texts.append(block.text(body..<body + Int(length)))
      position = body + Int(length)
    }
    return texts
  }
}
