import Foundation
import KernelTable
import PerchTensor
import Testing

struct ActivationTests {
  /// swish over the whole float range, every 61st bit pattern.
  ///
  /// e^−x carries the polynomial's error and some roundings (2.5e-7 together) and, from −x·log₂e, an error
  /// that grows with |x|: the constant is off by 1.3e-8, and without fused multiply-add the product is
  /// rounded too (6e-8). With AVX-512 the reciprocal is rounded once more (6e-8) and the step of Newton's method
  /// that gives it leaves 2⁻²⁸ (4e-9). Below −80 both sides are under 1.5e-33 in size.
  @Test(arguments: Build.all) func swishOverAllFloats(_ build: Build) {
    let slope = build.kernels.build == .baseline ? 9e-8 : 2e-8
    let base = build.kernels.build == .v4 ? 3.2e-7 : 2.5e-7
    var worst = 0.0
    var patterns: [UInt32] = []
    for pattern in stride(from: UInt32(0), to: UInt32.max - 61, by: 61) {
      patterns.append(pattern)
      if patterns.count == 1 << 16 {
        worst = max(worst, Self.worst(patterns, base, slope, build.kernels))
        patterns.removeAll(keepingCapacity: true)
      }
    }
    #expect(worst <= 1, "largest error over its bound")
  }

  private static func worst(
    _ patterns: [UInt32], _ base: Double, _ slope: Double, _ kernels: KernelTable
  ) -> Double {
    let inputs = patterns.map { Float(bitPattern: $0) }
    let outputs = apply(inputs, ActivationCode.swish, kernels)
    var worst = 0.0
    for (x, y) in zip(inputs, outputs) {
      if x.isNaN {
        if !y.isNaN { return .infinity }
        continue
      }
      if x == .infinity {
        if y != .infinity { return .infinity }
        continue
      }
      guard x >= -80 else {
        if !(abs(y) <= 1.5e-33 && y.sign == .minus) { return .infinity }
        continue
      }
      let want = Reference.swish(Double(x))
      // Results below the least normal number may be flushed or rounded there.
      let bound = (base + slope * max(0, -Double(x))) * abs(want) + Double(Float.leastNormalMagnitude)
      worst = max(worst, abs(Double(y) - want) / bound)
    }
    return worst
  }

  static func apply(_ inputs: [Float], _ code: Int32, _ kernels: KernelTable) -> [Float] {
    var values = inputs + [Float](repeating: 0, count: 16 - inputs.count % 16)
    values.withUnsafeMutableBufferPointer { kernels.activateInPlace($0.baseAddress!, $0.count, code) }
    return Array(values[..<inputs.count])
  }

  @Test(arguments: Build.all) func sigmoidStaysBetweenZeroAndOne(_ build: Build) {
    let inputs: [Float] = [-.infinity, -1e38, -100, -87, -20, -1, 0, 1, 20, 87, 100, 1e38, .infinity]
    let outputs = Self.apply(inputs, ActivationCode.sigmoid, build.kernels)
    #expect(outputs.allSatisfy { $0 >= 0 && $0 <= 1 })
    #expect(outputs == outputs.sorted())
    #expect(outputs[6] == 0.5)
    #expect(Self.apply([.nan], ActivationCode.sigmoid, build.kernels)[0].isNaN)
  }
}
