import CPlatform
import KernelTable

// Vectors of numbers as 8-bit codes, and how far the codes are from the numbers.

/// Codes of one vector; returns Σ (value − (code − zero point)·step)², each difference rounded once.
func vectorCodes(_ arguments: UnsafePointer<VectorCodes>) -> Float {
  let p = arguments.pointee
  let inverse = Vector(repeating: 1 / p.step)
  let zero = Vector(repeating: p.zero_point)
  let lowest = Vector(repeating: p.lowest)
  let highest = Vector(repeating: p.highest)
  let step = Vector(repeating: p.step)
  // 1.5·2²³: adding it rounds to an integer, which then stands in the low bits.
  let rounding = Vector(repeating: 12_582_912)
  var squares = Vector.zero
  var k = 0
  while k < p.depth {
    let x = load(p.values + k)
    let nearest = (multiplyAdd(x, inverse, rounding) - rounding) + zero
    // Not-a-number becomes `lowest`.
    let code = minimumOf(maximum(nearest, lowest), highest)
    let rest = multiplyAdd(zero - code, step, x)
    squares = multiplyAdd(rest, rest, squares)
    let bits = unsafeBitCast(code + rounding, to: IntVector.self)
    storeLowBytes(bits, p.codes + k)
    k &+= lanes
  }
  var sum: Float = 0
  for lane in 0..<lanes { sum += squares[lane] }
  return sum
}

@inline(__always) private func minimumOf(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .< b) }

@inline(__always) private func storeLowBytes(_ v: IntVector, _ to: UnsafeMutablePointer<UInt8>) {
  #if KERNELS_V4
    typealias Bytes = SIMD16<UInt8>
  #elseif KERNELS_V3
    typealias Bytes = SIMD8<UInt8>
  #else
    typealias Bytes = SIMD4<UInt8>
  #endif
  UnsafeMutableRawPointer(to).storeBytes(of: Bytes(truncatingIfNeeded: v), as: Bytes.self)
}

/// Greatest Σ code² over the codes that meet in one 16-bit sum of a group: sixteen codes make two such sets.
func greatestGroup(_ codes: UnsafePointer<UInt8>, _ depth: Int, _ signed: Int32) -> Int32 {
  var most = SIMD2<Int32>.zero
  var k = 0
  while k < depth {
    let sums = setsOfSixteen(squares(codes + k, signed), squares(codes + (k &+ 8), signed))
    most = most.replacing(with: sums, where: sums .> most)
    k &+= 16
  }
  return max(most[0], most[1])
}

@inline(__always) private func squares(_ codes: UnsafePointer<UInt8>, _ signed: Int32) -> SIMD8<Int32> {
  let raw = UnsafeRawPointer(codes)
  let wide =
    signed != 0
    ? SIMD8<Int32>(truncatingIfNeeded: raw.loadUnaligned(as: SIMD8<Int8>.self))
    : SIMD8<Int32>(truncatingIfNeeded: raw.loadUnaligned(as: SIMD8<UInt8>.self))
  return wide &* wide
}

/// Sums over the two sets. Pairs: every second pair; plain: the first and the last eight.
@inline(__always) private func setsOfSixteen(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> SIMD2<Int32> {
  #if KERNELS_V3 || KERNELS_V4
    let sums = a &+ b
    let pairs = sums.evenHalf &+ sums.oddHalf
    return pairs.lowHalf &+ pairs.highHalf
  #else
    let (low, high) = (a.lowHalf &+ a.highHalf, b.lowHalf &+ b.highHalf)
    let (first, second) = (low.lowHalf &+ low.highHalf, high.lowHalf &+ high.highHalf)
    return SIMD2(first[0] &+ first[1], second[0] &+ second[1])
  #endif
}
