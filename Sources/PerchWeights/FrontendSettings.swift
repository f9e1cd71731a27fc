/// From a window of samples to a spectrogram.
package struct FrontendSettings: Equatable, Sendable {
  /// `same`: ⌈samples / hop⌉ frames, padded so that they cover the window; `centered`: half a frame of
  /// zeros at each end, last frame dropped where hops fit exactly.
  package enum Framing: String, Sendable, CaseIterable { case same, centered }

  package enum Window: String, Sendable, CaseIterable {
    case hannSymmetric = "hann_symmetric"
    case hannPeriodic = "hann_periodic"
  }

  package enum Scaling: Equatable, Sendable {
    case pcen(PCENSettings)
    /// scalar · ln(max(x, floor) + offset)
    case log(floor: Double, offset: Double, scalar: Double)
    case none
  }

  package var framing: Framing
  package var window: Window
  /// Samples of a frame, samples between frames, points of the Fourier transform (a power of two).
  package var windowLength: Int
  package var hopLength: Int
  package var fftLength: Int
  /// Exponent of the magnitude.
  package var power: Double
  package var melBins: Int
  package var lowerHertz: Double
  package var upperHertz: Double
  package var scaling: Scaling

  package init(
    framing: Framing, window: Window, windowLength: Int, hopLength: Int, fftLength: Int, power: Double,
    melBins: Int, lowerHertz: Double, upperHertz: Double, scaling: Scaling
  ) {
    self.framing = framing
    self.window = window
    self.windowLength = windowLength
    self.hopLength = hopLength
    self.fftLength = fftLength
    self.power = power
    self.melBins = melBins
    self.lowerHertz = lowerHertz
    self.upperHertz = upperHertz
    self.scaling = scaling
  }

  /// Points of the spectrum of a frame.
  package var spectrumBins: Int { fftLength / 2 + 1 }
}

/// Per-channel energy normalisation: (E / (epsilon + S)^gain + bias)^(1/root) − bias^(1/root), S the
/// smoothed energy (Wang et al. 2017, eq. 1).
package struct PCENSettings: Equatable, Sendable {
  /// Weights of the smoother: `exact` decays into the past; `legacy` are the reversed ones of
  /// google-research/perch before 2024-04-16.
  package enum Kernel: String, Sendable, CaseIterable { case exact, legacy }

  package var smoothing: Double
  package var gain: Double
  package var bias: Double
  package var root: Double
  package var epsilon: Double
  /// Taps of the smoother; 0 for the plain recursion, −1 for as many as there are frames.
  package var convWidth: Int
  package var kernel: Kernel

  package init(
    smoothing: Double, gain: Double, bias: Double, root: Double, epsilon: Double, convWidth: Int, kernel: Kernel
  ) {
    self.smoothing = smoothing
    self.gain = gain
    self.bias = bias
    self.root = root
    self.epsilon = epsilon
    self.convWidth = convWidth
    self.kernel = kernel
  }
}
