import CPlatform

/// Kernels that compare vectors. The arguments are described in CPlatform/kernel_arguments.h.
public struct SimilarityKernels: Sendable {
  /// Exact to the rounding of double. The order of summation depends on the depth alone, so a row's numbers do
  /// not depend on its neighbours or on the other queries.
  public var rowProducts: @convention(c) (UnsafePointer<RowProducts>) -> Void
  /// Each sum errs by at most γ·Σ|aᵢbᵢ|, γ = n·u/(1 − n·u), n = depth + 2, u = 2⁻²⁴.
  public var rowEstimates: @convention(c) (UnsafePointer<RowEstimates>) -> Void
  /// 16-bit floats, given by their bits, to 32-bit floats, all values exactly; arguments: from, count, to.
  public var widenHalves: @convention(c) (UnsafePointer<UInt16>, Int, MutableFloats) -> Void

  public init(
    rowProducts: @escaping @convention(c) (UnsafePointer<RowProducts>) -> Void,
    rowEstimates: @escaping @convention(c) (UnsafePointer<RowEstimates>) -> Void,
    widenHalves: @escaping @convention(c) (UnsafePointer<UInt16>, Int, MutableFloats) -> Void
  ) {
    self.rowProducts = rowProducts
    self.rowEstimates = rowEstimates
    self.widenHalves = widenHalves
  }
}
