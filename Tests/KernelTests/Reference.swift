import Foundation
import KernelTable
import PerchTensor
import Testing

/// The plainest form of each kernel: loops in double, no vectors. Never changed with an optimisation.
enum Reference {
  /// A [rows, depth] times B [depth, columns] + bias, and Σ|a·b| + |bias| for the error bound.
  static func product(
    _ a: [Float], _ b: [Float], _ bias: [Float], rows: Int, depth: Int, columns: Int
  ) -> (values: [Double], magnitudes: [Double]) {
    var values: [Double] = []
    var magnitudes: [Double] = []
    for m in 0..<rows {
      for n in 0..<columns {
        let terms = (0..<depth).map { Double(a[m * depth + $0]) * Double(b[$0 * columns + n]) }
        values.append(terms.reduce(Double(bias[n]), +))
        magnitudes.append(terms.reduce(abs(Double(bias[n]))) { $0 + abs($1) })
      }
    }
    return (values, magnitudes)
  }

  /// Depthwise convolution of [height, width, channels] with zeros around it.
  static func depthwise(
    _ x: [Float], _ kernel: [Float], bias: [Float], height: Int, width: Int, size: Int, stride: Int,
    top: Int, left: Int, outputHeight: Int, outputWidth: Int
  ) -> (values: [Double], magnitudes: [Double]) {
    let channels = bias.count
    var values: [Double] = []
    var magnitudes: [Double] = []
    for oy in 0..<outputHeight {
      for ox in 0..<outputWidth {
        for c in 0..<channels {
          var sum = Double(bias[c])
          var magnitude = abs(sum)
          for ky in 0..<size {
            for kx in 0..<size {
              let y = oy * stride + ky - top
              let column = ox * stride + kx - left
              guard y >= 0, y < height, column >= 0, column < width else { continue }
              let term =
                Double(x[(y * width + column) * channels + c]) * Double(kernel[(ky * size + kx) * channels + c])
              sum += term
              magnitude += abs(term)
            }
          }
          values.append(sum)
          magnitudes.append(magnitude)
        }
      }
    }
    return (values, magnitudes)
  }

  static func swish(_ x: Double) -> Double { x >= 0 ? x / (1 + exp(-x)) : x * exp(x) / (1 + exp(x)) }
}

/// Numbers that look random and are the same everywhere (SplitMix64), in [−1, 1).
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> Float {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Float(Int64(bitPattern: z ^ (z >> 31)) >> 40) / 8_388_608
  }

  mutating func array(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
}

/// Half the distance from 1 to the next float32: the relative error of one rounding.
let unitRoundoff = 0x1p-24

/// What a kernel must leave alone.
let sentinel: Float = -12345.678

/// A kernel build as a test argument.
struct Build: CustomTestStringConvertible, Sendable {
  let kernels: KernelTable

  var testDescription: String { kernels.build.rawValue }

  static let all = Kernels.available.map(Build.init)
}

extension Build {
  /// Regions of floats that are filled with `sentinel` first.
  func workspace(_ counts: [Region: Int], doubles: Int = 0) -> Workspace {
    var plan = MemoryPlan()
    for (region, count) in counts { plan.require(region, count) }
    plan.requireFrontend(doubles)
    let workspace = Workspace(plan)
    for (region, count) in counts {
      workspace.withMutableSpan(region, 0..<count) { span in
        for i in 0..<span.count { span[i] = sentinel }
      }
    }
    return workspace
  }
}

extension Workspace {
  func set(_ region: Region, _ values: [Float]) {
    withMutableSpan(region, 0..<values.count) { span in
      for i in 0..<values.count { span[i] = values[i] }
    }
  }
}

/// Row-major [rows, columns] with rows padded by zeros to `padded` columns.
func padRows(_ values: [Float], columns: Int, to padded: Int) -> [Float] {
  stride(from: 0, to: values.count, by: columns).flatMap {
    Array(values[$0..<$0 + columns]) + [Float](repeating: 0, count: padded - columns)
  }
}

/// The inverse: the first `columns` of each row of `padded`.
func cutRows(_ values: [Float], columns: Int, from padded: Int) -> [Float] {
  stride(from: 0, to: values.count, by: padded).flatMap { Array(values[$0..<$0 + columns]) }
}
