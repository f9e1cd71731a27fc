import CPlatform
import KernelTable

/// 16-bit floats to 32-bit ones. Every 16-bit float, subnormal, infinite or not a number too, is exact there.
func widenHalves(_ from: UnsafePointer<UInt16>, _ count: Int, _ to: MutableFloats) {
  var i = 0
  #if KERNELS_V3 || KERNELS_V4
    while i &+ 8 <= count {
      let wide = _mm256_cvtph_ps(UnsafeRawPointer(from + i).loadUnaligned(as: __m128i.self))
      UnsafeMutableRawPointer(to + i).storeBytes(of: wide, as: __m256.self)
      i &+= 8
    }
  #else
    while i &+ 4 <= count {
      let bits = UnsafeRawPointer(from + i).loadUnaligned(as: SIMD4<UInt16>.self)
      store(widenedHalves(SIMD4<UInt32>(truncatingIfNeeded: bits)), to + i)
      i &+= 4
    }
  #endif
  while i < count {
    to[i] = widenedHalves(SIMD4<UInt32>(UInt32(from[i]), 0, 0, 0))[0]
    i &+= 1
  }
}

/// Exponent and fraction moved to their places count 2¹¹² too little, which the product sets right for
/// subnormal numbers too; the greatest exponent (infinite, not a number) is set apart.
@inline(__always) func widenedHalves(_ bits: SIMD4<UInt32>) -> SIMD4<Float> {
  let magnitude = (bits & 0x7fff) &<< 13
  let scale = SIMD4<Float>(repeating: 0x1p112)
  let scaled = unsafeBitCast(unsafeBitCast(magnitude, to: SIMD4<Float>.self) * scale, to: SIMD4<UInt32>.self)
  let special = magnitude | 0x7f80_0000
  let value = scaled.replacing(with: special, where: magnitude .>= 0x0f80_0000)
  return unsafeBitCast(value | ((bits & 0x8000) &<< 16), to: SIMD4<Float>.self)
}
