import COpenBLAS
import KernelTable
import PerchTensor
import Testing

/// Sizes around every tile (heights 1 … 16, panels of 1, 2 and 3 blocks) and around the cache blocks of k.
struct MatrixProductTests {
  static let shapes: [[Int]] = {
    var shapes: [[Int]] = []
    for rows in [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 25] {
      for columns in [1, 8, 16, 24, 40, 48, 56, 96, 104] { shapes.append([rows, 19, columns]) }
    }
    for depth in [1, 7, 8, 9, 16, 17, 192, 193, 256, 289, 385, 577, 700] { shapes.append([9, depth, 72]) }
    return shapes
  }()

  /// A chain of `depth` fused or separate sums errs by at most (depth + 1)·u·Σ|aᵢbᵢ| (Higham 2002, ch. 3).
  @Test(arguments: Build.all, shapes) func agreesWithPlainLoops(_ build: Build, _ shape: [Int]) {
    let (rows, depth, columns) = (shape[0], shape[1], shape[2])
    var numbers = Numbers(seed: UInt64(rows * 1_000_000 + depth * 1000 + columns))
    let a = numbers.array(rows * depth)
    let b = numbers.array(depth * columns)
    let bias = numbers.array(columns)
    let layer = PointwiseConvolution(
      weights: b, bias: bias, inputs: depth, outputs: columns, activation: .identity, kernels: build.kernels)
    let block = build.kernels.channelBlock
    let paddedDepth = depth.roundedUp(to: block)
    let outputCount = rows * layer.paddedOutputs
    let guardZone = 64
    let workspace = build.workspace([.mapA: rows * paddedDepth, .mapB: outputCount + guardZone])
    workspace.set(.mapA, padRows(a, columns: depth, to: paddedDepth))
    layer.apply(workspace, from: .mapA, to: .mapB, pixels: rows)
    let got = cutRows(workspace.values(.mapB, 0..<outputCount), columns: columns, from: layer.paddedOutputs)
    let want = Reference.product(a, b, bias, rows: rows, depth: depth, columns: columns)
    for i in got.indices {
      let bound = Double(depth + 2) * unitRoundoff * want.magnitudes[i]
      #expect(abs(Double(got[i]) - want.values[i]) <= bound, "element \(i)")
    }
    #expect(workspace.values(.mapB, outputCount..<outputCount + guardZone).allSatisfy { $0 == sentinel })
  }

  /// OpenBLAS as a second opinion, on a shape of the network.
  @Test(arguments: Build.all) func agreesWithOpenBLAS(_ build: Build) {
    let (rows, depth, columns) = (64, 384, 2304)
    var numbers = Numbers(seed: 7)
    let a = numbers.array(rows * depth)
    let b = numbers.array(depth * columns)
    var blas = [Float](repeating: 0, count: rows * columns)
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(depth), 1, a, Int32(depth), b,
      Int32(columns), 0, &blas, Int32(columns))
    let layer = PointwiseConvolution(
      weights: b, bias: [Float](repeating: 0, count: columns), inputs: depth, outputs: columns,
      activation: .identity, kernels: build.kernels)
    let workspace = build.workspace([.mapA: a.count, .mapB: blas.count])
    workspace.set(.mapA, a)
    layer.apply(workspace, from: .mapA, to: .mapB, pixels: rows)
    let got = workspace.values(.mapB, 0..<blas.count)
    // Each errs by at most (depth + 1)·u·Σ|ab|, and Σ|ab| ≤ depth here.
    let bound = Float(2 * Double(depth + 1) * unitRoundoff * Double(depth))
    #expect(zip(got, blas).allSatisfy { abs($0 - $1) <= bound })
    #expect(got != [Float](repeating: 0, count: got.count))
  }

  /// A row's bits do not depend on how many rows stand beside it.
  @Test(arguments: Build.all) func rowsAreIndependent(_ build: Build) {
    let (depth, columns) = (700, 136)
    var numbers = Numbers(seed: 11)
    let a = numbers.array(23 * depth)
    let b = numbers.array(depth * columns)
    let bias = numbers.array(columns)
    let layer = PointwiseConvolution(
      weights: b, bias: bias, inputs: depth, outputs: columns, activation: .swish, kernels: build.kernels)
    let paddedDepth = depth.roundedUp(to: build.kernels.channelBlock)
    let workspace = build.workspace([.mapA: 23 * paddedDepth, .mapB: 23 * layer.paddedOutputs])
    workspace.set(.mapA, padRows(a, columns: depth, to: paddedDepth))
    layer.apply(workspace, from: .mapA, to: .mapB, pixels: 23)
    let together = workspace.values(.mapB, 0..<23 * layer.paddedOutputs)
    for row in 0..<23 {
      workspace.set(.mapA, padRows(Array(a[row * depth..<(row + 1) * depth]), columns: depth, to: paddedDepth))
      layer.apply(workspace, from: .mapA, to: .mapB, pixels: 1)
      let alone = workspace.values(.mapB, 0..<layer.paddedOutputs)
      #expect(alone == Array(together[row * layer.paddedOutputs..<(row + 1) * layer.paddedOutputs]), "row \(row)")
    }
  }

  /// A product over some of a matrix's panels finds them where the whole product does: consecutive panels, taken by
  /// themselves, are cut the same way.
  @Test(arguments: [8, 16], 1...20) func panelsCanBeTakenApart(_ block: Int, _ blocks: Int) {
    let panels = PackedMatrix.panels(blocks * block, block)
    for first in panels.indices {
      for last in first..<panels.endIndex {
        let start = panels[first].lowerBound
        let alone = PackedMatrix.panels(panels[last].upperBound - start, block)
        #expect(alone.map { $0.lowerBound + start..<$0.upperBound + start } == Array(panels[first...last]))
      }
    }
  }
}
