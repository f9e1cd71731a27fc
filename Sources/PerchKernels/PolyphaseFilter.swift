import KernelTable

func polyphase(
  _ input: Floats, _ bank: Floats, _ taps: Int, _ phases: Int, _ step: Int, _ phaseStep: Int,
  _ phase: Int, _ count: Int, _ output: MutableFloats
) {
  var x = input
  var p = phase
  for q in 0..<count {
    let row = bank + p &* taps
    var sum = SIMD8<Float>.zero
    var t = 0
    while t < taps {
      let a = UnsafeRawPointer(x + t).loadUnaligned(as: SIMD8<Float>.self)
      let b = UnsafeRawPointer(row + t).loadUnaligned(as: SIMD8<Float>.self)
      #if KERNELS_BASELINE
      sum += a * b
      #else
      sum.addProduct(a, b)
      #endif
      t &+= 8
    }
    output[q] = sum.sum()
    x += step
    p &+= phaseStep
    if p >= phases {
      p &-= phases
      x += 1
    }
  }
}
