/// Ogg pages (RFC 3533) around Vorbis or Opus.
enum OggHeader {
  /// Bytes of a page before its table of segments.
  private static let pageHeader = 27
  /// The largest page, so that its beginning lies in so many last bytes of a whole file.
  private static let pageLimit = 65_307
  private static let endOfStream: UInt8 = 4

  static func layout(
    of file: RecordingFile, from start: Int, _ head: [UInt8]
  ) throws(SoundFileError) -> SoundLayout {
    guard head.count > pageHeader else { throw .badHeader("its first Ogg page is cut off") }
    let packet = Array(head.dropFirst(pageHeader + Int(head[26])))
    let container: String
    switch packet {
    case _ where packet.has("\u{01}vorbis"): container = "Ogg Vorbis"
    case _ where packet.has("OpusHead"): container = "Opus"
    case _ where packet.has("\u{7F}FLAC"): throw .notDecoded("FLAC inside Ogg")
    case _ where packet.has("Speex"): throw .notDecoded("Speex")
    case _ where packet.has("\u{01}video") || packet.dropFirst().starts(with: "theora".utf8):
      throw .notDecoded("Ogg video")
    default: throw .notDecoded("Ogg of an unknown encoding")
    }
    var layout = SoundLayout(container, [.file(start..<file.size)])
    if let flaw = try flawAtEnd(of: file, firstSerial: head.littleEndian(at: 14, 4)) { layout.flaws = [flaw] }
    return layout
  }

  /// A last page of another stream than the first: several were joined, and the decoder returns the
  /// first alone. A last page without the mark of the end: the rest was cut off.
  private static func flawAtEnd(of file: RecordingFile, firstSerial: UInt64?) throws(SoundFileError) -> Flaw? {
    let from = max(0, file.size - 2 * pageLimit)
    let bytes = try file.bytes(at: from, count: 2 * pageLimit)
    let pages = 0..<max(0, bytes.count - pageHeader)
    guard let page = pages.last(where: { bytes[$0] == UInt8(ascii: "O") && bytes.has("OggS", at: $0) })
    else { return nil }
    if bytes.littleEndian(at: page + 14, 4) != firstSerial {
      return Flaw(text: "holds a second Ogg stream after the first, which alone is read", losesSound: true)
    }
    let segments = bytes[(page + pageHeader)...].prefix(Int(bytes[page + 26]))
    let isWhole = page + pageHeader + Int(bytes[page + 26]) + segments.reduce(0) { $0 + Int($1) } <= bytes.count
    guard bytes[page + 5] & endOfStream == 0 || !isWhole else { return nil }
    return Flaw(text: "ends before the mark of its end: the last part is missing", losesSound: true)
  }
}
