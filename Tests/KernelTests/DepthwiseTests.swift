import CPlatform
import KernelTable
import PerchTensor
import Testing

struct DepthwiseTests {
  /// Every width to three tiles, both kernels and strides of the networks, and a kernel of neither.
  static let shapes: [[Int]] = (1...26).flatMap { width in
    [[3, 1], [3, 2], [5, 1], [5, 2], [7, 1], [7, 2]].map { [width, $0[0], $0[1]] }
  }

  @Test(arguments: Build.all, shapes) func agreesWithPlainLoops(_ build: Build, _ shape: [Int]) throws {
    let (width, size, stride) = (shape[0], shape[1], shape[2])
    let (height, channels) = (7, 2 * build.kernels.channelBlock)
    let vertical = ConvolutionPadding(size: height, kernel: size, stride: stride)
    let horizontal = ConvolutionPadding(size: width, kernel: size, stride: stride)
    try #require(horizontal.outputSize > 0)
    var numbers = Numbers(seed: UInt64(width * 100 + size * 10 + stride))
    let x = numbers.array(height * width * channels)
    let kernel = numbers.array(size * size * channels)
    let bias = numbers.array(channels)
    let got = DepthwiseRun(build.kernels, channels: channels).run(
      x, kernel, bias: bias, height: height, width: width, size: size, stride: stride, vertical, horizontal)
    let want = Reference.depthwise(
      x, kernel, bias: bias, height: height, width: width, size: size, stride: stride, top: vertical.before,
      left: horizontal.before, outputHeight: vertical.outputSize, outputWidth: horizontal.outputSize)
    for i in want.values.indices {
      let bound = Double(size * size + 2) * unitRoundoff * want.magnitudes[i]
      #expect(abs(Double(got.map[i]) - want.values[i]) <= bound, "element \(i)")
    }
    for c in 0..<channels {
      let column = Swift.stride(from: c, to: want.values.count, by: channels)
      let sum = column.reduce(0.0) { $0 + want.values[$1] }
      let magnitude = column.reduce(0.0) { $0 + abs(want.values[$1]) + want.magnitudes[$1] }
      // Sums run over a row, then over the rows; each value errs as above.
      let steps = Double(horizontal.outputSize + vertical.outputSize + size * size + 4)
      #expect(abs(Double(got.sums[c]) - sum) <= steps * unitRoundoff * magnitude, "sum of channel \(c)")
    }
    #expect(got.guardIsWhole)
  }
}

/// Lays a map out as the kernel reads it, runs it, and lays the result out again.
struct DepthwiseRun {
  let kernels: KernelTable
  let channels: Int

  init(_ kernels: KernelTable, channels: Int) {
    self.kernels = kernels
    self.channels = channels
  }

  func run(
    _ x: [Float], _ kernel: [Float], bias: [Float], height: Int, width: Int, size: Int, stride: Int,
    _ vertical: ConvolutionPadding, _ horizontal: ConvolutionPadding
  ) -> (map: [Float], sums: [Float], guardIsWhole: Bool) {
    let block = kernels.channelBlock
    let row = (horizontal.before + width + horizontal.after) * block
    let inputBlock = (vertical.before + height + vertical.after) * row
    var input = [Float](repeating: 0, count: channels / block * inputBlock)
    for y in 0..<height {
      for column in 0..<width {
        for c in 0..<channels {
          let at =
            c / block * inputBlock + (y + vertical.before) * row + (column + horizontal.before) * block + c % block
          input[at] = x[(y * width + column) * channels + c]
        }
      }
    }
    var weights = [Float](repeating: 0, count: kernel.count)
    for tap in 0..<size * size {
      for c in 0..<channels {
        weights[(c / block * size * size + tap) * block + c % block] = kernel[tap * channels + c]
      }
    }
    let outputBlock = vertical.outputSize * horizontal.outputSize * block
    let count = channels / block * outputBlock
    var output = [Float](repeating: sentinel, count: count + 64)
    var sums = [Float](repeating: 0, count: channels)
    input.withUnsafeBufferPointer { inputs in
      weights.withUnsafeBufferPointer { weights in
        bias.withUnsafeBufferPointer { bias in
          output.withUnsafeMutableBufferPointer { outputs in
            sums.withUnsafeMutableBufferPointer { sums in
              let rows = (0..<(vertical.outputSize - 1) * stride + size).map { inputs.baseAddress! + $0 * row }
              rows.withUnsafeBufferPointer { rows in
                var arguments = DepthwiseConvolution(
                  input_rows: rows.baseAddress!, input_block: inputBlock, kernel_size: size, stride: stride,
                  rows: vertical.outputSize, columns: horizontal.outputSize, channels: channels,
                  weights: weights.baseAddress!, bias: bias.baseAddress!, output: outputs.baseAddress!,
                  output_block: outputBlock, sums: sums.baseAddress!, activation: ActivationCode.none)
                kernels.depthwiseConvolution(&arguments)
              }
            }
          }
        }
      }
    }
    var map = [Float](repeating: 0, count: count)
    for pixel in 0..<vertical.outputSize * horizontal.outputSize {
      for c in 0..<channels {
        map[pixel * channels + c] = output[c / block * outputBlock + pixel * block + c % block]
      }
    }
    return (map, sums, output[count...].allSatisfy { $0 == sentinel })
  }
}
