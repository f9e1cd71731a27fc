import CPlatform
import KernelTable

/// Output pixels that are computed side by side for one vector of channels, one accumulator each: `pixels` in
/// each of `lines` rows; `count` = pixels·lines (integer generics know no arithmetic).
private struct PixelTile<let kernel: Int, let stride: Int, let pixels: Int, let lines: Int, let count: Int> {
  /// Before the activation, but ReLU is done here.
  ///
  /// - Returns: the sum of what was stored.
  @inline(__always) static func run(
    _ plane: borrowing ChannelPlane, _ rows: UnsafePointer<Floats>, _ x: Int, _ output: MutableFloats
  ) -> Vector {
    var sums = InlineArray<count, Vector>(repeating: plane.bias)
    let shift: Int = x &* (stride &* channelBlock) &+ plane.inputOffset
    for ky in 0..<kernel {
      let weights = plane.weights + ky &* (kernel &* channelBlock)
      for kx in 0..<kernel {
        let w = load(weights + kx &* channelBlock)
        for line in 0..<lines {
          let row = rows[line &* stride &+ ky] + shift
          for i in 0..<pixels {
            sums[line &* pixels &+ i] = multiplyAdd(
              load(row + (i &* stride &+ kx) &* channelBlock), w, sums[line &* pixels &+ i])
          }
        }
      }
    }
    if plane.activation == ActivationCode.relu {
      for i in 0..<count { sums[i] = maximum(sums[i], .zero) }
    }
    var total = Vector.zero
    for line in 0..<lines {
      let to = output + (line &* plane.columns &+ x) &* channelBlock
      for i in 0..<pixels {
        store(sums[line &* pixels &+ i], to + i &* channelBlock)
        total += sums[line &* pixels &+ i]
      }
    }
    return total
  }
}

/// One vector of channels: what all its tiles have in common.
private struct ChannelPlane {
  let inputOffset: Int, columns: Int
  let weights: Floats
  let bias: Vector
  let activation: Int32
}

private struct KernelShape<let kernel: Int, let stride: Int> {
  static func run(_ p: borrowing DepthwiseConvolution) {
    let taps = kernel &* kernel &* channelBlock
    // What an activation after the tiles reads again is still in the first-level cache: 8 KiB with AVX-512.
    let rowsAtATime = max(2, 128 / p.columns)
    var channel = 0
    while channel < p.channels {
      let block = channel / channelBlock
      let inBlock = channel % channelBlock
      let plane = ChannelPlane(
        inputOffset: block &* p.input_block &+ inBlock, columns: p.columns,
        weights: p.weights + (block &* taps &+ inBlock), bias: load(p.bias + channel), activation: p.activation)
      let output = p.output + (block &* p.output_block &+ inBlock)
      var total = Vector.zero
      var y = 0
      while y < p.rows {
        let count = min(rowsAtATime, p.rows &- y)
        let to = output + y &* (p.columns &* channelBlock)
        let sum = rows(plane, p.input_rows + y &* stride, count, to)
        total += p.activation <= ActivationCode.relu
          ? sum : activateAndSum(to, count &* p.columns, channelBlock, p.activation)
        y &+= count
      }
      store(load(Floats(p.sums) + channel) + total, p.sums + channel)
      channel &+= lanes
    }
  }

  /// All rows of one plane: tiles of eight pixels (eight accumulators hide the latency of the multiply-add), and
  /// for maps of width four of two rows. The sum is carried
  /// tile by tile, so that its rounding error grows with the number of tiles, not of pixels.
  @inline(never) private static func rows(
    _ plane: borrowing ChannelPlane, _ inputs: UnsafePointer<Floats>, _ count: Int, _ first: MutableFloats
  ) -> Vector {
    var total = Vector.zero
    var y = 0
    if plane.columns == 4 {
      while y &+ 2 <= count {
        let output = first + y &* (4 &* channelBlock)
        total += PixelTile<kernel, stride, 4, 2, 8>.run(plane, inputs + y &* stride, 0, output)
        y &+= 2
      }
    }
    while y < count {
      let row = inputs + y &* stride
      let output = first + y &* (plane.columns &* channelBlock)
      var x = 0
      while x &+ 8 <= plane.columns {
        total += PixelTile<kernel, stride, 8, 1, 8>.run(plane, row, x, output)
        x &+= 8
      }
      switch plane.columns &- x {
      case 7:
        total += PixelTile<kernel, stride, 7, 1, 7>.run(plane, row, x, output)
      case 5:
        total += PixelTile<kernel, stride, 5, 1, 5>.run(plane, row, x, output)
      case 4:
        total += PixelTile<kernel, stride, 4, 1, 4>.run(plane, row, x, output)
      default:
        while x < plane.columns {
          total += PixelTile<kernel, stride, 1, 1, 1>.run(plane, row, x, output)
          x &+= 1
        }
      }
      y &+= 1
    }
    return total
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
