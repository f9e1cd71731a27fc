/// The `fmt ` chunk of WAV, RF64 and W64 (Microsoft WAVEFORMATEX and WAVEFORMATEXTENSIBLE).
struct WaveFormat: Equatable {
  /// The whole chunk body, as the decoder is shown it.
  let body: [UInt8]
  /// Encoding: 1 = integers, 3 = floats, 6 and 7 = A-law and µ-law; an extensible chunk's own one.
  let tag: Int
  let channels: Int
  let rate: Int
  let bytesPerSecond: Int
  /// Bytes of one sample of each channel; of a whole block in a compressed encoding.
  let blockBytes: Int

  /// The longest known body is that of an ADPCM encoding with its table of coefficients.
  static let longestBody = 1024

  init(_ body: [UInt8]) throws(SoundFileError) {
    guard let tag = body.littleEndian(at: 0, 2), let channels = body.littleEndian(at: 2, 2),
      let rate = body.littleEndian(at: 4, 4), let bytesPerSecond = body.littleEndian(at: 8, 4),
      let block = body.littleEndian(at: 12, 2), let bits = body.littleEndian(at: 14, 2)
    else { throw .badHeader("its `fmt ` chunk is too short") }
    self.body = body
    let isExtensible = tag == 0xFFFE
    self.tag = Int(isExtensible ? body.littleEndian(at: 24, 2) ?? tag : tag)
    self.channels = Int(channels)
    self.rate = Int(rate)
    self.bytesPerSecond = Int(bytesPerSecond)
    blockBytes = block > 0 ? Int(block) : Int(channels * ((bits + 7) / 8))
    try SoundFileError.check(rate: self.rate, channels: self.channels)
    if isPlain && blockBytes == 0 { throw .badHeader("its `fmt ` chunk says 0 bits a sample") }
  }

  /// One block is one frame.
  var isPlain: Bool { [1, 3, 6, 7].contains(tag) }

  func seconds(_ bytes: Int) -> Double {
    if isPlain { return Double(bytes / blockBytes) / Double(rate) }
    return bytesPerSecond > 0 ? Double(bytes) / Double(bytesPerSecond) : 0
  }

  func frames(_ bytes: Int) -> Int? { isPlain ? bytes / blockBytes : nil }

  /// Whole frames only: the decoder need not be asked about half a sample.
  func whole(_ bytes: Int) -> Int { isPlain ? bytes - bytes % blockBytes : bytes }

  /// A header that says the truth about `dataBytes` bytes: RIFF, or RF64 where its 32-bit sizes would
  /// not do (EBU Tech 3306).
  func header(dataBytes: Int) -> [UInt8] {
    var format = Array("fmt ".utf8) + .littleEndian(UInt64(body.count), 4) + body
    if body.count % 2 == 1 { format.append(0) }
    let riffBytes = UInt64(4 + format.count + 8) + UInt64(dataBytes)
    if riffBytes < 0xFFFF_FFF0 {
      return Array("RIFF".utf8) + .littleEndian(riffBytes, 4) + Array("WAVE".utf8) + format
        + Array("data".utf8) + .littleEndian(UInt64(dataBytes), 4)
    }
    let sizes: [UInt8] = .littleEndian(riffBytes + 36, 8) + .littleEndian(UInt64(dataBytes), 8)
      + .littleEndian(UInt64(frames(dataBytes) ?? 0), 8) + .littleEndian(0, 4)
    return Array("RF64".utf8) + .littleEndian(0xFFFF_FFFF, 4) + Array("WAVEds64".utf8)
      + .littleEndian(UInt64(sizes.count), 4) + sizes + format
      + Array("data".utf8) + .littleEndian(0xFFFF_FFFF, 4)
  }

  /// The layout that shows `data` behind a true header.
  func layout(_ container: String, data: Range<Int>, _ flaws: [Flaw], _ tags: RecorderTags) -> SoundLayout {
    let held = whole(data.count)
    var layout = SoundLayout(
      container, [.bytes(header(dataBytes: held)), .file(data.lowerBound..<data.lowerBound + held)])
    layout.claimedFrames = frames(held)
    layout.flaws = flaws
    layout.tags = tags
    return layout
  }
}
