import CPlatform
import KernelTable

/// A window of samples → spectrogram, in double up to the last rounding.
package struct SpectrogramLayer: Sendable {
  /// What the mel energies become.
  package enum Scaling: Sendable {
    /// scalar·ln(max(E, floor) + offset).
    case log(floor: Double, offset: Double, scalar: Double)
    /// (E / (epsilon + S)^gain + bias)^(1/root) − bias^(1/root); `taps` is the width of the smoother
    /// (0: plain recursion), `legacy` its kernel before 2024-04-16.
    case pcen(
      smoothing: [Double], gain: Double, bias: Double, root: Double, epsilon: Double, taps: Int, legacy: Bool)
    case none
  }

  package struct Shape: Sendable {
    /// Samples of a window.
    package let samples: Int
    /// Zeros before the first sample.
    package let leftPadding: Int
    package let frames: Int
    package let hop: Int
    package let windowLength: Int
    package let fftLength: Int
    package let bands: Int

    package init(
      samples: Int, leftPadding: Int, frames: Int, hop: Int, windowLength: Int, fftLength: Int, bands: Int
    ) {
      self.samples = samples
      self.leftPadding = leftPadding
      self.frames = frames
      self.hop = hop
      self.windowLength = windowLength
      self.fftLength = fftLength
      self.bands = bands
    }
  }

  /// Where the first value of the spectrogram stands in its region, and the floats between rows.
  package struct Placement: Sendable {
    package let offset: Int
    package let row: Int

    package init(offset: Int, row: Int) {
      self.offset = offset
      self.row = row
    }
  }

  private let shape: Shape
  private let placement: Placement
  private let power: Double
  private let scaling: Scaling
  private let window: Storage<Double>
  /// Columns of the interleaved signal, and where each sample of frame 0 stands in it.
  private let columns: Int
  private let sampleOffsets: Storage<Int32>
  private let twiddles: Storage<Double>
  private let filters: SparseFilters
  private let smoothing: Storage<Double>
  private let energyRow: Int
  private let kernels: KernelTable

  /// - Parameters:
  ///   - window: `windowLength` factors.
  ///   - melWeights: [fftLength / 2 + 1, bands].
  package init(
    shape: Shape, placement: Placement, window: [Double], melWeights: [Double], power: Double, scaling: Scaling,
    kernels: KernelTable, plan: inout MemoryPlan
  ) {
    self.shape = shape
    self.placement = placement
    self.power = power
    self.scaling = scaling
    self.window = Storage(window)
    let columns = shape.frames.roundedUp(to: 8) + (shape.windowLength - 1) / shape.hop
    self.columns = columns
    sampleOffsets = Storage((0..<shape.windowLength).map { Int32($0 % shape.hop * columns + $0 / shape.hop) })
    twiddles = Storage(FourierTwiddles.factors(length: shape.fftLength))
    filters = SparseFilters(melWeights, bands: shape.bands)
    energyRow = shape.bands.roundedUp(to: 8)
    if case .pcen(let smoothing, _, _, _, _, _, _) = scaling {
      self.smoothing = Storage(smoothing + [Double](repeating: 0, count: energyRow - shape.bands))
    } else {
      smoothing = Storage(count: 0)
    }
    self.kernels = kernels
    plan.require(.signal, shape.hop * columns)
    plan.requireFrontend(energyCount + scratchCount)
  }

  private var energyCount: Int { shape.frames * energyRow }

  private var scratchCount: Int {
    max(2 * shape.fftLength + filters.bins, shape.frames) * kernels.doubleLanes
  }

  /// A window → region `spectrogram`.
  package func apply(_ window: Span<Float>, _ workspace: Workspace) {
    precondition(window.count == shape.samples, "a whole window")
    unsafe window.withUnsafeBufferPointer { samples in
      guard let first = samples.baseAddress else { return }
      unsafe kernels.interleaveHops(
        first, samples.count, shape.leftPadding, shape.hop, columns, workspace.pointer(.signal))
    }
    let energies = unsafe workspace.doubles.base
    let scratch = unsafe energies + energyCount
    var mel = unsafe MelEnergies(
      signal: UnsafePointer(workspace.pointer(.signal)), sample_offsets: UnsafePointer(sampleOffsets.base),
      frames: shape.frames, window_length: shape.windowLength, fft_length: shape.fftLength,
      window: UnsafePointer(self.window.base),
      twiddles: UnsafePointer(twiddles.base), power: power, bins: filters.bins, bands: shape.bands,
      mel_first: UnsafePointer(filters.first.base), mel_count: UnsafePointer(filters.count.base),
      mel_weights: UnsafePointer(filters.weights.base), scratch: scratch, energies: energies,
      energy_row: energyRow)
    unsafe kernels.melEnergies(&mel)
    unsafe scale(energies, scratch, workspace.pointer(.spectrogram, at: placement.offset))
  }

  private func scale(
    _ energies: UnsafePointer<Double>, _ scratch: UnsafeMutablePointer<Double>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    switch scaling {
    case .log(let floor, let offset, let scalar):
      var arguments = unsafe logArguments(energies, output, floor: floor, offset: offset, scalar: scalar)
      unsafe kernels.logScaling(&arguments)
    case .none:
      var arguments = unsafe logArguments(energies, output, floor: 0, offset: 0, scalar: 1)
      unsafe kernels.copyEnergies(&arguments)
    case .pcen(_, let gain, let bias, let root, let epsilon, let taps, let legacy):
      var arguments = unsafe EnergyNormalization(
        energies: energies, energy_row: energyRow, frames: shape.frames, bands: shape.bands,
        smoothing: UnsafePointer(smoothing.base), gain: gain, bias: bias, root: root, epsilon: epsilon,
        taps: taps, legacy: legacy ? 1 : 0, scratch: scratch, output: output, output_row: placement.row)
      unsafe kernels.energyNormalization(&arguments)
    }
  }

  private func logArguments(
    _ energies: UnsafePointer<Double>, _ output: UnsafeMutablePointer<Float>, floor: Double, offset: Double,
    scalar: Double
  ) -> LogScaling {
    unsafe LogScaling(
      energies: energies, energy_row: energyRow, frames: shape.frames, bands: shape.bands, floor: floor,
      offset: offset, scalar: scalar, output: output, output_row: placement.row)
  }
}
