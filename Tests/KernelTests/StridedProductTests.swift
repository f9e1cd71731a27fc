import CPlatform
import KernelTable
import PerchTensor
import Testing

/// The product of any strides, seen through the matrices that use it, on every build that runs here.
@Suite struct StridedProductTests {
  /// Sizes around the tiles and around the 192 steps that are summed at once.
  static let sizes = [(1, 1, 1), (3, 7, 9), (8, 8, 24), (9, 17, 25), (17, 191, 40), (24, 192, 48), (33, 400, 31)]

  @Test(arguments: Kernels.available.map(\.build), sizes)
  func transposedProduct(_ build: KernelBuild, _ size: (rows: Int, depth: Int, columns: Int)) throws {
    let kernels = try #require(Kernels.available.first { $0.build == build })
    let a = Self.matrix(size.depth, size.rows, seed: 1)
    let b = Self.matrix(size.depth, size.columns, seed: 2)
    let c = Self.matrix(size.rows, size.columns, seed: 3)
    let before = (0..<size.rows).map { row in (0..<size.columns).map { c[row, $0] } }
    c.setProduct(
      transposed: a, b, rows: 0..<size.rows, columns: 0..<size.columns, depth: 0..<size.depth, scale: -0.5,
      accumulates: true, kernels: kernels)
    for row in 0..<size.rows {
      for column in 0..<size.columns {
        var (sum, size1) = (0.0, 0.0)
        for k in 0..<size.depth {
          sum += a[k, row] * b[k, column]
          size1 += abs(a[k, row] * b[k, column])
        }
        // A chain of depth + 2 roundings: |error| ≤ (depth + 2)·ε·Σ|aᵢbᵢ|, and that of the last sum.
        let bound = Double(size.depth + 2) * 0x1p-53 * (size1 + abs(before[row][column]))
        #expect(abs(c[row, column] - (before[row][column] - 0.5 * sum)) <= bound)
      }
    }
  }

  @Test(arguments: Kernels.available.map(\.build), [1, 5, 31, 32, 33, 100])
  func choleskySolves(_ build: KernelBuild, _ n: Int) throws {
    let kernels = try #require(Kernels.available.first { $0.build == build })
    let root = Self.matrix(n + 3, n, seed: 4)
    let matrix = DoubleMatrix(rows: n, columns: n)
    matrix.setUpperProduct(transposed: root, root, kernels: kernels)
    for i in 0..<n { matrix[i, i] += 1 }
    let full = (0..<n).map { i in (0..<n).map { j in i <= j ? matrix[i, j] : matrix[j, i] } }
    let x = DoubleMatrix(rows: n, columns: 2)
    for i in 0..<n { (x[i, 0], x[i, 1]) = (Double(i % 5) - 2, 1) }
    let wanted = (0..<n).map { (x[$0, 0], x[$0, 1]) }
    let factor = try #require(Cholesky(factoring: matrix, kernels: kernels))
    factor.solve(x)
    for i in 0..<n {
      let first = (0..<n).reduce(0.0) { $0 + full[i][$1] * x[$1, 0] }
      let second = (0..<n).reduce(0.0) { $0 + full[i][$1] * x[$1, 1] }
      // Backward stable: the residual is a small multiple of n·ε·‖H‖·‖x‖, with numbers of size 1 here.
      #expect(abs(first - wanted[i].0) <= 1e-11 * Double(n))
      #expect(abs(second - wanted[i].1) <= 1e-11 * Double(n))
    }
  }

  @Test func notPositiveDefiniteIsRefused() {
    let matrix = DoubleMatrix(rows: 2, columns: 2)
    (matrix[0, 0], matrix[0, 1], matrix[1, 1]) = (1, 2, 1)
    #expect(Cholesky(factoring: matrix, kernels: Kernels.active) == nil)
  }

  @Test(arguments: Kernels.available.map(\.build))
  func sandwichesAgree(_ build: KernelBuild) throws {
    let kernels = try #require(Kernels.available.first { $0.build == build })
    let (rows, columns, outputs) = (300, 70, 3)
    let matrix = RowMatrix(rows: rows, columns: columns)
    for row in 0..<rows { matrix.set(row: row, (0..<columns).map { Float((row * 7 + $0 * 13) % 23) / 11 - 1 }) }
    let sandwich = RowSandwich(matrix, outputs: outputs, threads: 2, kernels: kernels)
    var weights = [Double](repeating: 0, count: (columns + 1) * sandwich.width)
    for j in 0...columns {
      for k in 0..<outputs { weights[j * sandwich.width + k] = Double((j + 3 * k) % 7) / 7 - 0.4 }
    }
    let ones = [Double](repeating: 1, count: columns)
    let double = sandwich.double(weights, mean: ones.map { _ in 0 }, scale: ones) { _, _ in }
    // Used twice: what one product leaves in it must not reach the next.
    let scratch = sandwich.makeScratch()
    let single = sandwich.single(weights, mean: ones.map { _ in 0 }, scale: ones, scratch: scratch) { _, _ in }
    let places = (0..<rows).filter { $0 % 3 != 1 }
    let part = sandwich.single(
      weights, mean: ones.map { _ in 0 }, scale: ones, chosen: places, scratch: scratch
    ) { _, _ in }
    let alone = RowSandwich(matrix.selecting(places), outputs: outputs, threads: 1, kernels: kernels)
    let selected = alone.single(
      weights, mean: ones.map { _ in 0 }, scale: ones, scratch: alone.makeScratch()
    ) { _, _ in }
    #expect(part == selected)
    for j in 0...columns {
      for k in 0..<outputs {
        var (sum, size) = (0.0, 0.0)
        for row in 0..<rows {
          var logit = weights[columns * sandwich.width + k]
          var magnitude = abs(logit)
          for i in 0..<columns {
            logit += Double(matrix[row, i]) * weights[i * sandwich.width + k]
            magnitude += abs(Double(matrix[row, i]) * weights[i * sandwich.width + k])
          }
          let x = j < columns ? Double(matrix[row, j]) : 1
          sum += x * logit
          size += abs(x) * magnitude
        }
        let depth = Double(rows + columns)
        #expect(abs(double[j * sandwich.width + k] - sum) <= depth * 0x1p-52 * size)
        // Weights are rounded to single precision too.
        #expect(abs(single[j * sandwich.width + k] - sum) <= depth * 0x1p-23 * size)
      }
    }
  }

  /// Columns that are moved and stretched beforehand, and by the sandwich.
  @Test(arguments: Kernels.available.map(\.build))
  func sandwichStandardizes(_ build: KernelBuild) throws {
    let kernels = try #require(Kernels.available.first { $0.build == build })
    let (rows, columns, outputs) = (130, 37, 7)
    let (raw, moved) = (RowMatrix(rows: rows, columns: columns), RowMatrix(rows: rows, columns: columns))
    let mean = (0..<columns).map { Double($0 % 5) - 2 }
    let scale = (0..<columns).map { Double(1 << ($0 % 3)) }
    for row in 0..<rows {
      for j in 0..<columns {
        let value = Double((row * 7 + j * 13) % 32) / 8
        raw[row, j] = Float(value)
        moved[row, j] = Float((value - mean[j]) * scale[j])
      }
    }
    let sandwich = RowSandwich(raw, outputs: outputs, threads: 2, kernels: kernels)
    let weights = (0..<(columns + 1) * sandwich.width).map { Double($0 * 11 % 17) / 16 - 0.5 }
    let got = sandwich.single(weights, mean: mean, scale: scale, scratch: sandwich.makeScratch()) { _, _ in }
    let ones = mean.map { _ in 1.0 }
    let plain = RowSandwich(moved, outputs: outputs, threads: 2, kernels: kernels)
    let want = plain.single(
      weights, mean: mean.map { _ in 0 }, scale: ones, scratch: plain.makeScratch()
    ) { _, _ in }
    // All numbers are multiples of small powers of two: standardising rounds nothing.
    #expect(got == want)
    #expect(got.contains { $0 != 0 })
  }

  /// Every tile and what is left beside it, with numbers whose products and sums are exact.
  @Test(arguments: Kernels.available.map(\.build), [1, 2, 3, 4, 5, 7, 9, 10, 16])
  func rowLogits(_ build: KernelBuild, _ outputs: Int) throws {
    let kernels = try #require(Kernels.available.first { $0.build == build })
    let (rows, depth, width) = (13, 48, 17)
    let x = (0..<rows * depth).map { Float($0 * 5 % 23) - 11 }
    let w = (0..<outputs * depth).map { Float($0 * 3 % 19) - 9 }
    let bias = (0..<outputs).map { Float($0) / 2 }
    var logits = [Float](repeating: -7, count: rows * width)
    x.withUnsafeBufferPointer { x in
      w.withUnsafeBufferPointer { w in
        bias.withUnsafeBufferPointer { bias in
          logits.withUnsafeMutableBufferPointer { logits in
            guard let x = x.baseAddress, let w = w.baseAddress, let bias = bias.baseAddress,
              let logits = logits.baseAddress
            else { return }
            var arguments = RowLogits(
              rows: x, row_count: rows, row_stride: depth, depth: depth, weights: w, weight_stride: depth,
              outputs: outputs, bias: bias, logits: logits, logit_stride: width)
            kernels.rowLogits(&arguments)
          }
        }
      }
    }
    for row in 0..<rows {
      for k in 0..<width {
        let dot = k < outputs ? (0..<depth).reduce(bias[k]) { $0 + x[row * depth + $1] * w[k * depth + $1] } : -7
        #expect(logits[row * width + k] == dot, "row \(row), output \(k)")
      }
    }
  }

  private static func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> DoubleMatrix {
    let matrix = DoubleMatrix(rows: rows, columns: columns)
    var state = seed
    for row in 0..<rows {
      for column in 0..<columns {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        matrix[row, column] = Double(Int64(bitPattern: state) >> 20) * 0x1p-43
      }
    }
    return matrix
  }
}
