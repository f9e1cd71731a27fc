/// Sony Wave64: the chunks of WAV with 16-byte names and 64-bit sizes that count their own header,
/// each at a multiple of 8.
enum Wave64Header {
  private static let riffTail: [UInt8] = [
    0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00,
  ]
  private static let chunkTail: [UInt8] = [
    0xF3, 0xAC, 0xD3, 0x11, 0x8C, 0xD1, 0x00, 0xC0, 0x4F, 0x8E, 0xDB, 0x8A,
  ]
  private static let headerBytes = 24
  private static let chunkLimit = 4096

  static func isAt(_ head: [UInt8]) -> Bool {
    head.count >= 40 && head.has("riff") && head[4..<16].elementsEqual(riffTail)
      && isName("wave", Array(head[24..<40]))
  }

  static func layout(of file: RecordingFile) throws(SoundFileError) -> SoundLayout {
    var format: WaveFormat?
    var position = 40
    for _ in 0..<chunkLimit {
      let head = try file.bytes(at: position, count: headerBytes)
      guard let size = head.littleEndian(at: 16, 8).map(clamped), size >= headerBytes else { break }
      let body = position + headerBytes
      if isName("fmt ", head) {
        guard size - headerBytes <= WaveFormat.longestBody else {
          throw .badHeader("its `fmt ` chunk claims \(size) bytes")
        }
        format = try WaveFormat(try file.bytes(at: body, count: size - headerBytes))
      } else if isName("data", head) {
        guard let format else { throw .badHeader("its W64 header does not say its format") }
        return try layout(of: file, format, body, declared: size - headerBytes)
      }
      guard size <= file.size - position else { break }
      position += (size + 7) / 8 * 8
    }
    throw .badHeader("its W64 header leads to no audio")
  }

  private static func layout(
    of file: RecordingFile, _ format: WaveFormat, _ start: Int, declared: Int
  ) throws(SoundFileError) -> SoundLayout {
    let extent = try DataExtent(
      declared: declared, available: max(0, file.size - start), headerBytes: start, format: format
    ) { (length) throws(SoundFileError) in
      let aligned = start + (length + 7) / 8 * 8
      let head = try file.bytes(at: aligned, count: headerBytes)
      guard let size = head.littleEndian(at: 16, 8).map(clamped) else { return aligned >= file.size }
      return size >= headerBytes && size <= file.size - aligned
    }
    guard format.whole(extent.length) > 0 else { throw .noAudio }
    return format.layout(
      "W64", data: start..<start + extent.length, extent.flaw.map { [$0] } ?? [], RecorderTags())
  }

  private static func isName(_ name: String, _ bytes: [UInt8]) -> Bool {
    bytes.has(name) && bytes[4..<16].elementsEqual(chunkTail)
  }
}
