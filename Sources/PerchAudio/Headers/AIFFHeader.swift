/// AIFF and AIFF-C: only the promise of frames is read here; libsndfile cuts it down to what the file
/// holds without a word.
enum AIFFHeader {
  private static let chunkLimit = 4096

  static func layout(of file: RecordingFile) throws(SoundFileError) -> SoundLayout {
    var layout = SoundLayout("AIFF", [.file(0..<file.size)])
    var position = 12
    for _ in 0..<chunkLimit {
      let head = try file.bytes(at: position, count: 8)
      guard let size = head.bigEndian(at: 4, 4).map(clamped) else { break }
      if head.has("COMM") {
        let body = try file.bytes(at: position + 8, count: 6)
        layout.claimedFrames = body.bigEndian(at: 2, 4).map(clamped)
      }
      position += 8 + size + size % 2
    }
    return layout
  }
}

/// Sun/NeXT AU, likewise.
enum AUHeader {
  /// Bytes of a sample by encoding number: µ-law, 8, 16, 24, 32 bits, Float, Double, A-law.
  private static let sampleBytes: [UInt64: Int] = [1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1]

  static func layout(of file: RecordingFile, _ head: [UInt8]) -> SoundLayout {
    var layout = SoundLayout("AU", [.file(0..<file.size)])
    if let size = head.bigEndian(at: 8, 4), size != 0xFFFF_FFFF, let encoding = head.bigEndian(at: 12, 4),
      let bytes = sampleBytes[encoding], let channels = head.bigEndian(at: 20, 4), 1...1024 ~= channels {
      layout.claimedFrames = clamped(size) / (bytes * Int(channels))
    }
    return layout
  }
}
