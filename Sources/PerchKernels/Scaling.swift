import CPlatform
import KernelTable

/// Stores the lanes of `v` that belong to bands below `bands` as float32.
@inline(__always) private func storeBands(_ v: DoubleVector, _ to: MutableFloats, _ band: Int, _ bands: Int) {
  if band &+ doubleLanes <= bands {
    storeNarrowed(v, to + band)
  } else {
    for lane in 0..<(bands &- band) { to[band &+ lane] = Float(v[lane]) }
  }
}

/// Samples x to (x − mean) / max |x − mean| · peak, or without the mean x / max |x| · peak, in double; zeros
/// where the maximum is 0. Sums run in as many chains as a vector has lanes.
///
/// - Returns: whether it is above 0.
func scaleToPeak(_ samples: MutableFloats, _ count: Int, _ peak: Float, _ removesMean: Bool) -> Bool {
  let whole = count / doubleLanes &* doubleLanes
  var mean = 0.0
  if removesMean {
    var sums = DoubleVector.zero
    var i = 0
    while i < whole {
      sums += widen(samples + i)
      i &+= doubleLanes
    }
    for lane in 0..<doubleLanes { mean += sums[lane] }
    while i < count {
      mean += Double(samples[i])
      i &+= 1
    }
    mean /= Double(count)
  }
  let means = DoubleVector(repeating: mean)
  var greatest = DoubleVector.zero
  var i = 0
  while i < whole {
    let x = widen(samples + i) - means
    let size = x.replacing(with: DoubleVector.zero - x, where: x .< 0)
    greatest.replace(with: size, where: size .> greatest)
    i &+= doubleLanes
  }
  var most = 0.0
  for lane in 0..<doubleLanes { most = max(most, greatest[lane]) }
  while i < count {
    most = max(most, abs(Double(samples[i]) - mean))
    i &+= 1
  }
  i = 0
  let target = Double(peak)
  let silent = most == 0
  while i < whole {
    let x = (widen(samples + i) - means) / DoubleVector(repeating: most) * target
    storeNarrowed(silent ? DoubleVector.zero : x, samples + i)
    i &+= doubleLanes
  }
  while i < count {
    samples[i] = silent ? 0 : Float((Double(samples[i]) - mean) / most * target)
    i &+= 1
  }
  return !silent
}

func logScaling(_ arguments: UnsafePointer<LogScaling>) {
  let p = arguments.pointee
  let floor = DoubleVector(repeating: p.floor)
  for frame in 0..<p.frames {
    let from = p.energies + frame &* p.energy_row
    let to = p.output + frame &* p.output_row
    var band = 0
    while band < p.bands {
      let energy = load(from + band)
      let floored = energy.replacing(with: floor, where: energy .< floor)
      storeBands(logarithm(floored + p.offset) * p.scalar, to, band, p.bands)
      band &+= doubleLanes
    }
  }
}

/// No scaling: the energies themselves as float32.
func copyEnergies(_ arguments: UnsafePointer<LogScaling>) {
  let p = arguments.pointee
  for frame in 0..<p.frames {
    var band = 0
    while band < p.bands {
      storeBands(
        load(p.energies + (frame &* p.energy_row &+ band)), p.output + frame &* p.output_row, band, p.bands)
      band &+= doubleLanes
    }
  }
}

/// PCEN (Wang et al. 2017, "Trainable frontend for robust and far-field keyword spotting", eq. 1):
/// (E / (ε + S)^gain + bias)^(1/root) − bias^(1/root), S a smoothed E. Bands go in the lanes. The last step
/// cancels for small energies, which is why it is done in double.
func energyNormalization(_ arguments: UnsafePointer<EnergyNormalization>) {
  let p = arguments.pointee
  let offset = rootOf(DoubleVector(repeating: p.bias), p.root)
  let legacy = p.legacy != 0 ? p.taps > 0 : false
  var band = 0
  while band < p.bands {
    if legacy {
      legacyBands(p, band, offset)
    } else {
      exactBands(p, band, offset)
    }
    band &+= doubleLanes
  }
}

@inline(__always) private func rootOf(_ x: DoubleVector, _ root: Double) -> DoubleVector {
  root == 1 ? x : root == 2 ? squareRoot(x) : root == 4 ? squareRoot(squareRoot(x)) : power(x, 1 / root)
}

@inline(__always) private func normalized(
  _ p: borrowing EnergyNormalization, _ energy: DoubleVector, _ smooth: DoubleVector, _ offset: DoubleVector
) -> DoubleVector {
  let divided = energy * exponential(logarithm(smooth + p.epsilon) * -p.gain)
  return rootOf(divided + p.bias, p.root) - offset
}

/// S[t] = Σ s(1−s)^j E[t−j] over the last `taps` frames, the oldest with weight (1−s)^(taps−1), the first
/// frame repeated to the left. From the plain recursion R[t] = s·E[t] + (1−s)·R[t−1], R[−1] = E[0], by
/// taking off what is older than the window: O(1) a frame.
@inline(__always) private func exactBands(
  _ p: borrowing EnergyNormalization, _ band: Int, _ offset: DoubleVector
) {
  let s = load(p.smoothing + band)
  let decay = 1 - s
  let history = p.scratch
  let cut = power(decay, Double(p.taps &- 1))
  let firstCut = p.taps > 0 ? p.taps &- 1 : Int.max
  var smooth = load(p.energies + band)
  for t in 0..<p.frames {
    let energy = load(p.energies + (t &* p.energy_row &+ band))
    smooth = multiplyAdd(s, energy, decay * smooth)
    store(smooth, history + t &* doubleLanes)
    var windowed = smooth
    if t >= firstCut {
      let oldest: Int = t &- firstCut
      let before = load(Doubles(history) + oldest &* doubleLanes)
      windowed -= cut * (before - load(p.energies + (oldest &* p.energy_row &+ band)))
    }
    storeBands(
      normalized(p, energy, windowed, offset), p.output + t &* p.output_row, band, p.bands)
  }
}

/// S[t] = s·E[t] + Σ (1−s)^(taps−1−j) E[t−j], j = 1 … taps − 1: the weights the wrong way round, as public
/// code had them before 2024-04-16. The recursion forward would divide by 1 − s each frame; it runs backward.
@inline(__always) private func legacyBands(
  _ p: borrowing EnergyNormalization, _ band: Int, _ offset: DoubleVector
) {
  let s = load(p.smoothing + band)
  let decay = 1 - s
  let newest = power(decay, Double(p.taps &- 2))
  let last = p.frames &- 1
  var older = DoubleVector.zero
  for j in 1..<max(p.taps, 1) {
    older = multiplyAdd(older, decay, load(p.energies + (max(last &- j, 0) &* p.energy_row &+ band)))
  }
  var t = last
  while true {
    let energy = load(p.energies + (t &* p.energy_row &+ band))
    storeBands(
      normalized(p, energy, multiplyAdd(s, energy, older), offset), p.output + t &* p.output_row, band, p.bands)
    if t == 0 { return }
    t &-= 1
    let leaving = load(p.energies + (t &* p.energy_row &+ band))
    let entering = load(p.energies + (max(t &- p.taps &+ 1, 0) &* p.energy_row &+ band))
    older = multiplyAdd(decay, older - newest * leaving, entering)
  }
}
