import KernelTable
import PerchCore
import PerchTensor
import PerchWeights

/// A window of samples → spectrogram [frames, bands], as the weights describe it.
struct Frontend: Sendable {
  let frames: Int
  let bands: Int
  let placement: SpectrogramLayer.Placement
  private let layer: SpectrogramLayer

  /// - Parameter placement: where the stem wants the spectrogram.
  init(
    _ source: some WeightSource, placement: SpectrogramLayer.Placement, kernels: KernelTable,
    plan: inout MemoryPlan
  ) throws(RunnerError) {
    let settings = source.settings.frontend
    let samples = source.settings.windowSamples
    let geometry = FrontendGeometry(settings, samples: samples)
    frames = geometry.frames
    bands = settings.melBins
    self.placement = placement
    let window = try source.optionalTensor("frontend/window", shape: [settings.windowLength])
    let mel = try source.optionalTensor("frontend/mel_weights", shape: [settings.spectrumBins, bands])
    layer = SpectrogramLayer(
      shape: .init(
        samples: samples, leftPadding: geometry.leftPadding, frames: frames, hop: settings.hopLength,
        windowLength: settings.windowLength,
        fftLength: settings.fftLength, bands: bands),
      placement: placement,
      window: Self.constant(stored: window, described: settings.windowCoefficients),
      melWeights: Self.constant(
        stored: mel, described: settings.melWeights(sampleRate: source.settings.sampleRate.hertz)),
      power: settings.power, scaling: try Self.scaling(source, frames: frames), kernels: kernels, plan: &plan)
  }

  /// What the file holds stands above what its attributes describe. Where it holds just that, rounded to
  /// float32, the double values serve: PCEN divides quiet bands by themselves, and a window rounded to
  /// float32 leaks 1e-8 of a loud tone into them, which moves embeddings by up to 1e-2 (full-scale sine).
  private static func constant(stored: [Float]?, described: [Double]) -> [Double] {
    guard let stored else { return described }
    let ulp = 0x1p-23
    let agrees = zip(stored, described).allSatisfy { abs(Double($0) - $1) <= ulp * abs($1) + 1e-12 }
    return agrees ? described : stored.map(Double.init)
  }

  private static func scaling(
    _ source: some WeightSource, frames: Int
  ) throws(RunnerError) -> SpectrogramLayer.Scaling {
    let settings = source.settings.frontend
    switch settings.scaling {
    case .none: return .none
    case .log(let floor, let offset, let scalar): return .log(floor: floor, offset: offset, scalar: scalar)
    case .pcen(let pcen):
      let learned = try source.optionalTensor("frontend/pcen_smoothing", shape: [settings.melBins])
      let smoothing =
        learned.map { $0.map { min(max(Double($0), 0), 1) } }
        ?? [Double](repeating: pcen.smoothing, count: settings.melBins)
      return .pcen(
        smoothing: smoothing, gain: pcen.gain, bias: pcen.bias, root: pcen.root, epsilon: pcen.epsilon,
        taps: pcen.convWidth < 0 ? frames : pcen.convWidth, legacy: pcen.kernel == .legacy)
    }
  }

  /// Region `spectrogram` from `window`, whose count is the model's.
  func apply(_ window: Span<Float>, _ workspace: Workspace) {
    layer.apply(window, workspace)
  }

  /// Puts a spectrogram [frames, bands] where the network reads it.
  func set(_ spectrogram: Span<Float>, _ workspace: Workspace) {
    precondition(spectrogram.count == frames * bands, "a whole spectrogram")
    for frame in 0..<frames {
      let start = placement.offset + frame * placement.row
      workspace.withMutableSpan(.spectrogram, start..<start + bands) { row in
        for band in 0..<bands { row[band] = spectrogram[frame * bands + band] }
      }
    }
  }

  /// The spectrogram [frames, bands] of the last window.
  func spectrogram(_ workspace: Workspace) -> [Float] {
    (0..<frames).flatMap { frame in
      let start = placement.offset + frame * placement.row
      return workspace.values(.spectrogram, start..<start + bands)
    }
  }
}
