import CPlatform
import KernelTable

// Screening of prototypes by 8-bit codes: integer products, exact in every form, and from them upper bounds.
//
// |s·p − s′·p′| ≤ |s − s′|·|p| + |s′|·|p − p′| (Cauchy-Schwarz), with s a place, p a prototype and s′, p′
// what their codes say.
//
// 16-bit sums wrap: only the last value of a group must fit, which the caller makes sure of, again by
// Cauchy-Schwarz over the codes that meet in one lane.

#if KERNELS_VNNI
  private typealias Codes = __m512i
  private typealias Partial = SIMD16<Int32>
  private typealias Wide = SIMD16<Int32>
  @inline(__always) private var tilePlaces: Int { 8 }
  private typealias Partials = InlineArray<16, Partial>

  @inline(__always) private func products(_ place: Int32, _ codes: Codes, _ sum: Partial) -> Partial {
    let broadcast = unsafeBitCast(SIMD16<Int32>(repeating: place), to: __m512i.self)
    return unsafeBitCast(
      _mm512_dpbusd_epi32(unsafeBitCast(sum, to: __m512i.self), broadcast, codes), to: Partial.self)
  }

  @inline(__always) private func widen(_ v: Partial) -> Wide { v }
#elseif KERNELS_V4
  private typealias Codes = __m512i
  private typealias Partial = SIMD32<Int16>
  private typealias Wide = SIMD16<Int32>
  @inline(__always) private var tilePlaces: Int { 8 }
  private typealias Partials = InlineArray<16, Partial>

  @inline(__always) private func products(_ place: Int32, _ codes: Codes, _ sum: Partial) -> Partial {
    let broadcast = unsafeBitCast(SIMD16<Int32>(repeating: place), to: __m512i.self)
    return sum &+ unsafeBitCast(_mm512_maddubs_epi16(broadcast, codes), to: Partial.self)
  }

  @inline(__always) private func widen(_ v: Partial) -> Wide {
    let ones = unsafeBitCast(Partial(repeating: 1), to: __m512i.self)
    return unsafeBitCast(_mm512_madd_epi16(unsafeBitCast(v, to: __m512i.self), ones), to: Wide.self)
  }
#elseif KERNELS_V3
  private typealias Codes = __m256i
  private typealias Partial = SIMD16<Int16>
  private typealias Wide = SIMD8<Int32>
  @inline(__always) private var tilePlaces: Int { 5 }
  private typealias Partials = InlineArray<10, Partial>

  @inline(__always) private func products(_ place: Int32, _ codes: Codes, _ sum: Partial) -> Partial {
    let broadcast = unsafeBitCast(SIMD8<Int32>(repeating: place), to: __m256i.self)
    return sum &+ unsafeBitCast(_mm256_maddubs_epi16(broadcast, codes), to: Partial.self)
  }

  @inline(__always) private func widen(_ v: Partial) -> Wide {
    let ones = unsafeBitCast(Partial(repeating: 1), to: __m256i.self)
    return unsafeBitCast(_mm256_madd_epi16(unsafeBitCast(v, to: __m256i.self), ones), to: Wide.self)
  }
#else
  // One code of eight prototypes at a time.
  private typealias Codes = SIMD8<Int8>
  private typealias Partial = SIMD8<Int16>
  private typealias Wide = SIMD8<Int32>
  #if KERNELS_NEON
    @inline(__always) private var tilePlaces: Int { 8 }
    private typealias Partials = InlineArray<16, Partial>
  #else
    @inline(__always) private var tilePlaces: Int { 4 }
    private typealias Partials = InlineArray<8, Partial>
  #endif

  @inline(__always) private func products(_ place: UInt8, _ codes: Codes, _ sum: Partial) -> Partial {
    sum &+ Partial(truncatingIfNeeded: codes) &* Partial(repeating: Int16(truncatingIfNeeded: place))
  }

  @inline(__always) private func widen(_ v: Partial) -> Wide { Wide(truncatingIfNeeded: v) }
#endif

// Codes of one step of one place, and how many prototypes a vector of codes holds.
#if KERNELS_V3 || KERNELS_V4
  private typealias PlaceCodes = Int32
  @inline(__always) private var stepCodes: Int { 4 }
#else
  private typealias PlaceCodes = UInt8
  @inline(__always) private var stepCodes: Int { 1 }
#endif
@inline(__always) private var panelWidth: Int { 2 &* Wide.scalarCount }

#if KERNELS_VNNI
  public func screeningVNNI() -> ScreeningKernels { screeningKernels }
#endif

var screeningKernels: ScreeningKernels {
  #if KERNELS_VNNI
    let form = ScreeningForm.dot512
    let (group, fixed, limit, sumLimit) = (192, false, Float(127), Float.infinity)
  #else
    #if KERNELS_V4
      let form = ScreeningForm.pairs512
    #elseif KERNELS_V3
      let form = ScreeningForm.pairs256
    #else
      let form = ScreeningForm.plain
    #endif
    // Eight products in a 16-bit sum; with 7-bit codes one pair of products (2·255·63) always fits.
    let (group, fixed, limit, sumLimit) = (8 / (stepCodes == 4 ? 2 : 1), true, Float(63), Float(32_760))
  #endif
  return ScreeningKernels(
    form: form, panelWidth: panelWidth, stepCodes: stepCodes, tilePlaces: tilePlaces, groupSteps: group,
    groupIsFixed: fixed, codeLimit: limit, sumLimit: sumLimit, vectorCodes: vectorCodes,
    greatestGroup: greatestGroup, codeProducts: codeProducts, panelBounds: panelBounds)
}

/// The loop over tiles stands inside the loop over groups, and the steps of a group are a run-time number: sums
/// that could stay in registers over groups, or an unrolled group, make the optimiser rearrange the additions
/// and spill.
func codeProducts(_ arguments: UnsafePointer<CodeProducts>) {
  let p = arguments.pointee
  let tile = tilePlaces &* panelWidth
  var panel = p.panel
  var places = UnsafeRawPointer(p.places)
  var left = p.steps
  while left > 0 {
    var codes = places
    var sums = p.sums
    #if KERNELS_VNNI
      // Each tile asks for its share of the next group: here memory would be the slower part.
      let share = 2 &* MemoryLayout<Codes>.size / p.tiles
      var next = UnsafeRawPointer(panel + p.group &* panelWidth &* stepCodes)
    #endif
    for _ in 0..<p.tiles {
      #if KERNELS_VNNI
        tileProducts(panel, codes, p.group, sums, continues: left < p.steps, next: next, share: share)
        next += share &* p.group
      #else
        tileProducts(panel, codes, p.group, sums, continues: left < p.steps, next: codes, share: 0)
      #endif
      codes += p.group &* tilePlaces &* stepCodes
      sums += tile
    }
    panel += p.group &* panelWidth &* stepCodes
    places += p.place_group
    left &-= p.group
  }
}

/// One group of steps of one tile: places by two vectors of prototypes.
@inline(__always) private func tileProducts(
  _ panel: UnsafePointer<Int8>, _ places: UnsafeRawPointer, _ group: Int, _ sums: UnsafeMutablePointer<Int32>,
  continues: Bool, next: UnsafeRawPointer, share: Int
) {
  var ahead = next
  // Any values: the first step overwrites them. (The array's initialiser is not always inlined, and would then be
  // a symbol that other modules could come to share.)
  var s = UnsafeRawPointer(sums).loadUnaligned(as: Partials.self)
  var b = UnsafeRawPointer(panel)
  var a = places.assumingMemoryBound(to: PlaceCodes.self)
  // The first step apart: it needs no additions.
  do {
    let first = b.loadUnaligned(as: Codes.self)
    let second = (b + MemoryLayout<Codes>.size).loadUnaligned(as: Codes.self)
    for i in 0..<tilePlaces {
      let place = a[i]
      s[2 &* i] = products(place, first, .zero)
      s[2 &* i &+ 1] = products(place, second, .zero)
    }
    b += 2 &* MemoryLayout<Codes>.size
    a += tilePlaces
  }
  var step = group &- 1
  while step > 0 {
    if share > 0 {
      perch_prefetch_l1(ahead)
      ahead += share
    }
    let first = b.loadUnaligned(as: Codes.self)
    let second = (b + MemoryLayout<Codes>.size).loadUnaligned(as: Codes.self)
    for i in 0..<tilePlaces {
      let place = a[i]
      s[2 &* i] = products(place, first, s[2 &* i])
      s[2 &* i &+ 1] = products(place, second, s[2 &* i &+ 1])
    }
    b += 2 &* MemoryLayout<Codes>.size
    a += tilePlaces
    step &-= 1
  }
  let to = UnsafeMutableRawPointer(sums)
  let size = MemoryLayout<Wide>.size
  if continues {
    for i in 0..<(2 &* tilePlaces) {
      let sum = (to + i &* size).loadUnaligned(as: Wide.self) &+ widen(s[i])
      (to + i &* size).storeBytes(of: sum, as: Wide.self)
    }
  } else {
    for i in 0..<(2 &* tilePlaces) { (to + i &* size).storeBytes(of: widen(s[i]), as: Wide.self) }
  }
}

func panelBounds(_ arguments: UnsafePointer<PanelBounds>) {
  let p = arguments.pointee
  var v = 0
  while v < panelWidth {
    let codeSum = load(p.code_sums + v)
    let scale = load(p.scales + v)
    var even = Vector(repeating: -.infinity)
    var odd = even
    var place = 0
    while place &+ 2 <= p.places {
      even = maximum(placeBound(p, place, v, codeSum, scale), even)
      odd = maximum(placeBound(p, place &+ 1, v, codeSum, scale), odd)
      place &+= 2
    }
    if place < p.places { even = maximum(placeBound(p, place, v, codeSum, scale), even) }
    let margin = multiplyAdd(
      load(p.distances + v), Vector(repeating: p.place_norm), Vector(repeating: p.slack))
    store(maximum(even, odd) + margin, p.bounds + v)
    v &+= lanes
  }
}

/// (Σ u·q − z·Σ q)·a·b + |s − s′|, u and q the codes, a and b the values of one, z the zero point.
@inline(__always) private func placeBound(
  _ p: borrowing PanelBounds, _ place: Int, _ v: Int, _ codeSum: Vector, _ scale: Vector
) -> Vector {
  let at: Int = place &* panelWidth &+ v
  let sum = UnsafeRawPointer(p.sums + at).loadUnaligned(as: IntVector.self)
  let centred = multiplyAdd(codeSum, Vector(repeating: p.minus_zeros[place]), floats(sum))
  let value = scale * Vector(repeating: p.steps[place])
  return multiplyAdd(centred, value, Vector(repeating: p.residuals[place]))
}

/// The nearest float32 of each integer.
@inline(__always) private func floats(_ v: IntVector) -> Vector {
  #if KERNELS_V4
    _mm512_cvtepi32_ps(unsafeBitCast(v, to: __m512i.self))
  #elseif KERNELS_V3
    _mm256_cvtepi32_ps(unsafeBitCast(v, to: __m256i.self))
  #else
    Vector(v)
  #endif
}
