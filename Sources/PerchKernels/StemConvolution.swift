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
      for j in 0..<vectors {
        let c = channel &+ j &* lanes
        let to: Int = (c / channelBlock) &* p.output_block &+ c % channelBlock &+ i &* p.output_pixel
        store(sums[i &* vectors &+ j], output + to)
        activateInPlace(output + to, lanes, p.activation)
      }
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
        while x &+ 5 <= p.columns {
          StemTile<5, 2, 10>.run(p, input + 2 &* x, channel, output + x &* p.output_pixel)
          x &+= 5
        }
        while x < p.columns {
          StemTile<1, 2, 2>.run(p, input + 2 &* x, channel, output + x &* p.output_pixel)
          x &+= 1
        }
      } else {
        while x &+ 9 <= p.columns {
          StemTile<9, 1, 9>.run(p, input + 2 &* x, channel, output + x &* p.output_pixel)
          x &+= 9
        }
        while x < p.columns {
          StemTile<1, 1, 1>.run(p, input + 2 &* x, channel, output + x &* p.output_pixel)
          x &+= 1
        }
      }
      channel &+= pair ? 2 &* lanes : lanes
    }
  }
}
