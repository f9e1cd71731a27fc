import PerchCore

/// Where a window lies in its recording.
package struct WindowPosition: Equatable, Sendable {
  /// First sample, at the rate of the windows. A centred window's zeros come on top: its sound begins
  /// here.
  package let start: SampleIndex
  /// Counted from 0; 0 for the mean of all.
  package let channel: Int32
  /// Zeros in front of the sound.
  package let leftPadding: Int
  /// Samples of sound; the rest of the window is zeros.
  package let validSamples: Int
  /// `start` in seconds.
  package let startSeconds: Double
  /// Start plus the window's length, or the end of the recording where that comes first.
  package let endSeconds: Double
}

/// What is known of a recording once it is open.
package struct RecordingFacts: Equatable, Sendable {
  package let sampleRate: SampleRate
  package let channels: Int
  /// Container and encoding, as in `WAV, 16-bit`.
  package let format: String
  /// What the headers promise, for a progress bar; nothing else may rely on it.
  package let claimedSeconds: Double?
  package let startTime: RecordingTime?
}

/// Gives the windows of a recording one after the other. It holds one block of the file, the
/// resampler's history and the window at hand of each channel, however long the recording is.
package struct WindowReader: ~Copyable {
  package let facts: RecordingFacts
  /// What users should know; complete once `next` has returned nil.
  package private(set) var notes: [Note] = []

  private let path: String
  private let settings: ReadingSettings
  private var file: SoundFile
  private var mix: ChannelMix
  private var flawsNoted = 0
  private var silentWindows = 0
  private var windows = 0

  private var block: [Float] = []
  private var blockFrames = 0
  private var blockTaken = 0

  /// The stretch of sound at hand: the whole recording, or one shard of the reference's.
  private var framing: Framing
  private var resamplers: [Resampler]
  private var queues: [SampleQueue]
  private var stretchStart = 0
  private var stretchFrames = 0
  private var stretchEnded = false
  private let stretchLimit: Int
  private var framesTaken = 0

  /// The window that is being given, and how many channels have had it.
  private var placement: Placement?
  private var channelsDone = 0
  private var isDone = false

  package init(path: String, settings: ReadingSettings) throws(RunnerError) {
    let file = try Self.open(path)
    let mix = try Self.mix(settings.channel, of: file.channels, path)
    if settings.strict, let flaw = file.flaws.first(where: \.losesSound) {
      throw SoundFileError.damaged(flaw.text).reported(for: path)
    }
    self.init(file, mix, path: path, settings: settings)
  }

  private init(_ file: consuming SoundFile, _ mix: ChannelMix, path: String, settings: ReadingSettings) {
    self.path = path
    self.settings = settings
    self.mix = mix
    let rate = file.rate
    facts = RecordingFacts(
      sampleRate: rate, channels: file.channels, format: file.format,
      claimedSeconds: file.claimedFrames.map { Double($0) / Double(rate.hertz) },
      startTime: RecordingTime(path: path, file.tags))
    framing = Framing(settings)
    stretchLimit = settings.compat == .reference ? settings.shardSeconds * rate.hertz : .max
    let bank = PolyphaseBank(from: rate, to: settings.sampleRate)
    resamplers = Array(repeating: Resampler(bank), count: mix.numbers.count)
    queues = Array(repeating: SampleQueue(), count: mix.numbers.count)
    self.file = file
    noteFacts()
    noteFlaws()
  }

  private static func open(_ path: String) throws(RunnerError) -> SoundFile {
    do {
      return try SoundFile(path: path)
    } catch {
      throw error.reported(for: path)
    }
  }

  private static func mix(
    _ choice: ChannelChoice, of channels: Int, _ path: String
  ) throws(RunnerError) -> ChannelMix {
    do {
      return try ChannelMix(choice, of: channels)
    } catch {
      throw error.reported(for: path)
    }
  }

  /// Frames decoded so far; all of them once `next` has returned nil.
  package var framesDecoded: Int { file.framesRead }

  /// Seconds decoded so far.
  package var secondsDecoded: Double { Double(file.framesRead) / Double(facts.sampleRate.hertz) }

  /// Frames that the headers promise beyond what has been decoded so far.
  package var framesAhead: Int { max(0, (file.claimedFrames ?? 0) - file.framesRead) }

  /// Those that could not be decoded, once `next` has returned nil: what an imprecise header has too many is no loss.
  package var framesUnreadable: Int { file.flaws.contains(where: \.losesSound) ? framesAhead : 0 }

  /// Writes the next window over all of `window` and says where it lies; nil after the last.
  /// Windows come by start, then by channel.
  /// - Precondition: `window` holds `settings.windowSamples` samples.
  package mutating func next(into window: inout MutableSpan<Float>) throws(RunnerError) -> WindowPosition? {
    precondition(window.count == settings.windowSamples, "the caller's buffer holds one window")
    do {
      guard let placement = try nextPlacement() else { return nil }
      return give(placement, into: &window)
    } catch {
      throw error.reported(for: path)
    }
  }

  private mutating func give(_ placement: Placement, into window: inout MutableSpan<Float>) -> WindowPosition {
    queues[channelsDone].copy(placement, into: &window)
    if !settings.normalization.apply(to: &window, targetPeak: settings.targetPeak) { silentWindows += 1 }
    windows += 1
    let start = SampleIndex(stretchStart + placement.start)
    let whole = SampleIndex(start.value + settings.windowSamples).seconds(at: settings.sampleRate)
    let position = WindowPosition(
      start: start, channel: Int32(mix.numbers[channelsDone]), leftPadding: placement.leftPadding,
      validSamples: placement.validSamples, startSeconds: start.seconds(at: settings.sampleRate),
      endSeconds: min(whole, Double(framesTaken) / Double(facts.sampleRate.hertz)))
    channelsDone += 1
    return position
  }

  private mutating func nextPlacement() throws(SoundFileError) -> Placement? {
    if let placement, channelsDone < queues.count { return placement }
    placement = nil
    channelsDone = 0
    while !isDone {
      switch framing.next(received: queues[0].end, ended: stretchEnded) {
      case .window(let found):
        placement = found
        return found
      case .needsMore(let keepFrom):
        for i in queues.indices { queues[i].discard(before: keepFrom) }
        try takeSound()
      case .done(let tooShort):
        try endStretch(tooShort: tooShort)
      }
    }
    return nil
  }

  /// Moves sound from the file through the resamplers, up to the end of a block or of the stretch.
  private mutating func takeSound() throws(SoundFileError) {
    if blockTaken == blockFrames {
      blockFrames = try file.read(into: &block)
      blockTaken = 0
    }
    let count = min(blockFrames - blockTaken, stretchLimit - stretchFrames)
    let taken = blockTaken..<blockTaken + count
    for i in queues.indices {
      var sound: [Float] = []
      mix.extract(i, of: block, frames: taken, firstFrame: framesTaken, into: &sound)
      resamplers[i].push(sound.span, into: &queues[i].samples)
    }
    blockTaken += count
    stretchFrames += count
    framesTaken += count
    if blockFrames == 0 || stretchFrames == stretchLimit {
      stretchEnded = true
      for i in queues.indices { resamplers[i].finish(into: &queues[i].samples) }
      // The reference leaves a last shard out by its length in the file, before any rounding up.
      if settings.compat == .reference && stretchFrames < facts.sampleRate.hertz {
        for i in queues.indices { queues[i].restart() }
      }
    }
  }

  private mutating func endStretch(tooShort: Bool) throws(SoundFileError) {
    if file.isAtEnd {
      try end(tooShort: tooShort)
      return
    }
    stretchStart += settings.shardSeconds * settings.sampleRate.hertz
    stretchFrames = 0
    stretchEnded = false
    framing = Framing(settings)
    for i in queues.indices {
      resamplers[i].restart()
      queues[i].restart()
    }
  }

  private mutating func end(tooShort: Bool) throws(SoundFileError) {
    isDone = true
    if settings.strict, let flaw = file.flaws.first(where: \.losesSound) { throw .damaged(flaw.text) }
    noteFlaws()
    if windows == 0 && tooShort {
      guard settings.compat == .reference else { throw .tooShort(secondsDecoded, least: settings.minimumSeconds) }
      note(.warning, "shorter than 1 s (\(twoDecimals(secondsDecoded)) s): no window")
    }
    if let first = mix.firstMended {
      let seconds = oneDecimal(Double(first) / Double(facts.sampleRate.hertz))
      let text = "\(counted(mix.mended, "sample")) not finite, the first at \(seconds) s: read as 0"
      if settings.strict { throw .damaged(text) }
      note(.warning, text)
    }
    if silentWindows > 0 {
      note(.warning, "\(counted(silentWindows, "window")) silent: all get the embedding of zeros")
    }
  }

  private func counted(_ number: Int, _ what: String) -> String {
    number == 1 ? "1 \(what) is" : "\(number) \(what)s are"
  }

  // MARK: Notes

  private mutating func note(_ level: Note.Level, _ text: String) { notes.append(Note(level, path, text)) }

  private mutating func noteFacts() {
    if mix.leftOut > 0 {
      note(.info, "has \(facts.channels) channels: channel \(mix.numbers[0]) is used")
    }
    if facts.sampleRate.hertz < settings.sampleRate.hertz / 2 {
      let top = facts.sampleRate.hertz / 2
      note(.warning, "sampled at \(facts.sampleRate.hertz) Hz: the model hears nothing above \(top) Hz")
    }
  }

  private mutating func noteFlaws() {
    for flaw in file.flaws.dropFirst(flawsNoted) { note(.warning, flaw.text) }
    flawsNoted = file.flaws.count
  }
}
