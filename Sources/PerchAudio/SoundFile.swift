import CSndFile
import PerchCore
import Synchronization

/// One recording, decoded block by block to interleaved Float samples: integers divided by full scale,
/// floats as they are. The only user of libsndfile, which sees the file through a `VirtualFile`.
@safe struct SoundFile: ~Copyable {
  let rate: SampleRate
  let channels: Int
  /// Container and encoding, as in `WAV, 16-bit`.
  let format: String
  let tags: RecorderTags
  /// Frames that a header promises, where it does and is plausible.
  let claimedFrames: Int?
  /// Flaws found so far; complete once `read` has returned 0.
  private(set) var flaws: [Flaw]
  /// Frames decoded so far.
  private(set) var framesRead = 0
  private(set) var isAtEnd = false
  /// Frames that had been decoded when the decoder first reported an error.
  private var damagedAt: Int?

  private let handle: OpaquePointer
  /// What `handle` reads from: it holds no reference of its own.
  private let source: VirtualFile
  private let tolerance: Int

  /// Bytes of a block of samples, whatever the number of channels.
  private static let blockBytes = 1 << 20

  /// libsndfile keeps the reason of a failed open in global variables.
  private static let opening = Mutex(())

  init(path: String) throws(SoundFileError) {
    let file = try RecordingFile(path: path)
    let layout = try layout(of: file)
    let source = VirtualFile(file, showing: layout.pieces)
    var info = SF_INFO()
    // The lock's closure may hand out no pointer, only its address.
    let address = Self.opening.withLock { _ in
      var callbacks = VirtualFile.callbacks
      return unsafe UInt(bitPattern: sf_open_virtual(&callbacks, Int32(SFM_READ), &info, source.userData))
    }
    let opened = unsafe OpaquePointer(bitPattern: address)
    if source.failure != 0 {
      if let opened = unsafe opened { unsafe sf_close(opened) }
      throw .unreadable(RecordingFile.message(source.failure))
    }
    guard let handle = unsafe opened else { throw .refused(layout.container) }
    do {
      try SoundFileError.check(rate: Int(info.samplerate), channels: Int(info.channels))
    } catch {
      unsafe sf_close(handle)
      throw error
    }
    unsafe self.handle = handle
    self.source = source
    rate = SampleRate(hertz: Int(info.samplerate))
    channels = Int(info.channels)
    format = layout.container + Self.encoding(info.format)
    tags = layout.tags
    flaws = layout.flaws
    tolerance = layout.tolerance
    // Streams of unknown length say the largest number there is.
    let stated = info.frames > 0 && info.frames < sf_count_t.max / 2 ? Int(info.frames) : nil
    claimedFrames = layout.claimedFrames ?? stated
  }

  deinit { unsafe sf_close(handle) }

  /// Frames that a block holds.
  var blockFrames: Int { max(1, min(1 << 16, Self.blockBytes / MemoryLayout<Float>.stride / channels)) }

  /// Fills `block` with the next frames, channel after channel within each, and returns their number;
  /// 0 at the end. Nothing here trusts a length in a header.
  mutating func read(into block: inout [Float]) throws(SoundFileError) -> Int {
    guard !isAtEnd else { return 0 }
    let wanted = blockFrames
    if block.count != wanted * channels { block = [Float](repeating: 0, count: wanted * channels) }
    let got = unsafe block.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      return unsafe Int(sf_readf_float(handle, base, sf_count_t(wanted)))
    }
    if source.failure != 0 { throw .unreadable(RecordingFile.message(source.failure)) }
    let frames = max(0, min(got, wanted))
    framesRead += frames
    // The next call forgets the error.
    if unsafe damagedAt == nil && sf_error(handle) != 0 { damagedAt = framesRead }
    if frames == 0 { try end() }
    return frames
  }

  private mutating func end() throws(SoundFileError) {
    isAtEnd = true
    guard framesRead > 0 else { throw .noAudio }
    let held = Double(framesRead) / Double(rate.hertz)
    if let damagedAt {
      let seconds = oneDecimal(Double(damagedAt) / Double(rate.hertz))
      let rest = damagedAt == framesRead ? ": what follows is not read" : ""
      flaws.append(Flaw(text: "damaged at \(seconds) s" + rest, losesSound: true))
    } else if let claimedFrames, abs(claimedFrames - framesRead) > tolerance {
      flaws.append(.short(claimed: Double(claimedFrames) / Double(rate.hertz), held: held))
    }
  }

  /// How a sample is stored; the name of the container says it for the rest.
  private static func encoding(_ format: Int32) -> String {
    switch UInt32(bitPattern: format) & UInt32(SF_FORMAT_SUBMASK) {
    case UInt32(SF_FORMAT_PCM_S8), UInt32(SF_FORMAT_PCM_U8): ", 8-bit"
    case UInt32(SF_FORMAT_PCM_16): ", 16-bit"
    case UInt32(SF_FORMAT_PCM_24): ", 24-bit"
    case UInt32(SF_FORMAT_PCM_32): ", 32-bit"
    case UInt32(SF_FORMAT_FLOAT): ", 32-bit float"
    case UInt32(SF_FORMAT_DOUBLE): ", 64-bit float"
    case UInt32(SF_FORMAT_ULAW): ", µ-law"
    case UInt32(SF_FORMAT_ALAW): ", A-law"
    case UInt32(SF_FORMAT_IMA_ADPCM): ", IMA ADPCM"
    case UInt32(SF_FORMAT_MS_ADPCM): ", Microsoft ADPCM"
    default: ""
    }
  }
}
