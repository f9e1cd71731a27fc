import CPlatform
import KernelTable

/// Output pixels by vectors of channels: every input value is broadcast once per tile row.
private struct StemTile<let pixels: Int, let vectors: Int, let count: Int> {
  @inline(__always) static func run(
    _ p: borrowing StemConvolution, _ input: Floats, _ channel: Int, _ output: MutableFloats
  ) {
    var sums = InlineArray<count, Vector>(repeating: .zero)
    for j in 0..<vectors {
      let v = load(p.bias + (channel &+ j &* lanes))
      for i in 0..<pixels { sums[i &* vectors &+ j] = v }
    }
    for ky in 0..<3 {
      for kx in 0..<3 {
        let w = p.weights + ((ky &* 3 &+ kx) &* p.channels &+ channel)
        for i in 0..<pixels {
          let s = broadcast(input + (ky &* p.input_row &+ kx &+ 2 &* i))
          for j in 0..<vectors {
            sums[i &* vectors &+ j] = multiplyAdd(s, load(w + j &* lanes), sums[i &* vectors &+ j])
          }
        }
      }
    }
    for i in 0..<pixels {
      for j in 0..<vectors { store(sums[i &* vectors &+ j], output + offset(p, channel, i, j)) }
    }
  }

  /// On the tile just stored: the constants of the formula take the registers that the tile had.
  @inline(never) static func activateTile(
    _ p: borrowing StemConvolution, _ channel: Int, _ output: MutableFloats
  ) {
    if p.activation == ActivationCode.swish {
      for i in 0..<pixels {
        for j in 0..<vectors {
          let at = output + offset(p, channel, i, j)
          store(swish(load(Floats(at))), at)
        }
      }
    } else if p.activation != ActivationCode.none {
      for i in 0..<pixels {
        for j in 0..<vectors { activateInPlace(output + offset(p, channel, i, j), lanes, p.activation) }
      }
    }
  }

  @inline(__always) private static func offset(
    _ p: borrowing StemConvolution, _ channel: Int, _ i: Int, _ j: Int
  ) -> Int {
    let c = channel &+ j &* lanes
    return (c / channelBlock) &* p.output_block &+ c % channelBlock &+ i &* p.output_pixel
  }

  /// As many tiles as fit from pixel `x` of a row on.
  @inline(__always) static func sweep(
    _ p: borrowing StemConvolution, _ input: Floats, _ channel: Int, _ output: MutableFloats, _ x: inout Int
  ) {
    while x &+ pixels <= p.columns {
      let to = output + x &* p.output_pixel
      run(p, input + 2 &* x, channel, to)
      activateTile(p, channel, to)
      x &+= pixels
    }
  }
}

func stemConvolution(_ arguments: UnsafePointer<StemConvolution>) {
  let p = arguments.pointee
  for y in 0..<p.rows {
    let input = p.input + 2 &* y &* p.input_row
    let output = p.output + y &* p.output_row
    var channel = 0
    while channel < p.channels {
      let pair = p.channels &- channel >= 2 &* lanes
      var x = 0
      if pair {
        StemTile<5, 2, 10>.sweep(p, input, channel, output, &x)
        StemTile<1, 2, 2>.sweep(p, input, channel, output, &x)
      } else {
        StemTile<8, 1, 8>.sweep(p, input, channel, output, &x)
        StemTile<1, 1, 1>.sweep(p, input, channel, output, &x)
      }
      channel &+= pair ? 2 &* lanes : lanes
    }
  }
}
