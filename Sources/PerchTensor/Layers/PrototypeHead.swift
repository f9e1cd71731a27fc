import CPlatform
import Glibc
import KernelTable

/// ProtoPNet head (google-research/perch, chirp/models/heads.py): each class has a few prototypes; a
/// prototype's similarity is the greatest cosine over all places of the map, and a logit is the weighted
/// sum of its prototypes' similarities and a bias.
///
/// There is one arithmetic for a logit, `exactLogits`. Whether all classes are computed, a list or those that
/// screening left over, for one window or several at once: the bits are the same within one kernel build.
package struct PrototypeHead: Sendable {
  package let classes: Int
  /// Pixels of the map, and numbers of each.
  package let places: Int
  let depth: Int
  let prototypesPerClass: Int
  /// Four prototypes make a quad; what a class lacks in its last one is zero.
  let quadsPerClass: Int
  let normEpsilon: Float
  /// The greatest norm of a prototype, at least 1: what "unit length" is worth, the file's word included.
  let greatestNorm: Float
  /// Quads as `QuadSimilarities.prototypes` has them.
  let unit: Storage<Float>
  /// [classes][prototypesPerClass], and [classes].
  let classWeights: Storage<Float>
  let bias: Storage<Float>
  let kernels: KernelTable
  /// Rows of a map are padded to a multiple of this.
  package var channelBlock: Int { kernels.channelBlock }

  /// - Parameters:
  ///   - normalized: they have unit length already.
  ///   - normEpsilon: added to the norm of a prototype and of a place.
  ///   - classWeights: [classes, count], clamped already where the head clamps them.
  ///   - prototypes: calls what it is given with the first class of some and their prototypes, [classes, count,
  ///     size], until all classes were there: they need not be in memory all at once.
  package init<Failure: Error>(
    count: Int, size: Int, normalized: Bool, normEpsilon: Double, classWeights: [Float], bias: [Float],
    places: Int, kernels: KernelTable, plan: inout MemoryPlan,
    prototypes: (_ pack: (_ firstClass: Int, [Float]) -> Void) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(
      count > 0 && size > 0 && classWeights.count == bias.count * count, "as many numbers as the shape says")
    classes = bias.count
    self.places = places
    depth = size
    prototypesPerClass = count
    quadsPerClass = (count + 3) / 4
    self.normEpsilon = Float(normEpsilon)
    self.classWeights = Storage(classWeights)
    self.bias = Storage(bias)
    self.kernels = kernels
    let perClass = quadsPerClass
    let layout = kernels.prototypes
    let unit = Storage<Float>(count: (bias.count * perClass).roundedUp(to: layout.quadGroup) * size * 4)
    var greatest = 1.0
    var packed = 0
    let total = classes * count
    try prototypes { firstClass, slab in
      precondition(
        slab.count.isMultiple(of: count * size) && firstClass * count + slab.count / size <= total,
        "whole classes of the head")
      for place in 0..<slab.count / size {
        let index = firstClass * count + place
        let norm = unsafe slab.withUnsafeBufferPointer { values in
          let from = unsafe UnsafeBufferPointer(rebasing: values[place * size..<(place + 1) * size])
          let norm = unsafe Self.norm(from)
          let factor = normalized ? 1 : 1 / (norm + normEpsilon)
          let quad = index / count * perClass + index % count / 4
          unsafe Self.pack(from, times: factor, quad, index % count % 4, to: unit, layout)
          return norm * factor
        }
        // A norm that is no number stays one, and forbids screening.
        if norm > greatest || norm.isNaN { greatest = norm }
      }
      packed += slab.count / size
    }
    precondition(packed == total, "the prototypes of every class")
    self.unit = unit
    greatestNorm = Float(greatest) * 1.000_01
    plan.require(.unitVectors, unitCount + packedCount)
    plan.require(.similarities, sumsCount(windows: 1) + chunkQuads * 4)
  }

  private static func norm(_ vector: UnsafeBufferPointer<Float>) -> Double {
    var sums = SIMD4<Double>.zero
    var k = 0
    while k + 4 <= vector.count {
      let v = unsafe SIMD4(
        Double(vector[k]), Double(vector[k + 1]), Double(vector[k + 2]), Double(vector[k + 3]))
      sums += v * v
      k += 4
    }
    var total = sums[0] + sums[1] + sums[2] + sums[3]
    while k < vector.count {
      unsafe total += Double(vector[k]) * Double(vector[k])
      k += 1
    }
    return total.squareRoot()
  }

  private static func pack(
    _ vector: UnsafeBufferPointer<Float>, times factor: Double, _ quad: Int, _ lane: Int, to unit: Storage<Float>,
    _ layout: PrototypeKernels
  ) {
    let group = quad / layout.quadGroup * layout.quadGroup * vector.count
    var k = 0
    while k < vector.count {
      let steps = min(layout.depthBlock, vector.count - k)
      let at = (group + k * layout.quadGroup + quad % layout.quadGroup * steps) * 4 + lane
      let to = unsafe unit.base + at
      for i in 0..<steps { unsafe to[i * 4] = Float(Double(vector[k + i]) * factor) }
      k += steps
    }
  }

  /// The four unit vectors of a quad as the exact arithmetic uses them: to `rows`, `row` numbers apart.
  func copyQuad(_ quad: Int, to rows: UnsafeMutablePointer<Float>, row: Int) {
    let layout = kernels.prototypes
    let group = quad / layout.quadGroup * layout.quadGroup * depth
    var k = 0
    while k < depth {
      let steps = min(layout.depthBlock, depth - k)
      let from = unsafe unit.base + (group + k * layout.quadGroup + quad % layout.quadGroup * steps) * 4
      for i in 0..<steps {
        for lane in 0..<4 { unsafe rows[lane * row + k + i] = from[i * 4 + lane] }
      }
      k += steps
    }
  }

  // MARK: Sizes of scratch memory, in floats

  /// Distance between row-major unit vectors: whole vectors of every form of screening.
  var unitRow: Int { depth.roundedUp(to: 16) }
  var unitCount: Int { places * unitRow }
  var paddedPlaces: Int { places.roundedUp(to: kernels.prototypes.placeLanes) }
  var packedCount: Int { paddedPlaces * depth }
  func sumsCount(windows: Int) -> Int { kernels.prototypes.quadGroup * windows * paddedPlaces * 4 }
  /// Quads that are computed in one call: whole classes.
  var chunkQuads: Int { max(64 / quadsPerClass, 1) * quadsPerClass }

  // MARK: Logits

  /// Region `spatial` → one logit a class.
  package func logits(_ workspace: Workspace, places: Int, into logits: inout MutableSpan<Float>) {
    precondition(places == self.places && logits.count >= classes, "the map that the head was made for")
    let packed = unsafe workspace.pointer(.unitVectors, at: unitCount)
    unsafe normalizePlaces(
      workspace.pointer(.spatial), unit: workspace.pointer(.unitVectors), packed: packed)
    let scratch = unsafe ExactScratch(
      sums: workspace.pointer(.similarities),
      similarities: workspace.pointer(.similarities, at: sumsCount(windows: 1)))
    unsafe logits.withUnsafeMutableBufferPointer { result in
      guard let base = result.baseAddress else { return }
      unsafe exactLogits(nil, classes, packed: packed, windows: 1, scratch, into: base, stride: 0)
    }
  }

  @safe struct ExactScratch {
    /// `sumsCount(windows:)` floats.
    let sums: UnsafeMutablePointer<Float>
    /// windows × chunkQuads × 4 floats.
    let similarities: UnsafeMutablePointer<Float>
  }

  /// A row-major map, rows padded to channel blocks → unit vectors [places][unitRow] and packed places.
  func normalizePlaces(
    _ map: UnsafePointer<Float>, unit: UnsafeMutablePointer<Float>, packed: UnsafeMutablePointer<Float>
  ) {
    var arguments = unsafe UnitPlaces(
      map: map, row: depth.roundedUp(to: kernels.channelBlock), places: places, depth: depth,
      norm_epsilon: normEpsilon, unit: unit, unit_row: unitRow, packed: packed)
    unsafe kernels.prototypes.unitPlaces(&arguments)
  }

  /// Logits of some classes (nil: the first `count`) for windows of packed places, which stand one after the
  /// other: logit i of window w at `logits[w · stride + i]`.
  func exactLogits(
    _ list: UnsafePointer<Int32>?, _ count: Int, packed: UnsafePointer<Float>, windows: Int,
    _ scratch: ExactScratch, into logits: UnsafeMutablePointer<Float>, stride: Int
  ) {
    let chunk = chunkQuads / quadsPerClass
    unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: chunkQuads) { quads in
      guard let quadList = quads.baseAddress else { return }
      var first = 0
      while first < count {
        let classes = min(chunk, count - first)
        for i in 0..<classes {
          let index = unsafe list.map { unsafe Int($0[first + i]) } ?? first + i
          for q in 0..<quadsPerClass { unsafe quadList[i * quadsPerClass + q] = Int32(index * quadsPerClass + q) }
        }
        unsafe similarities(quadList, classes * quadsPerClass, packed, windows, scratch)
        for w in 0..<windows {
          for i in 0..<classes {
            let index = unsafe Int(quadList[i * quadsPerClass]) / quadsPerClass
            let similarity = unsafe scratch.similarities + (w * chunkQuads + i * quadsPerClass) * 4
            unsafe logits[w * stride + first + i] = unsafe logit(index, similarity)
          }
        }
        first += classes
      }
    }
  }

  private func similarities(
    _ quads: UnsafePointer<Int32>, _ count: Int, _ packed: UnsafePointer<Float>, _ windows: Int,
    _ scratch: ExactScratch
  ) {
    var arguments = unsafe QuadSimilarities(
      prototypes: UnsafePointer(unit.base), quads: quads, quad_count: count, depth: depth, places_packed: packed,
      window_stride: packedCount, windows: windows, places: paddedPlaces, sums: scratch.sums,
      similarities: scratch.similarities, similarity_row: chunkQuads * 4)
    unsafe kernels.prototypes.quadSimilarities(&arguments)
  }

  /// From left to right, the bias last.
  private func logit(_ index: Int, _ similarity: UnsafePointer<Float>) -> Float {
    var sum: Float = 0
    let weights = unsafe classWeights.base + index * prototypesPerClass
    for k in 0..<prototypesPerClass { unsafe sum += weights[k] * similarity[k] }
    return unsafe sum + bias.base[index]
  }
}
