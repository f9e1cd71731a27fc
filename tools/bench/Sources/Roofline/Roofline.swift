// What one core does at most: nothing but multiply-adds, nothing but loads.

#if ROOFLINE_V4
  private typealias Vector = SIMD16<Float>
#elseif ROOFLINE_V3
  private typealias Vector = SIMD8<Float>
#else
  private typealias Vector = SIMD4<Float>
#endif

/// Operations that one turn of `multiplyAdd` counts: a product and a sum in each lane of each chain.
public var operationsPerTurn: Int { 12 * 2 * Vector.scalarCount }

/// Twelve chains that do not wait for each other: at least eight are needed to fill two units of latency 4, and
/// twelve leave registers for the operands even with SSE2, where a product and a sum follow each other.
@inline(never) public func multiplyAdd(turns: Int, factor: Float, summand: Float) -> Float {
  let a = Vector(repeating: factor)
  let b = Vector(repeating: summand)
  var chains = InlineArray<12, Vector>(repeating: b)
  for _ in 0..<turns {
    for i in 0..<12 {
      #if ROOFLINE_BASELINE
        chains[i] = chains[i] * a + b
      #else
        chains[i] = b.addingProduct(chains[i], a)
      #endif
    }
  }
  var total = Vector.zero
  for i in 0..<12 { total += chains[i] }
  return total[0]
}

/// Reads `count` floats, a multiple of 128.
@inline(never) public func read(_ first: UnsafePointer<Float>, count: Int) -> Float {
  var sums = InlineArray<8, Vector>(repeating: .zero)
  var p = UnsafeRawPointer(first)
  let end = UnsafeRawPointer(first + count)
  let bytes = MemoryLayout<Vector>.size
  while p < end {
    for i in 0..<8 { sums[i] += (p + i &* bytes).loadUnaligned(as: Vector.self) }
    p += 8 &* bytes
  }
  var total = Vector.zero
  for i in 0..<8 { total += sums[i] }
  return total[0]
}
