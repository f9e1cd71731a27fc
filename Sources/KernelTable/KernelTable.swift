import CPlatform

public typealias Floats = UnsafePointer<Float>
public typealias MutableFloats = UnsafeMutablePointer<Float>

/// The instruction set that one build of the kernels was compiled for.
public enum KernelBuild: String, Sendable, CaseIterable {
  /// x86-64 with SSE2 only; multiplies, then adds.
  case baseline
  /// x86-64-v3: AVX2 and fused multiply-add.
  case v3 = "x86-64-v3"
  /// x86-64-v4: AVX-512 (F, BW, CD, DQ, VL).
  case v4 = "x86-64-v4"
  /// AArch64.
  case neon
}

/// Codes of the activations in kernel arguments.
public enum ActivationCode {
  public static let none: Int32 = 0
  public static let relu: Int32 = 1
  public static let swish: Int32 = 2
  public static let hardSwish: Int32 = 3
  public static let sigmoid: Int32 = 4
  public static let hardSigmoid: Int32 = 5
}

/// FIR resampling in polyphase form: `count` outputs, output q being the dot product of the filter row
/// of phase p with `taps` consecutive inputs from position n, where (n, p) starts at (0, `phase`) and
/// moves by (`step`, `phaseStep`) per output, with one carry of 1 into n when p reaches `phases`.
/// Arguments: input, bank [phases][taps], taps (a multiple of 8), phases, step, phaseStep, phase, count, output.
/// The order of summation depends on `taps` alone.
public typealias PolyphaseKernel =
  @convention(c) (Floats, Floats, Int, Int, Int, Int, Int, Int, MutableFloats) -> Void

/// The kernels of one build. Only C-representable types cross this border, so that no generic code is
/// specialised on either side of it and nothing compiled for one instruction set runs on another.
/// What each computes is said where it is written (Sources/PerchKernels), what it is given in
/// CPlatform/kernel_arguments.h.
public struct KernelTable: Sendable {
  public let build: KernelBuild
  /// Channels that blocked maps hold side by side.
  public let channelBlock: Int
  /// Frames or bands that the frontend takes side by side.
  public let doubleLanes: Int
  public var polyphase: PolyphaseKernel
  public var matrixProduct: @convention(c) (UnsafePointer<MatrixProduct>) -> Void
  public var depthwiseConvolution: @convention(c) (UnsafePointer<DepthwiseConvolution>) -> Void
  public var stemConvolution: @convention(c) (UnsafePointer<StemConvolution>) -> Void
  public var scaleChannels: @convention(c) (MutableFloats, Int, Int, Int, Floats) -> Void
  public var scalePanels: @convention(c) (Floats, MutableFloats, Int, Int, Floats) -> Void
  public var meanOverRows: @convention(c) (Floats, Int, Int, MutableFloats) -> Void
  public var blockChannels: @convention(c) (Floats, Int, Int, Int, MutableFloats, Int, UnsafePointer<Int32>) -> Void
  public var clearColumns: @convention(c) (MutableFloats, Int, Int, Int) -> Void
  public var prefetch: @convention(c) (Floats, Int) -> Void
  public var activateInPlace: @convention(c) (MutableFloats, Int, Int32) -> Void
  public var scaleToPeak: @convention(c) (MutableFloats, Int, Float, Bool) -> Bool
  public var interleaveHops: @convention(c) (Floats, Int, Int, Int, Int, MutableFloats) -> Void
  public var melEnergies: @convention(c) (UnsafePointer<MelEnergies>) -> Void
  public var logScaling: @convention(c) (UnsafePointer<LogScaling>) -> Void
  public var copyEnergies: @convention(c) (UnsafePointer<LogScaling>) -> Void
  public var energyNormalization: @convention(c) (UnsafePointer<EnergyNormalization>) -> Void
  public var prototypes: PrototypeKernels
  public var screening: ScreeningKernels

  public var similarity: SimilarityKernels
  public var standardizeRow: @convention(c) (Floats, Floats, Floats, Int, MutableFloats) -> Void
  public var rowLogits: @convention(c) (UnsafePointer<RowLogits>) -> Void
  public var stridedProduct: @convention(c) (UnsafePointer<StridedProduct>) -> Void
  public var stridedProductDouble: @convention(c) (UnsafePointer<StridedProductDouble>) -> Void

  public init(
    build: KernelBuild, channelBlock: Int, doubleLanes: Int, polyphase: @escaping PolyphaseKernel,
    matrixProduct: @escaping @convention(c) (UnsafePointer<MatrixProduct>) -> Void,
    depthwiseConvolution: @escaping @convention(c) (UnsafePointer<DepthwiseConvolution>) -> Void,
    stemConvolution: @escaping @convention(c) (UnsafePointer<StemConvolution>) -> Void,
    scaleChannels: @escaping @convention(c) (MutableFloats, Int, Int, Int, Floats) -> Void,
    scalePanels: @escaping @convention(c) (Floats, MutableFloats, Int, Int, Floats) -> Void,
    meanOverRows: @escaping @convention(c) (Floats, Int, Int, MutableFloats) -> Void,
    blockChannels:
      @escaping @convention(c) (
        Floats, Int, Int, Int, MutableFloats, Int, UnsafePointer<Int32>
      ) -> Void,
    clearColumns: @escaping @convention(c) (MutableFloats, Int, Int, Int) -> Void,
    prefetch: @escaping @convention(c) (Floats, Int) -> Void,
    activateInPlace: @escaping @convention(c) (MutableFloats, Int, Int32) -> Void,
    scaleToPeak: @escaping @convention(c) (MutableFloats, Int, Float, Bool) -> Bool,
    interleaveHops: @escaping @convention(c) (Floats, Int, Int, Int, Int, MutableFloats) -> Void,
    melEnergies: @escaping @convention(c) (UnsafePointer<MelEnergies>) -> Void,
    logScaling: @escaping @convention(c) (UnsafePointer<LogScaling>) -> Void,
    copyEnergies: @escaping @convention(c) (UnsafePointer<LogScaling>) -> Void,
    energyNormalization: @escaping @convention(c) (UnsafePointer<EnergyNormalization>) -> Void,
    prototypes: PrototypeKernels, screening: ScreeningKernels,
    similarity: SimilarityKernels,
    standardizeRow: @escaping @convention(c) (Floats, Floats, Floats, Int, MutableFloats) -> Void,
    rowLogits: @escaping @convention(c) (UnsafePointer<RowLogits>) -> Void,
    stridedProduct: @escaping @convention(c) (UnsafePointer<StridedProduct>) -> Void,
    stridedProductDouble: @escaping @convention(c) (UnsafePointer<StridedProductDouble>) -> Void
  ) {
    self.build = build
    self.channelBlock = channelBlock
    self.doubleLanes = doubleLanes
    self.polyphase = polyphase
    self.matrixProduct = matrixProduct
    self.depthwiseConvolution = depthwiseConvolution
    self.stemConvolution = stemConvolution
    self.scaleChannels = scaleChannels
    self.scalePanels = scalePanels
    self.meanOverRows = meanOverRows
    self.blockChannels = blockChannels
    self.clearColumns = clearColumns
    self.prefetch = prefetch
    self.activateInPlace = activateInPlace
    self.scaleToPeak = scaleToPeak
    self.interleaveHops = interleaveHops
    self.melEnergies = melEnergies
    self.logScaling = logScaling
    self.copyEnergies = copyEnergies
    self.energyNormalization = energyNormalization
    self.prototypes = prototypes
    self.screening = screening
    self.similarity = similarity
    self.standardizeRow = standardizeRow
    self.rowLogits = rowLogits
    self.stridedProduct = stridedProduct
    self.stridedProductDouble = stridedProductDouble
  }
}
