import CPlatform
import KernelTable

typealias Doubles = UnsafePointer<Double>
typealias MutableDoubles = UnsafeMutablePointer<Double>

/// Complex transform of `length` points, a power of two, of as many signals as a vector has lanes: Stockham
/// form (Govindaraju et al. 2008, "High performance discrete Fourier transforms on graphics processors",
/// gives the indexing), radix 4 with one pass of radix 2 where needed. Points are pairs of vectors (real,
/// imaginary). Works between the two buffers and returns the one that holds the result.
@inline(__always) func complexTransform(
  _ first: MutableDoubles, _ second: MutableDoubles, _ length: Int, _ twiddles: inout Doubles
) -> MutableDoubles {
  var from = first
  var to = second
  var rest = length
  var stride = 1
  while rest >= 4 {
    radix4Pass(from, to, rest / 4, stride, &twiddles)
    swap(&from, &to)
    rest /= 4
    stride *= 4
  }
  if rest == 2 {
    radix2Pass(from, to, stride)
    swap(&from, &to)
  }
  return from
}

@inline(__always) private func radix4Pass(
  _ from: MutableDoubles, _ to: MutableDoubles, _ count: Int, _ stride: Int, _ twiddles: inout Doubles
) {
  let point = 2 &* doubleLanes
  let span = stride &* point
  let quarter = count &* span
  for p in 0..<count {
    let w1r = broadcast(twiddles)
    let w1i = broadcast(twiddles + 1)
    let w2r = broadcast(twiddles + 2)
    let w2i = broadcast(twiddles + 3)
    let w3r = broadcast(twiddles + 4)
    let w3i = broadcast(twiddles + 5)
    twiddles += 6
    var i0 = Doubles(from) + p &* span
    var o0 = to + 4 &* (p &* span)
    for _ in 0..<stride {
      let i1 = i0 + quarter
      let i2 = i1 + quarter
      let i3 = i2 + quarter
      let o1 = o0 + span
      let o2 = o1 + span
      let o3 = o2 + span
      let ar = load(i0)
      let ai = load(i0 + doubleLanes)
      let br = load(i1)
      let bi = load(i1 + doubleLanes)
      let cr = load(i2)
      let ci = load(i2 + doubleLanes)
      let dr = load(i3)
      let di = load(i3 + doubleLanes)
      let pr = ar + cr
      let pi = ai + ci
      let mr = ar - cr
      let mi = ai - ci
      let qr = br + dr
      let qi = bi + di
      let nr = br - dr
      let ni = bi - di
      store(pr + qr, o0)
      store(pi + qi, o0 + doubleLanes)
      rotate(mr + ni, mi - nr, w1r, w1i, o1)
      rotate(pr - qr, pi - qi, w2r, w2i, o2)
      rotate(mr - ni, mi + nr, w3r, w3i, o3)
      i0 += point
      o0 += point
    }
  }
}

/// (re + i·im)·(wr + i·wi) to `to`.
@inline(__always) private func rotate(
  _ re: DoubleVector, _ im: DoubleVector, _ wr: DoubleVector, _ wi: DoubleVector, _ to: MutableDoubles
) {
  store(multiplyAdd(re, wr, -(im * wi)), to)
  store(multiplyAdd(re, wi, im * wr), to + doubleLanes)
}

@inline(__always) private func radix2Pass(_ from: MutableDoubles, _ to: MutableDoubles, _ stride: Int) {
  let span = stride &* (2 &* doubleLanes)
  var i = 0
  while i < span {
    let a = load(Doubles(from) + i)
    let b = load(Doubles(from) + (i &+ span))
    store(a + b, to + i)
    store(a - b, to + (i &+ span))
    i &+= doubleLanes
  }
}

/// |X[k]|² of a real signal of 2·`half` points from the transform z of its even and odd points taken as
/// real and imaginary parts. `cosines` points to (cos, sin) of π·k/half.
@inline(__always) func squaredMagnitude(
  _ z: MutableDoubles, _ half: Int, _ k: Int, _ cosines: Doubles
) -> DoubleVector {
  let point = 2 &* doubleLanes
  let a = Doubles(z) + (k & (half &- 1)) &* point
  let b = Doubles(z) + ((half &- k) & (half &- 1)) &* point
  let ar = load(a)
  let ai = load(a + doubleLanes)
  let br = load(b)
  let bi = load(b + doubleLanes)
  let half = DoubleVector(repeating: 0.5)
  let er = (ar + br) * half
  let ei = (ai - bi) * half
  let or = (ai + bi) * half
  let oi = (br - ar) * half
  let c = broadcast(cosines + 2 &* k)
  let s = broadcast(cosines + (2 &* k &+ 1))
  let re = multiplyAdd(oi, s, multiplyAdd(or, c, er))
  let im = multiplyAdd(oi, c, ei) - or * s
  return multiplyAdd(re, re, im * im)
}
