/// How far the audio of a WAV file really reaches. Recorders write the size last, so a battery that
/// dies, a card that fills up or a 32-bit field that overflows leave a size that is not true.
struct DataExtent: Equatable {
  /// Bytes of audio.
  let length: Int
  let flaw: Flaw?
  /// True where the header's word was taken, so that chunks may follow.
  let asDeclared: Bool

  /// - Parameters:
  ///   - declared: the size in the header.
  ///   - available: bytes from the start of the audio to the end of the file.
  ///   - headerBytes: bytes in front of the audio.
  ///   - chunkFollows: whether a chunk begins so many bytes after the start of the audio.
  init(
    declared: Int, available: Int, headerBytes: Int, format: WaveFormat,
    chunkFollows: (Int) throws(SoundFileError) -> Bool
  ) throws(SoundFileError) {
    if declared == 0 {
      var isEmpty = available == 0
      if !isEmpty { isEmpty = try chunkFollows(0) }
      let found = format.seconds(available)
      let text = "its header gives the audio no size; found \(oneDecimal(found)) s"
      self.init(
        length: isEmpty ? 0 : available, flaw: isEmpty ? nil : Flaw(text: text, losesSound: false),
        asDeclared: isEmpty)
    } else if try Self.meansUnknown(declared, available, chunkFollows) {
      self.init(length: available, flaw: nil, asDeclared: false)
    } else if declared > available {
      // Some recorders count the header in; a frame cut in the middle is no loss either.
      let isNear = declared - available <= max(headerBytes, format.blockBytes - 1)
      let flaw = Flaw.short(claimed: format.seconds(declared), held: format.seconds(available))
      self.init(length: available, flaw: isNear ? nil : flaw, asDeclared: false)
    } else {
      try self.init(
        declared: declared, available: available, format: format, chunkFollows: chunkFollows)
    }
  }

  /// The file holds at least what its header declares.
  private init(
    declared: Int, available: Int, format: WaveFormat, chunkFollows: (Int) throws(SoundFileError) -> Bool
  ) throws(SoundFileError) {
    let rest = available - declared
    // Less than a chunk's header is padding.
    if rest < 8 {
      self.init(length: declared, flaw: nil, asDeclared: true)
    } else if try chunkFollows(declared) {
      self.init(length: declared, flaw: nil, asDeclared: true)
    } else if let wrapped = try Self.unwrapped(declared, available, chunkFollows) {
      let found = format.seconds(wrapped)
      let text = "its header's 32-bit size ran over at 4 GiB; found \(oneDecimal(found)) s"
      self.init(length: wrapped, flaw: Flaw(text: text, losesSound: false), asDeclared: true)
    } else {
      let text = "\(rest) bytes after its \(oneDecimal(format.seconds(declared))) s of audio "
        + "belong to no part of the file; they are not read"
      self.init(length: declared, flaw: Flaw(text: text, losesSound: false), asDeclared: true)
    }
  }

  private init(length: Int, flaw: Flaw?, asDeclared: Bool) {
    self.length = length
    self.flaw = flaw
    self.asDeclared = asDeclared
  }

  /// Sizes that writers to pipes put for "to the end": all ones in 31 or 32 bits, or a little less.
  private static func meansUnknown(
    _ declared: Int, _ available: Int, _ chunkFollows: (Int) throws(SoundFileError) -> Bool
  ) throws(SoundFileError) -> Bool {
    guard 0x7FFF_F000...0x7FFF_FFFF ~= declared || 0xFFFF_F000...0xFFFF_FFFF ~= declared else { return false }
    if declared > available { return true }
    return try !chunkFollows(declared)
  }

  /// The size that leaves `declared` in 32 bits and ends at the end of the file or at a chunk.
  private static func unwrapped(
    _ declared: Int, _ available: Int, _ chunkFollows: (Int) throws(SoundFileError) -> Bool
  ) throws(SoundFileError) -> Int? {
    guard declared <= 0xFFFF_FFFF else { return nil }
    var size = available - (available - declared) % (1 << 32)
    // The nearest sizes below the end: after them only the chunks of a recorder's notes can stand.
    for _ in 0..<16 where size > declared {
      if available - size < 2 { return size }
      if try chunkFollows(size) { return size }
      size -= 1 << 32
    }
    return nil
  }
}
