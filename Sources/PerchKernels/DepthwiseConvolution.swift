import CPlatform
import KernelTable

/// Output pixels that are computed side by side for one vector of channels, one accumulator each: `pixels` in
/// each of `lines` rows; `count` = pixels·lines (integer generics know no arithmetic).
private struct PixelTile<let kernel: Int, let stride: Int, let pixels: Int, let lines: Int, let count: Int> {
  /// Before the activation, but ReLU is done here. Adds what it stores to `total`.
  @inline(__always) static func run(
    _ plane: borrowing ChannelPlane, _ rows: UnsafePointer<Floats>, _ x: Int, _ output: MutableFloats,
    _ total: inout Vector
  ) {
    var sums = InlineArray<count, Vector>(repeating: plane.bias)
    let shift: Int = x &* (stride &* channelBlock) &+ plane.inputOffset
    for ky in 0..<kernel {
      let weights = plane.weights + ky &* (kernel &* channelBlock)
      // Written out, because a loop over all columns is not unrolled, and then the sums go to memory. The widest
      // tile has 19: eight pixels two apart, and five taps.
      meet(rows + ky, shift, weights, 0, &sums)
      meet(rows + ky, shift, weights, 1, &sums)
      meet(rows + ky, shift, weights, 2, &sums)
      meet(rows + ky, shift, weights, 3, &sums)
      meet(rows + ky, shift, weights, 4, &sums)
      meet(rows + ky, shift, weights, 5, &sums)
      meet(rows + ky, shift, weights, 6, &sums)
      meet(rows + ky, shift, weights, 7, &sums)
      meet(rows + ky, shift, weights, 8, &sums)
      meet(rows + ky, shift, weights, 9, &sums)
      meet(rows + ky, shift, weights, 10, &sums)
      meet(rows + ky, shift, weights, 11, &sums)
      meet(rows + ky, shift, weights, 12, &sums)
      meet(rows + ky, shift, weights, 13, &sums)
      meet(rows + ky, shift, weights, 14, &sums)
      meet(rows + ky, shift, weights, 15, &sums)
      meet(rows + ky, shift, weights, 16, &sums)
      meet(rows + ky, shift, weights, 17, &sums)
      meet(rows + ky, shift, weights, 18, &sums)
    }
    if plane.activation == ActivationCode.relu {
      for i in 0..<count { sums[i] = maximum(sums[i], .zero) }
    }
    for line in 0..<lines {
      let to = output + (line &* plane.columns &+ x) &* channelBlock
      var ofLine = Vector.zero
      for i in 0..<pixels {
        if i &* channelBlock % floatsPerCacheLine == 0 {
          perch_prefetch_l1(to + (plane.outputBlock &+ i &* channelBlock))
        }
        store(sums[line &* pixels &+ i], to + i &* channelBlock)
        ofLine += sums[line &* pixels &+ i]
      }
      total += ofLine
    }
  }

  /// Column `column` of the input with all taps of one kernel row that it meets. A value is loaded once for them:
  /// with the values as operands in memory, two loads a cycle would be the limit. Each sum takes its taps in
  /// rising order.
  @inline(__always) private static func meet(
    _ rows: UnsafePointer<Floats>, _ shift: Int, _ weights: Floats, _ column: Int,
    _ sums: inout InlineArray<count, Vector>
  ) {
    guard column < (pixels &- 1) &* stride &+ kernel else { return }
    for line in 0..<lines {
      let value = load(rows[line &* stride] + (shift &+ column &* channelBlock))
      for kx in 0..<kernel {
        let from = column &- kx
        if from >= 0 && from % stride == 0 && from / stride < pixels {
          let i: Int = line &* pixels &+ from / stride
          sums[i] = multiplyAdd(value, load(weights + kx &* channelBlock), sums[i])
        }
      }
    }
  }
}

/// One vector of channels: what all its tiles have in common.
private struct ChannelPlane {
  let inputOffset: Int, columns: Int
  /// To the same pixel of the next channel block, which is asked for before it is written.
  let outputBlock: Int
  let weights: Floats
  let bias: Vector
  let activation: Int32
}

private struct KernelShape<let kernel: Int, let stride: Int> {
  static func run(_ p: borrowing DepthwiseConvolution) {
    let taps = kernel &* kernel &* channelBlock
    // What an activation after the tiles reads again is still in the first-level cache: 8 KiB with AVX-512.
    let rowsAtATime = max(2, 128 / max(p.columns, 1) / 2 &* 2)
    var channel = 0
    while channel < p.channels {
      let block = channel / channelBlock
      let inBlock = channel % channelBlock
      let plane = ChannelPlane(
        inputOffset: block &* p.input_block &+ inBlock, columns: p.columns,
        outputBlock: p.output_block, weights: p.weights + (block &* taps &+ inBlock), bias: load(p.bias + channel),
        activation: p.activation)
      let output = p.output + (block &* p.output_block &+ inBlock)
      var total = load(Floats(p.sums) + channel)
      var y = 0
      while y < p.rows {
        let count = min(rowsAtATime, p.rows &- y)
        let to = output + y &* (p.columns &* channelBlock)
        let sum = rows(plane, p.input_rows + y &* stride, count, to, total)
        total =
          p.activation <= ActivationCode.relu
          ? sum : activateAndSum(to, count, p.columns, channelBlock, p.activation, total)
        y &+= count
      }
      store(total, p.sums + channel)
      channel &+= lanes
    }
  }

  /// All rows of one plane: tiles of eight pixels (eight accumulators hide the latency of the multiply-add), and
  /// for maps of width four of two rows.
  ///
  /// - Returns: `before` and the sums of all tiles of a row, added in order: the rounding error grows with the
  ///   number of tiles, not of pixels, and how a map is cut into calls does not show in the result.
  @inline(never) private static func rows(
    _ plane: borrowing ChannelPlane, _ inputs: UnsafePointer<Floats>, _ count: Int, _ first: MutableFloats,
    _ before: Vector
  ) -> Vector {
    var total = before
    var y = 0
    if plane.columns == 4 {
      while y &+ 2 <= count {
        let output = first + y &* (4 &* channelBlock)
        PixelTile<kernel, stride, 4, 2, 8>.run(plane, inputs + y &* stride, 0, output, &total)
        y &+= 2
      }
    }
    while y < count {
      let row = inputs + y &* stride
      let output = first + y &* (plane.columns &* channelBlock)
      var x = 0
      while x &+ 8 <= plane.columns {
        PixelTile<kernel, stride, 8, 1, 8>.run(plane, row, x, output, &total)
        x &+= 8
      }
      switch plane.columns &- x {
      case 7:
        PixelTile<kernel, stride, 7, 1, 7>.run(plane, row, x, output, &total)
      case 5:
        PixelTile<kernel, stride, 5, 1, 5>.run(plane, row, x, output, &total)
      case 4:
        PixelTile<kernel, stride, 4, 1, 4>.run(plane, row, x, output, &total)
      default:
        while x < plane.columns {
          PixelTile<kernel, stride, 1, 1, 1>.run(plane, row, x, output, &total)
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
