import CPlatform
import KernelTable

/// Output pixels in a row that are computed side by side, one accumulator each, for one vector of channels.
private struct PixelTile<let kernel: Int, let stride: Int, let pixels: Int> {
  @inline(__always) static func run(
    _ rows: UnsafePointer<Floats>, _ inputOffset: Int, _ x: Int, _ weights: Floats, _ bias: Vector,
    _ output: MutableFloats
  ) {
    var sums = InlineArray<pixels, Vector>(repeating: bias)
    for ky in 0..<kernel {
      let row = rows[ky] + (x &* (stride &* channelBlock) &+ inputOffset)
      for kx in 0..<kernel {
        let w = load(weights + (ky &* kernel &+ kx) &* channelBlock)
        for i in 0..<pixels {
          sums[i] = multiplyAdd(load(row + (i &* stride &+ kx) &* channelBlock), w, sums[i])
        }
      }
    }
    for i in 0..<pixels { store(sums[i], output + (x &+ i) &* channelBlock) }
  }
}

/// One row of output for one vector of channels, before the activation: tiles of eight pixels (eight
/// accumulators hide the latency of the multiply-add), or of ten or five where these divide the width.
@inline(never) private func outputRow<let kernel: Int, let stride: Int>(
  _: KernelShape<kernel, stride>, _ rows: UnsafePointer<Floats>, _ inputOffset: Int, _ width: Int,
  _ weights: Floats, _ bias: Vector, _ output: MutableFloats
) {
  var x = 0
  if width % 10 == 0 {
    while x < width {
      PixelTile<kernel, stride, 10>.run(rows, inputOffset, x, weights, bias, output)
      x &+= 10
    }
    return
  }
  while x &+ 8 <= width {
    PixelTile<kernel, stride, 8>.run(rows, inputOffset, x, weights, bias, output)
    x &+= 8
  }
  switch width &- x {
  case 7: PixelTile<kernel, stride, 7>.run(rows, inputOffset, x, weights, bias, output)
  case 5: PixelTile<kernel, stride, 5>.run(rows, inputOffset, x, weights, bias, output)
  case 4: PixelTile<kernel, stride, 4>.run(rows, inputOffset, x, weights, bias, output)
  default:
    while x < width {
      PixelTile<kernel, stride, 1>.run(rows, inputOffset, x, weights, bias, output)
      x &+= 1
    }
  }
}

private struct KernelShape<let kernel: Int, let stride: Int> {
  /// Sums are carried row by row, so that their rounding error grows with rows + columns, not with pixels.
  @inline(__always) static func run(_ p: borrowing DepthwiseConvolution) {
    let taps = kernel &* kernel &* channelBlock
    var channel = 0
    while channel < p.channels {
      let block = channel / channelBlock
      let inBlock = channel % channelBlock
      let weights = p.weights + (block &* taps &+ inBlock)
      let bias = load(p.bias + channel)
      let inputOffset = block &* p.input_block &+ inBlock
      var output = p.output + (block &* p.output_block &+ inBlock)
      var total = load(Floats(p.sums) + channel)
      for y in 0..<p.rows {
        outputRow(
          KernelShape<kernel, stride>(), p.input_rows + y &* stride, inputOffset, p.columns, weights, bias, output)
        total += activateAndSum(output, p.columns, channelBlock, p.activation)
        output += p.columns &* channelBlock
      }
      store(total, p.sums + channel)
      channel &+= lanes
    }
  }
}

func depthwiseConvolution(_ arguments: UnsafePointer<DepthwiseConvolution>) {
  let p = arguments.pointee
  switch (p.kernel_size, p.stride) {
  case (3, 1): KernelShape<3, 1>.run(p)
  case (3, 2): KernelShape<3, 2>.run(p)
  case (5, 1): KernelShape<5, 1>.run(p)
  case (5, 2): KernelShape<5, 2>.run(p)
  default: depthwiseOfAnySize(p)
  }
}

/// Kernel sizes and strides that neither network uses, one pixel at a time.
private func depthwiseOfAnySize(_ p: borrowing DepthwiseConvolution) {
  let size = p.kernel_size
  var channel = 0
  while channel < p.channels {
    let block = channel / channelBlock
    let inBlock = channel % channelBlock
    var total = load(Floats(p.sums) + channel)
    for y in 0..<p.rows {
      for x in 0..<p.columns {
        var sum = load(p.bias + channel)
        for ky in 0..<size {
          let row = p.input_rows[y &* p.stride &+ ky]
          for kx in 0..<size {
            let from: Int = (x &* p.stride &+ kx) &* channelBlock &+ inBlock
            let tap: Int = (block &* size &+ ky) &* size &+ kx
            sum = multiplyAdd(
              load(row + (block &* p.input_block &+ from)), load(p.weights + (tap &* channelBlock &+ inBlock)),
              sum)
          }
        }
        let value = activate(sum, p.activation)
        let to: Int = block &* p.output_block &+ (y &* p.columns &+ x) &* channelBlock &+ inBlock
        store(value, p.output + to)
        total += value
      }
    }
    store(total, p.sums + channel)
    channel &+= lanes
  }
}
