import CPlatform
import KernelTable

// One vector of the instruction set, and the block of channels that every build lays out side by side.
#if KERNELS_V4
  typealias Vector = SIMD16<Float>
  typealias IntVector = SIMD16<Int32>
  typealias DoubleVector = SIMD8<Double>
  typealias LongVector = SIMD8<Int64>
  @inline(__always) var channelBlock: Int { 16 }
#elseif KERNELS_V3
  typealias Vector = SIMD8<Float>
  typealias IntVector = SIMD8<Int32>
  typealias DoubleVector = SIMD4<Double>
  typealias LongVector = SIMD4<Int64>
  @inline(__always) var channelBlock: Int { 8 }
#else
  typealias Vector = SIMD4<Float>
  typealias IntVector = SIMD4<Int32>
  typealias DoubleVector = SIMD2<Double>
  typealias LongVector = SIMD2<Int64>
  @inline(__always) var channelBlock: Int { 8 }
#endif

typealias Doubles = UnsafePointer<Double>
typealias MutableDoubles = UnsafeMutablePointer<Double>

@inline(__always) var lanes: Int { Vector.scalarCount }
@inline(__always) var doubleLanes: Int { DoubleVector.scalarCount }
@inline(__always) var vectorsPerBlock: Int { channelBlock / Vector.scalarCount }

@inline(__always) func load(_ p: Floats) -> Vector {
  UnsafeRawPointer(p).loadUnaligned(as: Vector.self)
}

@inline(__always) func store(_ v: Vector, _ p: MutableFloats) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self)
}

@inline(__always) func broadcast(_ p: Floats) -> Vector { Vector(repeating: p.pointee) }

@inline(__always) func load(_ p: UnsafePointer<Double>) -> DoubleVector {
  UnsafeRawPointer(p).loadUnaligned(as: DoubleVector.self)
}

/// As many floats as a double vector has lanes, in double. (The conversions of SIMD types would leave a copy of
/// generic library code in the object.)
@inline(__always) func widen(_ p: Floats) -> DoubleVector {
  #if KERNELS_V4
    _mm512_cvtps_pd(UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self))
  #elseif KERNELS_V3
    _mm256_cvtps_pd(UnsafeRawPointer(p).loadUnaligned(as: SIMD4<Float>.self))
  #else
    DoubleVector(Double(p[0]), Double(p[1]))
  #endif
}

/// `v` as float32.
@inline(__always) func storeNarrowed(_ v: DoubleVector, _ p: MutableFloats) {
  #if KERNELS_V4
    UnsafeMutableRawPointer(p).storeBytes(of: _mm512_cvtpd_ps(v), as: SIMD8<Float>.self)
  #elseif KERNELS_V3
    UnsafeMutableRawPointer(p).storeBytes(of: _mm256_cvtpd_ps(v), as: SIMD4<Float>.self)
  #else
    p[0] = Float(v[0])
    p[1] = Float(v[1])
  #endif
}

@inline(__always) func store(_ v: DoubleVector, _ p: UnsafeMutablePointer<Double>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: DoubleVector.self)
}

@inline(__always) func broadcast(_ p: UnsafePointer<Double>) -> DoubleVector {
  DoubleVector(repeating: p.pointee)
}

/// a·b + c, fused where the instruction set has it. SSE2 has not: `addingProduct` would call libm's
/// `fmaf` for every lane.
@inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
  #if KERNELS_BASELINE
    c + a * b
  #else
    c.addingProduct(a, b)
  #endif
}

/// a·b − c, fused where the instruction set has it.
@inline(__always) func multiplySubtract(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
  #if KERNELS_V4
    _mm512_fmsub_ps(a, b, c)
  #elseif KERNELS_V3
    _mm256_fmsub_ps(a, b, c)
  #else
    multiplyAdd(a, b, Vector.zero - c)
  #endif
}

@inline(__always) func multiplyAdd(_ a: DoubleVector, _ b: DoubleVector, _ c: DoubleVector) -> DoubleVector {
  #if KERNELS_BASELINE
    c + a * b
  #else
    c.addingProduct(a, b)
  #endif
}

@inline(__always) func multiplySubtract(_ a: DoubleVector, _ b: DoubleVector, _ c: DoubleVector) -> DoubleVector {
  #if KERNELS_V4
    _mm512_fmsub_pd(a, b, c)
  #elseif KERNELS_V3
    _mm256_fmsub_pd(a, b, c)
  #else
    multiplyAdd(a, b, DoubleVector.zero - c)
  #endif
}

/// The greater of each lane; `b` where `a` is not a number.
@inline(__always) func maximum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .> b) }

@inline(__always) var floatsPerCacheLine: Int { 16 }

/// Asks for `count` floats, whole cache lines, in the second-level cache.
@inline(__always) func prefetch(_ p: Floats, _ count: Int) {
  var i = 0
  while i < count {
    perch_prefetch_l2(p + i)
    i &+= floatsPerCacheLine
  }
}

/// Accumulators at zero. (The library's `InlineArray(repeating:)` is copied into the object once it has many
/// callers, as a symbol that all builds of the kernels would share.)
@inline(__always) func zeros<Accumulators: BitwiseCopyable>(_: Accumulators.Type) -> Accumulators {
  perch_zeros().loadUnaligned(as: Accumulators.self)
}
