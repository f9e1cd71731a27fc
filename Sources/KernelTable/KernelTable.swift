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

/// FIR resampling in polyphase form: `count` outputs, output q being the dot product of the filter row
/// of phase p with `taps` consecutive inputs from position n, where (n, p) starts at (0, `phase`) and
/// moves by (`step`, `phaseStep`) per output, with one carry of 1 into n when p reaches `phases`.
/// Arguments: input, bank [phases][taps], taps (a multiple of 8), phases, step, phaseStep, phase, count, output.
/// The order of summation depends on `taps` alone.
public typealias PolyphaseKernel =
  @convention(c) (Floats, Floats, Int, Int, Int, Int, Int, Int, MutableFloats) -> Void

/// The kernels of one build. Only C-representable types cross this border, so that no generic code is
/// specialised on either side of it and nothing compiled for one instruction set runs on another.
public struct KernelTable: Sendable {
  public let build: KernelBuild
  public let polyphase: PolyphaseKernel

  public init(build: KernelBuild, polyphase: @escaping PolyphaseKernel) {
    self.build = build
    self.polyphase = polyphase
  }
}
