import KernelTable

#if KERNELS_V4
  import CPlatform
#endif

/// e to the power −x, for −87 ≤ x ≤ 87 (the caller clamps): 2^(n + r) with n an integer added to the
/// exponent bits and 2^r, |r| ≤ ½, a minimax polynomial of degree 5 (relative error 7.5e-8).
@inline(__always) private func exponentialOfNegative(_ x: Vector) -> Vector {
  let log2e = Vector(repeating: -1.442_695_04)
  let rounding = Vector(repeating: 12_582_912)  // 1.5·2²³: the sum's low bits hold the nearest integer
  let t = multiplyAdd(x, log2e, rounding)
  let n = t - rounding
  let r = multiplySubtract(x, log2e, n)
  var p = Vector(repeating: 0.001_327_647_178)
  p = multiplyAdd(p, r, Vector(repeating: 0.009_675_541_333))
  p = multiplyAdd(p, r, Vector(repeating: 0.055_507_132_74))
  p = multiplyAdd(p, r, Vector(repeating: 0.240_221_197_2))
  p = multiplyAdd(p, r, Vector(repeating: 0.693_146_967_1))
  p = multiplyAdd(p, r, Vector(repeating: 1.000_000_072))
  #if KERNELS_V4
    return _mm512_scalef_ps(p, n)
  #else
    let bits = unsafeBitCast(p, to: IntVector.self) &+ (unsafeBitCast(t, to: IntVector.self) &<< 23)
    return unsafeBitCast(bits, to: Vector.self)
  #endif
}

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
  let divisor = 1 + exponentialOfNegative(minimumKeepingNaN(y, 87))
  #if KERNELS_V4
    return y * reciprocal(divisor)
  #else
    return y / divisor
  #endif
}

/// 1 / (1 + e^−x).
@inline(__always) func sigmoid(_ x: Vector) -> Vector {
  let y = minimumKeepingNaN(maximumKeepingNaN(x, -87), 87)
  return reciprocal(1 + exponentialOfNegative(y))
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

/// The same, and the sum of the results over the pixels of a plane, whose vectors are `step` floats apart.
func activateAndSum(_ values: MutableFloats, _ pixels: Int, _ step: Int, _ code: Int32) -> Vector {
  var total = Vector.zero
  var p = values
  if code == ActivationCode.swish {
    for _ in 0..<pixels {
      let v = swish(load(Floats(p)))
      store(v, p)
      total += v
      p += step
    }
  } else {
    for _ in 0..<pixels {
      let v = activate(load(Floats(p)), code)
      store(v, p)
      total += v
      p += step
    }
  }
  return total
}
