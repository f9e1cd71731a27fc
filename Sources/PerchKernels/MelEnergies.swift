import CPlatform
import KernelTable

/// Frames go side by side in the lanes, so that no step needs a shuffle. Double throughout: in float32 the
/// transform alone costs 1e-4 of the spectrogram, and PCEN divides rounding noise by itself.
func melEnergies(_ arguments: UnsafePointer<MelEnergies>) {
  let p = arguments.pointee
  var frame = 0
  while frame < p.frames {
    let count = min(doubleLanes, p.frames &- frame)
    let magnitudes = transformFrames(p, frame)
    var weights = p.mel_weights
    let to = p.energies + frame &* p.energy_row
    for band in 0..<p.bands {
      let bins = Int(p.mel_count[band])
      var from = Doubles(magnitudes) + Int(p.mel_first[band]) &* doubleLanes
      var sum = DoubleVector.zero
      for i in 0..<bins {
        sum = multiplyAdd(load(from), broadcast(weights + i), sum)
        from += doubleLanes
      }
      weights += bins
      for lane in 0..<count { to[lane &* p.energy_row &+ band] = sum[lane] }
    }
    frame &+= doubleLanes
  }
}

/// The windowed samples of as many frames as there are lanes, even ones as real and odd ones as imaginary
/// parts; zero where the frame has ended.
private struct WindowedFrames {
  /// Row r, column c of the signal, c the first frame.
  let signal: Floats
  let offsets: UnsafePointer<Int32>
  let window: Doubles
  let length: Int

  @inline(__always) func point(_ index: Int) -> Complex {
    let i = 2 &* index
    return Complex(re: sample(i), im: sample(i &+ 1))
  }

  @inline(__always) private func sample(_ i: Int) -> DoubleVector {
    i < length ? widen(signal + Int(offsets[i])) * broadcast(window + i) : DoubleVector.zero
  }
}

/// Magnitudes [bins][lanes] of the frames from `frame` on, in the scratch memory.
@inline(__always) private func transformFrames(_ p: borrowing MelEnergies, _ frame: Int) -> MutableDoubles {
  let size = p.fft_length &* doubleLanes
  let frames = WindowedFrames(
    signal: p.signal + frame, offsets: p.sample_offsets, window: p.window, length: p.window_length)
  var twiddles = p.twiddles
  let half = p.fft_length / 2
  let z = complexTransform(of: { frames.point($0) }, p.scratch, p.scratch + size, half, &twiddles)
  let magnitudes = p.scratch + 2 &* size
  for k in 0..<p.bins {
    let squared = squaredMagnitude(z, half, k, twiddles)
    let magnitude =
      p.power == 1 ? squareRoot(squared) : p.power == 2 ? squared : power(squared, p.power / 2)
    store(magnitude, magnitudes + k &* doubleLanes)
  }
  return magnitudes
}

/// A window of `count` samples, the first at position `before` of the signal, with the signal's position
/// r + hop·c going to row r, column c of [hop][columns]: frames that follow each other then stand side by
/// side, ready for the lanes. Positions outside the window are left as they are.
func interleaveHops(
  _ window: Floats, _ count: Int, _ before: Int, _ hop: Int, _ columns: Int, _ rows: MutableFloats
) {
  var first = 0
  while first < columns {
    let end = min(first &+ 16, columns)
    let start = first &* hop &- before
    let inside = start >= 0 ? (end &- 1) &* hop &+ hop &- before <= count : false
    if inside && end &- first == 16 {
      for r in 0..<hop { gather16(window + (start &+ r), hop, rows + (r &* columns &+ first)) }
    } else {
      for r in 0..<hop {
        var position = start &+ r
        for c in first..<end {
          if position >= 0 && position < count { rows[r &* columns &+ c] = window[position] }
          position &+= hop
        }
      }
    }
    first = end
  }
}

/// Sixteen samples `hop` apart, side by side.
@inline(__always) private func gather16(_ from: Floats, _ hop: Int, _ to: MutableFloats) {
  for i in 0..<4 {
    let p = from + 4 &* i &* hop
    let four = SIMD4(p[0], p[hop], p[2 &* hop], p[3 &* hop])
    UnsafeMutableRawPointer(to + 4 &* i).storeBytes(of: four, as: SIMD4<Float>.self)
  }
}

// The transform. Its types are private, which keeps the compiler from writing descriptions of them that every
// build of the kernels would define under the same name.

/// A complex number of each lane.
private struct Complex {
  var re: DoubleVector
  var im: DoubleVector

  @inline(__always) static func + (a: Complex, b: Complex) -> Complex { Complex(re: a.re + b.re, im: a.im + b.im) }
  @inline(__always) static func - (a: Complex, b: Complex) -> Complex { Complex(re: a.re - b.re, im: a.im - b.im) }

  /// −i times this.
  @inline(__always) var turned: Complex { Complex(re: im, im: DoubleVector.zero - re) }

  /// Times the number at `w`, the same in all lanes.
  @inline(__always) func times(_ w: Doubles) -> Complex {
    let wr = broadcast(w)
    let wi = broadcast(w + 1)
    return Complex(re: multiplySubtract(re, wr, im * wi), im: multiplyAdd(re, wi, im * wr))
  }

  @inline(__always) func times(_ factor: DoubleVector) -> Complex { Complex(re: re * factor, im: im * factor) }
}

/// Points in memory: pairs of vectors, real and imaginary.
private struct Points {
  let base: MutableDoubles

  @inline(__always) func point(_ index: Int) -> Complex {
    let p = Doubles(base) + index &* (2 &* doubleLanes)
    return Complex(re: load(p), im: load(p + doubleLanes))
  }

  @inline(__always) func set(_ index: Int, _ value: Complex) {
    let p = base + index &* (2 &* doubleLanes)
    store(value.re, p)
    store(value.im, p + doubleLanes)
  }
}

/// Complex transform of `length` points, a power of two, of as many signals as a vector has lanes: Stockham
/// form (Govindaraju et al. 2008, "High performance discrete Fourier transforms on graphics processors",
/// gives the indexing) in passes of radix 8, as few as can be, because each moves all points through the
/// caches; radix 4 or 2 for what is left. The first pass takes its points from `source`,
/// the others go between two buffers.
///
/// - Returns: the buffer that holds the result.
@inline(__always) private func complexTransform(
  of source: (Int) -> Complex, _ first: MutableDoubles, _ second: MutableDoubles, _ length: Int,
  _ twiddles: inout Doubles
) -> Points {
  var to = Points(base: first)
  pass(source, to, length, 1, &twiddles)
  var rest = length / radix(length)
  var stride = radix(length)
  var from = to
  to = Points(base: second)
  while rest > 1 {
    let read = from
    pass({ read.point($0) }, to, rest, stride, &twiddles)
    stride *= radix(rest)
    rest /= radix(rest)
    swap(&from, &to)
  }
  return from
}

/// What divides `rest` points in the next pass (PerchTensor's FourierTwiddles goes by the same rule).
@inline(__always) private func radix(_ rest: Int) -> Int {
  rest >= 8 && rest != 16 ? 8 : rest >= 4 ? 4 : rest
}

@inline(__always) private func pass(
  _ from: (Int) -> Complex, _ to: Points, _ rest: Int, _ stride: Int, _ twiddles: inout Doubles
) {
  switch radix(rest) {
  case 8: radix8Pass(from, to, rest / 8, stride, &twiddles)
  case 4: radix4Pass(from, to, rest / 4, stride, &twiddles)
  case 2:
    for q in 0..<stride {
      let a = from(q)
      let b = from(q &+ stride)
      to.set(q, a + b)
      to.set(q &+ stride, a - b)
    }
  default: to.set(0, from(0))
  }
}

@inline(__always) private func radix4Pass(
  _ from: (Int) -> Complex, _ to: Points, _ count: Int, _ stride: Int, _ twiddles: inout Doubles
) {
  let quarter = count &* stride
  for p in 0..<count {
    let w = twiddles
    for q in 0..<stride {
      let i = p &* stride &+ q
      let o = 4 &* p &* stride &+ q
      let r = transform4(
        from(i), from(i &+ quarter), from(i &+ 2 &* quarter), from(i &+ 3 &* quarter))
      to.set(o, r.0)
      to.set(o &+ stride, r.1.times(w))
      to.set(o &+ 2 &* stride, r.2.times(w + 2))
      to.set(o &+ 3 &* stride, r.3.times(w + 4))
    }
    twiddles += 6
  }
}

@inline(__always) private func radix8Pass(
  _ from: (Int) -> Complex, _ to: Points, _ count: Int, _ stride: Int, _ twiddles: inout Doubles
) {
  let eighth = count &* stride
  let diagonal = DoubleVector(repeating: 0.707_106_781_186_547_524_4)
  for p in 0..<count {
    let w = twiddles
    for q in 0..<stride {
      let i = p &* stride &+ q
      let o = 8 &* p &* stride &+ q
      let a0 = from(i)
      let a4 = from(i &+ 4 &* eighth)
      let a2 = from(i &+ 2 &* eighth)
      let a6 = from(i &+ 6 &* eighth)
      let a1 = from(i &+ eighth)
      let a5 = from(i &+ 5 &* eighth)
      let a3 = from(i &+ 3 &* eighth)
      let a7 = from(i &+ 7 &* eighth)
      let even = transform4(a0 + a4, a1 + a5, a2 + a6, a3 + a7)
      to.set(o, even.0)
      to.set(o &+ 2 &* stride, even.1.times(w + 2))
      to.set(o &+ 4 &* stride, even.2.times(w + 6))
      to.set(o &+ 6 &* stride, even.3.times(w + 10))
      // Times the eighth roots of unity: 1, (1 − i)/√2, −i, (−1 − i)/√2.
      let d1 = a1 - a5
      let d3 = a3 - a7
      let odd = transform4(
        a0 - a4, (d1 + d1.turned).times(diagonal), (a2 - a6).turned, (d3.turned - d3).times(diagonal))
      to.set(o &+ stride, odd.0.times(w))
      to.set(o &+ 3 &* stride, odd.1.times(w + 4))
      to.set(o &+ 5 &* stride, odd.2.times(w + 8))
      to.set(o &+ 7 &* stride, odd.3.times(w + 12))
    }
    twiddles += 14
  }
}

@inline(__always) private func transform4(
  _ a: Complex, _ b: Complex, _ c: Complex, _ d: Complex
) -> (Complex, Complex, Complex, Complex) {
  let p = a + c
  let m = a - c
  let q = b + d
  let n = (b - d).turned
  return (p + q, m + n, p - q, m - n)
}

/// |X[k]|² of a real signal of 2·`half` points from the transform z of its even and odd points taken as
/// real and imaginary parts. `cosines` points to (cos, sin) of π·k/half.
@inline(__always) private func squaredMagnitude(_ z: Points, _ half: Int, _ k: Int, _ cosines: Doubles)
  -> DoubleVector
{
  let a = z.point(k & (half &- 1))
  let b = z.point((half &- k) & (half &- 1))
  let scale = DoubleVector(repeating: 0.5)
  let er = (a.re + b.re) * scale
  let ei = (a.im - b.im) * scale
  let or = (a.im + b.im) * scale
  let oi = (b.re - a.re) * scale
  let c = broadcast(cosines + 2 &* k)
  let s = broadcast(cosines + (2 &* k &+ 1))
  let re = multiplyAdd(oi, s, multiplyAdd(or, c, er))
  let im = multiplySubtract(oi, c, multiplySubtract(or, s, ei))
  return multiplyAdd(re, re, im * im)
}
