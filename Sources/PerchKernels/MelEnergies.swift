import CPlatform
import KernelTable

/// Frames go side by side in the lanes, so that no step needs a shuffle. Double throughout: in float32 the
/// transform alone costs 1e-4 of the spectrogram, and PCEN divides rounding noise by itself.
func melEnergies(_ arguments: UnsafePointer<MelEnergies>) {
  let p = arguments.pointee
  var frame = 0
  while frame < p.frames {
    let count = min(doubleLanes, p.frames &- frame)
    let magnitudes = transformFrames(p, frame, count)
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

/// Magnitudes [bins][lanes] of `count` frames from `frame` on, in the scratch memory.
@inline(__always) private func transformFrames(
  _ p: borrowing MelEnergies, _ frame: Int, _ count: Int
) -> MutableDoubles {
  let size = p.fft_length &* doubleLanes
  let work = p.scratch
  let signal = p.signal + frame &* p.hop
  // Lanes past the last frame repeat it.
  var starts = SIMD8<Int>.zero
  for lane in 0..<doubleLanes { starts[lane] = min(lane, count &- 1) &* p.hop }
  for i in 0..<p.window_length {
    var samples = DoubleVector.zero
    for lane in 0..<doubleLanes { samples[lane] = Double(signal[starts[lane] &+ i]) }
    store(samples * broadcast(p.window + i), work + i &* doubleLanes)
  }
  var i = p.window_length &* doubleLanes
  while i < size {
    store(DoubleVector.zero, work + i)
    i &+= doubleLanes
  }
  var twiddles = p.twiddles
  let half = p.fft_length / 2
  let z = complexTransform(work, work + size, half, &twiddles)
  let magnitudes = work + 2 &* size
  for k in 0..<p.bins {
    let squared = squaredMagnitude(z, half, k, twiddles)
    let magnitude =
      p.power == 1 ? squareRoot(squared) : p.power == 2 ? squared : power(squared, p.power / 2)
    store(magnitude, magnitudes + k &* doubleLanes)
  }
  return magnitudes
}
