import CPlatform
import KernelTable

// Exact similarities of the prototype head. Places stand in the lanes and prototypes are broadcast, so that a
// class is used where it lies: any set of classes runs at the speed of all of them, and nothing is copied.
//
// The one arithmetic of every path: a (place, prototype) pair is one chain of multiply-adds over k = 0, 1, …;
// neither tiles nor blocks of k nor the other windows change it.

/// Vectors of places in a full panel, times four prototypes the accumulators of a tile.
#if KERNELS_V4 || KERNELS_NEON  // 32 registers
  @inline(__always) private var panelVectors: Int { 4 }
  private typealias FullTile = QuadTile<4, 16>
#elseif KERNELS_V3  // 16 registers
  @inline(__always) private var panelVectors: Int { 3 }
  private typealias FullTile = QuadTile<3, 12>
#else  // 16 registers, one of them for the product
  @inline(__always) private var panelVectors: Int { 2 }
  private typealias FullTile = QuadTile<2, 8>
#endif

/// Steps of k for which a full panel stays in the first two levels of cache.
#if KERNELS_V3 || KERNELS_V4
  @inline(__always) private var quadDepthBlock: Int { 192 }
#else
  @inline(__always) private var quadDepthBlock: Int { 384 }
#endif

@inline(__always) private var quadGroup: Int { 16 }

var prototypeKernels: PrototypeKernels {
  PrototypeKernels(
    placeLanes: lanes, panelPlaces: panelVectors &* lanes, quadGroup: quadGroup, depthBlock: quadDepthBlock,
    unitPlaces: unitPlaces, quadSimilarities: quadSimilarities)
}

/// `vectors` vectors of places by the four prototypes of a quad.
private struct QuadTile<let vectors: Int, let count: Int> {
  /// - Parameters:
  ///   - places: [depth][vectors · lanes].
  ///   - quad: [depth][4].
  ///   - sums: [4][vectors · lanes], added to. They are loaded at once: the array's initialiser would not be
  ///     inlined here, and be a symbol that other modules could come to share.
  ///   - ahead: the quad that comes next, which is asked for on the way: classes picked from all over the head
  ///     come straight from memory.
  @inline(never) static func run(
    _ places: Floats, _ quad: Floats, _ depth: Int, _ sums: MutableFloats, _ ahead: Floats
  ) {
    var s = UnsafeRawPointer(sums).loadUnaligned(as: InlineArray<count, Vector>.self)
    var a = places
    var b = quad
    var next = ahead
    var k = depth
    while k > 0 {
      perch_prefetch_l1(next)
      next += 4
      for i in 0..<4 {
        let p = broadcast(b + i)
        for j in 0..<vectors {
          s[i &* vectors &+ j] = multiplyAdd(p, load(a + j &* lanes), s[i &* vectors &+ j])
        }
      }
      a += vectors &* lanes
      b += 4
      k &-= 1
    }
    for i in 0..<4 {
      for j in 0..<vectors { store(s[i &* vectors &+ j], sums + (i &* vectors &+ j) &* lanes) }
    }
  }
}

/// Vectors of the panel that begins with `left` vectors to go.
@inline(__always) private func vectorsOfPanel(_ left: Int) -> Int { min(left, panelVectors) }

@inline(__always) private func runTile(
  _ vectors: Int, _ places: Floats, _ quad: Floats, _ depth: Int, _ sums: MutableFloats,
  _ ahead: Floats
) {
  if vectors == panelVectors { return FullTile.run(places, quad, depth, sums, ahead) }
  switch vectors {
  case 1: QuadTile<1, 4>.run(places, quad, depth, sums, ahead)
  case 2: QuadTile<2, 8>.run(places, quad, depth, sums, ahead)
  default: QuadTile<3, 12>.run(places, quad, depth, sums, ahead)
  }
}

/// Loops: group of quads → block of k → window → panel of places, which stays in the first-level cache →
/// quads of the group, which stay in the second and come from memory once for all windows.
func quadSimilarities(_ arguments: UnsafePointer<QuadSimilarities>) {
  let p = arguments.pointee
  var first = 0
  while first < p.quad_count {
    let count = min(quadGroup, p.quad_count &- first)
    var at = 0
    while at < count &* p.windows &* p.places &* 4 {
      store(.zero, p.sums + at)
      at &+= lanes
    }
    var k = 0
    while k < p.depth {
      quadBlock(p, first, count, k, min(quadDepthBlock, p.depth &- k))
      k &+= quadDepthBlock
    }
    for q in 0..<count {
      for window in 0..<p.windows {
        greatest(
          p.sums + (window &* count &+ q) &* p.places &* 4, p.places,
          p.similarities + (window &* p.similarity_row &+ (first &+ q) &* 4))
      }
    }
    first &+= count
  }
}

/// All windows and panels of one block of k for one group of quads. Sums stand as [window][quad][panel].
private func quadBlock(_ p: borrowing QuadSimilarities, _ first: Int, _ count: Int, _ k: Int, _ depth: Int) {
  for window in 0..<p.windows {
    var place = 0
    while place < p.places {
      let vectors = vectorsOfPanel((p.places &- place) / lanes)
      let width = vectors &* lanes
      let panel = p.places_packed + (window &* p.window_stride &+ place &* p.depth &+ k &* width)
      for q in 0..<count {
        let sums = p.sums + ((window &* count &+ q) &* p.places &+ place) &* 4
        let isLast = q &+ 1 == count
        let ahead = block(p, first &+ (isLast ? 0 : q &+ 1), isLast ? k &+ depth : k, depth)
        runTile(vectors, panel, block(p, first &+ q, k, depth), depth, sums, ahead)
      }
      place &+= width
    }
  }
}

/// Where `depth` steps from k of the quad at `position` of the list stand.
@inline(__always) private func block(
  _ p: borrowing QuadSimilarities, _ position: Int, _ k: Int, _ depth: Int
) -> Floats {
  let index = Int(p.quads[position])
  let group = p.prototypes + (index / quadGroup) &* quadGroup &* p.depth &* 4
  return group + (k &* quadGroup &+ (index % quadGroup) &* depth) &* 4
}

/// Greatest sum of each of the four prototypes over the panels [4][width].
private func greatest(_ sums: MutableFloats, _ places: Int, _ result: MutableFloats) {
  for i in 0..<4 {
    var most = Vector(repeating: -.infinity)
    var place = 0
    while place < places {
      let width = vectorsOfPanel((places &- place) / lanes) &* lanes
      let from = sums + (place &* 4 &+ i &* width)
      var j = 0
      while j < width {
        most = greaterOrNaN(load(Floats(from + j)), most)
        j &+= lanes
      }
      place &+= width
    }
    var value = most[0]
    for lane in 1..<lanes { value = most[lane] > value || most[lane].isNaN ? most[lane] : value }
    result[i] = value
  }
}

/// The greater of each lane, and not-a-number where either is.
@inline(__always) private func greaterOrNaN(_ a: Vector, _ b: Vector) -> Vector {
  b.replacing(with: a, where: (a .> b) .| (a .!= a))
}

/// Each place over its norm plus epsilon; a place of zeros stays zero.
func unitPlaces(_ arguments: UnsafePointer<UnitPlaces>) {
  let p = arguments.pointee
  for place in 0..<p.places {
    let from = p.map + place &* p.row
    let norm = Float(squaredNorm(from, p.depth).squareRoot()) + p.norm_epsilon
    // Swish leaves numbers around 1e-36 where it closes; over the norm they are subnormal, and a product with one
    // costs a hundred cycles. What is below 2⁻⁶⁴ of a unit vector cannot be seen in any sum.
    let least = Vector(repeating: 0x1p-64)
    let to = p.unit + place &* p.unit_row
    var k = 0
    while k &+ lanes <= p.depth {
      let unit = load(from + k) / Vector(repeating: norm)
      store(unit.replacing(with: Vector.zero, where: unit .< least .& unit .> -least), to + k)
      k &+= lanes
    }
    while k < p.depth {
      let unit = from[k] / norm
      to[k] = abs(unit) < least[0] ? 0 : unit
      k &+= 1
    }
  }
  packPlaces(p)
}

/// Eight chains of sums in double: enough for the adder, and no number of a float32 map overflows.
private func squaredNorm(_ x: Floats, _ count: Int) -> Double {
  var sums = InlineArray<8, Double>(repeating: 0)
  var k = 0
  while k &+ 8 <= count {
    for i in 0..<8 {
      let v = Double(x[k &+ i])
      sums[i] += v * v
    }
    k &+= 8
  }
  var total = 0.0
  while k < count {
    total += Double(x[k]) * Double(x[k])
    k &+= 1
  }
  for i in 0..<8 { total += sums[i] }
  return total
}

private func packPlaces(_ p: borrowing UnitPlaces) {
  let padded = (p.places &+ lanes &- 1) / lanes &* lanes
  var place = 0
  while place < padded {
    let width = vectorsOfPanel((padded &- place) / lanes) &* lanes
    let panel = p.packed + place &* p.depth
    var k = 0
    while k < p.depth {
      // A few steps at a time: what they write stays in the first-level cache.
      let end = min(k &+ 16, p.depth)
      for i in 0..<width {
        // Copies of place 0 change no maximum.
        let from = p.unit + (place &+ i < p.places ? place &+ i : 0) &* p.unit_row
        for at in k..<end { panel[at &* width &+ i] = from[at] }
      }
      k = end
    }
    place &+= width
  }
}
