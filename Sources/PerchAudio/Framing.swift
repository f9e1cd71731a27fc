import PerchCore

/// Where one window lies in a stretch of sound.
struct Placement: Equatable {
  /// First sample of the window in the stretch.
  let start: Int
  /// Zeros in front of the sound.
  let leftPadding: Int
  /// Samples of sound; zeros follow up to the window's length.
  let validSamples: Int
}

/// Cuts one stretch of sound, whose length becomes known only at its end, into windows.
/// The stretch is a whole recording, or one 60 s piece of it in the reference's way.
struct Framing {
  enum Step: Equatable {
    case window(Placement)
    /// Nothing can be said before more samples have come; those before `keepFrom` are done with.
    case needsMore(keepFrom: Int)
    /// No further window. `tooShort`: there was none at all, the stretch being under 1 s.
    case done(tooShort: Bool)
  }

  let windowSamples: Int
  let minimumSamples: Int
  let minimumAlone: Int
  let tail: Tail
  let start: @Sendable (Int) -> Int
  private var k = 0
  private var isDone = false

  init(_ settings: ReadingSettings) {
    let (hop, rate) = (settings.hop, settings.sampleRate)
    windowSamples = settings.windowSamples
    minimumSamples = settings.minimumSamples
    minimumAlone = Int((settings.minimumSeconds * Double(rate.hertz)).rounded())
    switch settings.compat {
    case .none:
      tail = settings.tail
      start = { hop.start(of: $0, at: rate) }
    case .reference:
      tail = .drop
      let samples = hop.truncated(at: rate)
      start = { $0 * samples }
    }
  }

  /// The next window of a stretch of which `received` samples have come; `ended`: there are no more.
  mutating func next(received: Int, ended: Bool) -> Step {
    if isDone { return .done(tooShort: false) }
    let here = start(k)
    if here + windowSamples <= received {
      k += 1
      return .window(Placement(start: here, leftPadding: 0, validSamples: windowSamples))
    }
    if !ended { return .needsMore(keepFrom: here) }
    isDone = true
    if k == 0 {
      return received < minimumAlone ? .done(tooShort: true) : .window(centred(from: 0, to: received))
    }
    let lastEnd = start(k - 1) + windowSamples
    guard tail == .pad, received - max(here, lastEnd) >= minimumSamples else { return .done(tooShort: false) }
    return .window(centred(from: here, to: received))
  }

  /// A short window's sound stands in the middle, the odd zero behind it (librosa's `pad_center`).
  private func centred(from start: Int, to end: Int) -> Placement {
    let valid = end - start
    return Placement(start: start, leftPadding: (windowSamples - valid) / 2, validSamples: valid)
  }
}
