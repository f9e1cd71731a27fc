import KernelTable

#if KERNELS_V4
typealias Vector = SIMD16<Float>
typealias DoubleVector = SIMD8<Double>
#elseif KERNELS_V3
typealias Vector = SIMD8<Float>
typealias DoubleVector = SIMD4<Double>
#else
typealias Vector = SIMD4<Float>
typealias DoubleVector = SIMD2<Double>
#endif

@inline(__always) func load(_ p: Floats) -> Vector {
  UnsafeRawPointer(p).loadUnaligned(as: Vector.self)
}

@inline(__always) func store(_ v: Vector, _ p: MutableFloats) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self)
}

@inline(__always) func broadcast(_ p: Floats) -> Vector { Vector(repeating: p.pointee) }

/// a·b + c, fused where the instruction set has it. SSE2 has not: `addingProduct` would call libm's
/// `fmaf` for every lane.
@inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
  #if KERNELS_BASELINE
  c + a * b
  #else
  c.addingProduct(a, b)
  #endif
}

@inline(__always) func multiplyAdd(_ a: DoubleVector, _ b: DoubleVector, _ c: DoubleVector) -> DoubleVector {
  #if KERNELS_BASELINE
  c + a * b
  #else
  c.addingProduct(a, b)
  #endif
}
