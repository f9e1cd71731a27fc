import PerchWeights

/// How frames lie over a window of samples (google-research/perch, chirp/models/frontend.py).
struct FrontendGeometry: Equatable {
  /// Zeros before the first sample.
  let leftPadding: Int
  let frames: Int

  /// - `same`: ⌈samples / hop⌉ frames, zeros on both sides so that they cover the window.
  /// - `centered`: half a frame of zeros on each side, so that frame t is centred on sample t·hop; the last
  ///   frame is dropped where the hop divides the window.
  init(_ settings: FrontendSettings, samples: Int) {
    let hop = settings.hopLength
    let length = settings.windowLength
    switch settings.framing {
    case .same:
      frames = (samples + hop - 1) / hop
      leftPadding = max(0, (frames - 1) * hop + length - samples) / 2
    case .centered:
      leftPadding = length / 2
      let padded = samples + 2 * leftPadding
      frames = (padded - 2 * (length / 2)) % hop == 0 ? (samples + hop - 1) / hop : (padded - length) / hop + 1
    }
  }
}
