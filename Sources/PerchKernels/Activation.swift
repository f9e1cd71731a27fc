import KernelTable

#if KERNELS_V4
  import CPlatform
#endif

#if KERNELS_V4
  /// Bits of 2^(j/32), j = 0 … 31, less j·2¹⁸: what the sum below adds to them again.
  @inline(__always) private var lowPowers: SIMD16<UInt32> {
    SIMD16<UInt32>(
      0x3F80_0000, 0x3F7E_CD87, 0x3F7D_AAC3, 0x3F7C_980F, 0x3F7B_95C2, 0x3F7A_A43A, 0x3F79_C3D3, 0x3F78_F4F0,
      0x3F78_37F0, 0x3F77_8D3A, 0x3F76_F532, 0x3F76_7043, 0x3F75_FED7, 0x3F75_A15B, 0x3F75_583F, 0x3F75_23F6)
  }
  @inline(__always) private var highPowers: SIMD16<UInt32> {
    SIMD16<UInt32>(
      0x3F75_04F3, 0x3F74_FBAF, 0x3F75_08A4, 0x3F75_2C4D, 0x3F75_672A, 0x3F75_B9BE, 0x3F76_248C, 0x3F76_A81E,
      0x3F77_44FD, 0x3F77_FBB8, 0x3F78_CCDF, 0x3F79_B907, 0x3F7A_C0C7, 0x3F7B_E4BA, 0x3F7D_257D, 0x3F7E_83B3)
  }
  /// 1 + e^−x for −87 ≤ x ≤ 87 (the caller clamps): 2^(n + j/32 + r) with n added to the exponent bits, 2^(j/32)
  /// from a table in two registers, and 2^r, |r| ≤ 1/64, a polynomial of degree 2 (relative error 6e-8).
  @inline(__always) private func onePlusExponentialOfNegative(_ x: Vector) -> Vector {
    let log2e = Vector(repeating: -1.442_695_04)
    let rounding = Vector(repeating: 393_216)  // 1.5·2¹⁸: the sum's low five bits are j, those above n
    let t = multiplyAdd(x, log2e, rounding)
    let r = multiplySubtract(x, log2e, t - rounding)
    var p = multiplyAdd(r, Vector(repeating: 0.240_226_507), Vector(repeating: 0.693_157_344))
    p = multiplyAdd(p, r, Vector(repeating: 1))
    let bits = unsafeBitCast(t, to: IntVector.self)
    let power = unsafeBitCast(
      _mm512_permutex2var_ps(
        unsafeBitCast(lowPowers, to: Vector.self), unsafeBitCast(bits, to: SIMD8<Int64>.self),
        unsafeBitCast(highPowers, to: Vector.self)), to: IntVector.self)
    return multiplyAdd(unsafeBitCast(power &+ (bits &<< 18), to: Vector.self), p, Vector(repeating: 1))
  }
#else
  /// 1 + e^−x for −87 ≤ x ≤ 87 (the caller clamps): 2^(n + r) with n an integer added to the exponent bits and
  /// 2^r, |r| ≤ ½, a minimax polynomial of degree 5 (relative error 7.5e-8).
  @inline(__always) private func onePlusExponentialOfNegative(_ x: Vector) -> Vector {
    let log2e = Vector(repeating: -1.442_695_04)
    let rounding = Vector(repeating: 12_582_912)  // 1.5·2²³: the sum's low bits hold the nearest integer
    let t = multiplyAdd(x, log2e, rounding)
    let r = multiplyAdd(x, log2e, rounding - t)
    var p = Vector(repeating: 0.001_327_647_178)
    p = multiplyAdd(p, r, Vector(repeating: 0.009_675_541_333))
    p = multiplyAdd(p, r, Vector(repeating: 0.055_507_132_74))
    p = multiplyAdd(p, r, Vector(repeating: 0.240_221_197_2))
    p = multiplyAdd(p, r, Vector(repeating: 0.693_146_967_1))
    p = multiplyAdd(p, r, Vector(repeating: 1.000_000_072))
    let bits = unsafeBitCast(p, to: IntVector.self) &+ (unsafeBitCast(t, to: IntVector.self) &<< 23)
    return 1 + unsafeBitCast(bits, to: Vector.self)
  }
#endif

/// 1 / x for finite x ≥ 1. AVX-512 divides 16 lanes in 16 cycles, in which 32 other operations could run: there an
/// estimate good to 2⁻¹⁴ and one step of Newton's method, exact where x is a power of two.
@inline(__always) private func reciprocal(_ x: Vector) -> Vector {
  #if KERNELS_V4
    let estimate = _mm512_rcp14_ps(x)
    return multiplyAdd(_mm512_fnmadd_ps(x, estimate, Vector(repeating: 1)), estimate, estimate)
  #else
    return 1 / x
  #endif
}

/// x · sigmoid(x). Not-a-number stays; −∞ and the most negative numbers give a zero that keeps its sign.
@inline(__always) func swish(_ x: Vector) -> Vector {
  let y = maximumKeepingNaN(x, -87)
  let divisor = onePlusExponentialOfNegative(minimumKeepingNaN(y, 87))
  #if KERNELS_V4
    return y * reciprocal(divisor)
  #else
    return y / divisor
  #endif
}

/// 1 / (1 + e^−x).
@inline(__always) func sigmoid(_ x: Vector) -> Vector {
  let y = minimumKeepingNaN(maximumKeepingNaN(x, -87), 87)
  return reciprocal(onePlusExponentialOfNegative(y))
}

/// min(max(x + 3, 0), 6) / 6.
@inline(__always) func hardSigmoid(_ x: Vector) -> Vector {
  minimumKeepingNaN(maximumKeepingNaN(x + 3, 0), 6) * Vector(repeating: 1.0 / 6.0)
}

@inline(__always) private func maximumKeepingNaN(_ x: Vector, _ bound: Float) -> Vector {
  let b = Vector(repeating: bound)
  return x.replacing(with: b, where: x .< b)
}

@inline(__always) private func minimumKeepingNaN(_ x: Vector, _ bound: Float) -> Vector {
  let b = Vector(repeating: bound)
  return x.replacing(with: b, where: x .> b)
}

/// The activation with this code (`ActivationCode`) of one vector.
@inline(__always) func activate(_ x: Vector, _ code: Int32) -> Vector {
  switch code {
  case ActivationCode.relu: maximumKeepingNaN(x, 0)
  case ActivationCode.swish: swish(x)
  case ActivationCode.hardSwish: x * hardSigmoid(x)
  case ActivationCode.sigmoid: sigmoid(x)
  case ActivationCode.hardSigmoid: hardSigmoid(x)
  default: x
  }
}

/// Activation in place over `count` elements, a multiple of the lanes.
func activateInPlace(_ values: MutableFloats, _ count: Int, _ code: Int32) {
  if code == ActivationCode.swish {
    var i = 0
    while i < count {
      store(swish(load(values + i)), values + i)
      i &+= lanes
    }
  } else {
    var i = 0
    while i < count {
      store(activate(load(values + i), code), values + i)
      i &+= lanes
    }
  }
}

/// The same over a plane of rows whose vectors are `step` floats apart.
///
/// - Returns: `before` and the sums of the results of each row, added in order.
func activateAndSum(
  _ values: MutableFloats, _ rows: Int, _ columns: Int, _ step: Int, _ code: Int32, _ before: Vector
) -> Vector {
  var total = before
  var p = values
  for _ in 0..<rows {
    var sum = Vector.zero
    if code == ActivationCode.swish {
      for _ in 0..<columns {
        let v = swish(load(Floats(p)))
        store(v, p)
        sum += v
        p += step
      }
    } else {
      for _ in 0..<columns {
        let v = activate(load(Floats(p)), code)
        store(v, p)
        sum += v
        p += step
      }
    }
    total += sum
  }
  return total
}
