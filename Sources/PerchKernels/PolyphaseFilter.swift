import KernelTable

/// See `PolyphaseKernel`. Eight lanes run over the taps; four outputs are in flight, because one sum
/// alone would wait for its own last addition. Each output is summed in the same order wherever it
/// stands in a group of four, so that results do not depend on how a recording is cut into blocks.
func polyphase(
  _ input: Floats, _ bank: Floats, _ taps: Int, _ phases: Int, _ step: Int, _ phaseStep: Int,
  _ phase: Int, _ count: Int, _ output: MutableFloats
) {
  var cursor = PolyphaseCursor(
    input: input, phase: phase, bank: bank, taps: taps, phases: phases, step: step, phaseStep: phaseStep)
  var q = 0
  while q &+ 4 <= count {
    let (x0, row0) = cursor.next()
    let (x1, row1) = cursor.next()
    let (x2, row2) = cursor.next()
    let (x3, row3) = cursor.next()
    var sum0 = SIMD8<Float>.zero
    var sum1 = SIMD8<Float>.zero
    var sum2 = SIMD8<Float>.zero
    var sum3 = SIMD8<Float>.zero
    var t = 0
    while t < taps {
      accumulate(&sum0, x0 + t, row0 + t)
      accumulate(&sum1, x1 + t, row1 + t)
      accumulate(&sum2, x2 + t, row2 + t)
      accumulate(&sum3, x3 + t, row3 + t)
      t &+= 8
    }
    output[q] = total(sum0)
    output[q &+ 1] = total(sum1)
    output[q &+ 2] = total(sum2)
    output[q &+ 3] = total(sum3)
    q &+= 4
  }
  while q < count {
    let (x, row) = cursor.next()
    var sum = SIMD8<Float>.zero
    var t = 0
    while t < taps {
      accumulate(&sum, x + t, row + t)
      t &+= 8
    }
    output[q] = total(sum)
    q &+= 1
  }
}

/// Where the next output's inputs and filter row begin.
private struct PolyphaseCursor {
  var input: Floats
  var phase: Int
  let bank: Floats
  let taps: Int
  let phases: Int
  let step: Int
  let phaseStep: Int

  @inline(__always) mutating func next() -> (Floats, Floats) {
    let here = (input, bank + phase &* taps)
    input += step
    phase &+= phaseStep
    if phase >= phases {
      phase &-= phases
      input += 1
    }
    return here
  }
}

@inline(__always) private func accumulate(_ sum: inout SIMD8<Float>, _ x: Floats, _ row: Floats) {
  let a = UnsafeRawPointer(x).loadUnaligned(as: SIMD8<Float>.self)
  let b = UnsafeRawPointer(row).loadUnaligned(as: SIMD8<Float>.self)
  #if KERNELS_BASELINE
    sum += a * b
  #else
    sum.addProduct(a, b)
  #endif
}

/// Sum of the lanes, in pairs.
@inline(__always) private func total(_ v: SIMD8<Float>) -> Float {
  let four = v.lowHalf + v.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}
