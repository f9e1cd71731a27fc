#if KERNELS_V4
  import CPlatform
#endif

/// Natural logarithm of positive normal numbers: x = 2^e·m with m in [√½, √2), ln m = 2·artanh(s) with
/// s = (m − 1)/(m + 1), |s| ≤ 0.1716, by its series to s¹⁹ (next term below 1e-17 of the result), in pairs of terms:
/// one chain of ten products would be what limits.
@inline(__always) func logarithm(_ x: DoubleVector) -> DoubleVector {
  let bits = unsafeBitCast(x, to: LongVector.self)
  // Bits above those of √½ move into the exponent; what remains is m.
  let offset = LongVector(repeating: 0x3FE6_A09E_667F_3BCD)
  let exponent = (bits &- offset) &>> 52
  let m = unsafeBitCast(bits &- (exponent &<< 52), to: DoubleVector.self)
  let s = (m - 1) / (m + 1)
  let z = s * s
  let z2 = z * z
  let low = multiplyAdd(
    multiplyAdd(z, DoubleVector(repeating: 2.0 / 7), DoubleVector(repeating: 2.0 / 5)), z2,
    multiplyAdd(z, DoubleVector(repeating: 2.0 / 3), DoubleVector(repeating: 2)))
  let high = multiplyAdd(
    multiplyAdd(z, DoubleVector(repeating: 2.0 / 15), DoubleVector(repeating: 2.0 / 13)), z2,
    multiplyAdd(z, DoubleVector(repeating: 2.0 / 11), DoubleVector(repeating: 2.0 / 9)))
  let highest = multiplyAdd(z, DoubleVector(repeating: 2.0 / 19), DoubleVector(repeating: 2.0 / 17))
  let z4 = z2 * z2
  let p = multiplyAdd(multiplyAdd(highest, z4, high), z4, low)
  return multiplyAdd(toDouble(exponent), DoubleVector(repeating: 0.693_147_180_559_945_3), p * s)
}

/// Small whole numbers to floating point, through the mantissa of 1.5·2⁵² (SSE2 and AVX2 convert no int64).
@inline(__always) private func toDouble(_ n: LongVector) -> DoubleVector {
  let magic = DoubleVector(repeating: 6_755_399_441_055_744)
  return unsafeBitCast(n &+ unsafeBitCast(magic, to: LongVector.self), to: DoubleVector.self) - magic
}

/// e^x for |x| ≤ 700: 2^n·e^r with |r| ≤ ½ ln 2, e^r by its Taylor sum to r¹² (next term below 2e-16), in
/// groups of four terms.
@inline(__always) func exponential(_ x0: DoubleVector) -> DoubleVector {
  let bound = DoubleVector(repeating: 700)
  var x = x0.replacing(with: bound, where: x0 .> bound)
  x = x.replacing(with: -bound, where: x .< -bound)
  let rounding = DoubleVector(repeating: 6_755_399_441_055_744)  // 1.5·2⁵²
  let t = multiplyAdd(x, DoubleVector(repeating: 1.442_695_040_888_963_4), rounding)
  let n = t - rounding
  // ln 2 in two parts, the first with trailing zeros, so that n·high is exact.
  var r = multiplyAdd(n, DoubleVector(repeating: -0.693_147_180_369_123_816_49), x)
  r = multiplyAdd(n, DoubleVector(repeating: -1.908_214_929_270_587_7e-10), r)
  let r2 = r * r
  let r4 = r2 * r2
  let low = multiplyAdd(
    multiplyAdd(r, DoubleVector(repeating: 1.0 / 6), DoubleVector(repeating: 0.5)), r2,
    r + 1)
  let high = multiplyAdd(
    multiplyAdd(r, DoubleVector(repeating: 1.0 / 5_040), DoubleVector(repeating: 1.0 / 720)), r2,
    multiplyAdd(r, DoubleVector(repeating: 1.0 / 120), DoubleVector(repeating: 1.0 / 24)))
  let highest = multiplyAdd(
    multiplyAdd(r, DoubleVector(repeating: 1.0 / 39_916_800), DoubleVector(repeating: 1.0 / 3_628_800)), r2,
    multiplyAdd(r, DoubleVector(repeating: 1.0 / 362_880), DoubleVector(repeating: 1.0 / 40_320)))
  let top = multiplyAdd(DoubleVector(repeating: 1.0 / 479_001_600), r4, highest)
  let p = multiplyAdd(multiplyAdd(top, r4, high), r4, low)
  let bits = unsafeBitCast(p, to: LongVector.self) &+ (unsafeBitCast(t, to: LongVector.self) &<< 52)
  return unsafeBitCast(bits, to: DoubleVector.self)
}

/// x to a fixed power for x ≥ 0; 0 gives 0 for every positive power.
@inline(__always) func power(_ x: DoubleVector, _ exponent: Double) -> DoubleVector {
  let least = DoubleVector(repeating: Double.leastNormalMagnitude)
  let y = exponential(
    logarithm(x.replacing(with: least, where: x .< least)) * DoubleVector(repeating: exponent))
  return y.replacing(with: DoubleVector.zero, where: x .< least)
}

/// For x ≥ 0. AVX-512 takes the root of 8 lanes in 24 to 31 cycles: there an estimate y of 1/√x good to 2⁻¹⁴ and
/// one step of fourth order from it, √x = x·y·(1 + e/2 + 3e²/8 + 5e³/16 + …) with e = 1 − x·y² (error 2⁻⁵³).
@inline(__always) func squareRoot(_ x: DoubleVector) -> DoubleVector {
  #if KERNELS_V4
    let y = _mm512_rsqrt14_pd(x + Double.leastNormalMagnitude)
    let root = x * y
    let e = _mm512_fnmadd_pd(root, y, DoubleVector(repeating: 1))
    var p = multiplyAdd(DoubleVector(repeating: 0.3125), e, DoubleVector(repeating: 0.375))
    p = multiplyAdd(p, e, DoubleVector(repeating: 0.5))
    return multiplyAdd(root * e, p, root)
  #else
    x.squareRoot()
  #endif
}
