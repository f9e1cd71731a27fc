import CPlatform
import KernelTable

/// The prototypes of some classes in 8-bit codes, for upper bounds of all their similarities at a fraction of
/// the cost of the similarities. Built once, shared by all workers; one byte a number.
///
/// Classes stand in falling order of what they can reach at most, so that a floor cuts off the rest before any
/// arithmetic. Prototypes without weight are left out.
struct PrototypeScreen: Sendable {
  let kernels: ScreeningKernels
  /// Prototypes of the classes in order: class i has [first[i], first[i + 1]).
  let first: [Int32]
  let weights: Storage<Float>
  /// Steps of codes of a vector, whole groups of `group`.
  let steps: Int
  let group: Int
  private let codes: Storage<Int8>
  private let codeSums: Storage<Float>
  private let scales: Storage<Float>
  /// How far the coded prototypes are from the prototypes.
  let distances: Storage<Float>
  /// Greatest norm of the codes that meet in one 16-bit sum.
  let groupNorm: Float

  var prototypes: Int { weights.count }
  var panels: Int { (prototypes + kernels.panelWidth - 1) / kernels.panelWidth }
  var bytes: Int { codes.count + 4 * 4 * panels * kernels.panelWidth }

  /// - Parameter classes: in the order wanted.
  /// - Returns: nil where numbers are not finite: such a head cannot be screened.
  init?(_ head: PrototypeHead, classes: [Int32], kernels: ScreeningKernels) {
    guard head.greatestNorm.isFinite else { return nil }
    self.kernels = kernels
    let vectorSteps = head.unitRow / kernels.stepCodes
    group = kernels.groupIsFixed ? kernels.groupSteps : min(kernels.groupSteps, vectorSteps)
    steps = vectorSteps.roundedUp(to: group)
    var first: [Int32] = [0]
    var kept: [Kept] = []
    for index in classes {
      for k in 0..<head.prototypesPerClass {
        let weight = head.classWeights[Int(index) * head.prototypesPerClass + k]
        guard weight.isFinite else { return nil }
        if weight != 0 { kept.append(Kept(index: index, lane: k, weight: weight)) }
      }
      first.append(Int32(kept.count))
    }
    self.first = first
    weights = Storage(kept.map(\.weight))
    let padded = kept.count.roundedUp(to: kernels.panelWidth)
    codes = Storage(count: padded * steps * kernels.stepCodes)
    codeSums = Storage(count: padded)
    scales = Storage(count: padded)
    distances = Storage(count: padded)
    groupNorm = Self.fill(
      codes, codeSums, scales, distances, head, kept, VectorCoder(kernels, depth: head.unitRow), steps: steps)
    for index in 0..<kept.count where !distances[index].isFinite { return nil }
  }

  private struct Kept {
    let index: Int32
    let lane: Int
    let weight: Float
  }

  /// Codes of all prototypes; returns the greatest norm of a group.
  private static func fill(
    _ codes: Storage<Int8>, _ codeSums: Storage<Float>, _ scales: Storage<Float>, _ distances: Storage<Float>,
    _ head: PrototypeHead, _ kept: [Kept], _ coder: VectorCoder, steps: Int
  ) -> Float {
    let rows = Storage<Float>(count: 4 * head.unitRow)
    var quadInRows = -1
    var worst: Int32 = 0
    for (at, prototype) in kept.enumerated() {
      let quad = Int(prototype.index) * head.quadsPerClass + prototype.lane / 4
      if quad != quadInRows { unsafe head.copyQuad(quad, to: rows.base, row: head.unitRow) }
      quadInRows = quad
      let coded = unsafe coder.prototype(rows.base + prototype.lane % 4 * head.unitRow)
      codeSums[at] = coded.sum
      scales[at] = coded.scale
      distances[at] = coded.distance
      worst = max(worst, coded.greatestGroup)
      let width = coder.kernels.panelWidth
      unsafe coder.scatter(
        to: UnsafeMutableRawPointer(codes.base) + at / width * width * steps * coder.kernels.stepCodes
          + at % width * coder.kernels.stepCodes,
        step: width * coder.kernels.stepCodes)
    }
    return Float(Double(worst).squareRoot()).nextUp
  }

  // MARK: Screening

  /// Upper bounds of the first `panels` panels for `windows` windows: of prototype n of window w at
  /// `bounds[w · stride + n]`.
  func bounds(
    _ places: PlaceCodes, windows: Int, panels: Int, _ sums: UnsafeMutablePointer<Int32>,
    into bounds: UnsafeMutablePointer<Float>, stride: Int
  ) {
    let width = kernels.panelWidth
    for panel in 0..<panels {
      var products = unsafe CodeProducts(
        panel: UnsafePointer(codes.base) + panel * width * steps * kernels.stepCodes,
        places: UnsafePointer(places.codes.base), place_group: places.groupBytes, steps: steps, group: group,
        tiles: places.tiles(windows: windows), sums: sums)
      unsafe kernels.codeProducts(&products)
      for window in 0..<windows {
        let first = window * places.places
        var arguments = unsafe PanelBounds(
          sums: UnsafePointer(sums) + first * width, places: places.places,
          steps: UnsafePointer(places.steps.base) + first,
          minus_zeros: UnsafePointer(places.minusZeros.base) + first,
          residuals: UnsafePointer(places.residuals.base) + first,
          code_sums: UnsafePointer(codeSums.base) + panel * width,
          scales: UnsafePointer(scales.base) + panel * width,
          distances: UnsafePointer(distances.base) + panel * width, place_norm: places.norm(window),
          slack: places.slack, bounds: bounds + (window * stride + panel * width))
        unsafe kernels.panelBounds(&arguments)
      }
    }
  }
}

/// One vector at a time to codes, with memory for its codes.
struct VectorCoder: Sendable {
  let kernels: ScreeningKernels
  let depth: Int
  private let line: Storage<UInt8>

  init(_ kernels: ScreeningKernels, depth: Int) {
    self.kernels = kernels
    self.depth = depth
    line = Storage(count: depth)
  }

  struct Prototype {
    let scale: Float
    let sum: Float
    let distance: Float
    let greatestGroup: Int32
  }

  /// Steps that let the largest numbers clip, as parts of the one that does not. Clipping pays for bell-shaped
  /// vectors; the first that does not ends the search.
  private static let prototypeClips: [Float] = [1, 0.88, 0.76, 0.66]
  private static let placeClips: [Float] = [1, 0.75, 0.55, 0.4]

  /// Distances are computed in float32: √ of up to a few thousand rounded squares errs by less than 1.0002, and
  /// the product of code and step, where it is rounded apart, moves the vector by less than 1e-6.
  private static func upperDistance(_ squares: Float) -> Float { squares.squareRoot() * 1.0002 + 1e-6 }

  /// Codes of a unit prototype, symmetric around zero.
  func prototype(_ vector: UnsafePointer<Float>) -> Prototype {
    let limit = kernels.codeLimit
    let (low, high) = unsafe extremes(vector)
    let top = max(-low, high)
    var scale: Float = 1
    var squares: Float = 0
    if top > 0 {
      squares = .infinity
      for clip in Self.prototypeClips {
        let tried = unsafe code(vector, step: top * clip / limit, zero: 0, -limit...limit)
        if !(tried < squares) { break }
        squares = tried
        scale = top * clip / limit
      }
    }
    unsafe _ = code(vector, step: scale, zero: 0, -limit...limit)
    var sum: Int32 = 0
    for k in 0..<depth { unsafe sum += Int32(Int8(bitPattern: line.base[k])) }
    return Prototype(
      scale: scale, sum: Float(sum), distance: Self.upperDistance(squares),
      greatestGroup: unsafe kernels.greatestGroup(UnsafePointer(line.base), depth, 1))
  }

  struct Place {
    let step: Float
    let zero: Float
    let distance: Float
  }

  /// Codes of a unit place with a zero point: activations are seldom far below zero.
  ///
  /// - Parameter groupNorm: of the prototypes; the step grows until no 16-bit sum can leave its range,
  ///   |u|·|q| over the codes that meet (Cauchy-Schwarz).
  func place(_ vector: UnsafePointer<Float>, groupNorm: Float) -> Place {
    let (low, high) = unsafe extremes(vector)
    guard high > low, (high - low).isFinite else {
      // Zeros, or numbers that are none: their squares say so.
      let squares = unsafe code(vector, step: 1, zero: 0, 0...0)
      return Place(step: 1, zero: 0, distance: Self.upperDistance(squares))
    }
    var squares = Float.infinity
    var step: Float = 1
    for clip in Self.placeClips {
      let tried = (high * clip - low) / 255
      let result = unsafe code(vector, step: tried, zero: (-low / tried).rounded(), 0...255)
      if !(result < squares) { break }
      squares = result
      step = tried
    }
    squares = unsafe code(vector, step: step, zero: (-low / step).rounded(), 0...255)
    while kernels.sumLimit.isFinite {
      let worst = unsafe kernels.greatestGroup(UnsafePointer(line.base), depth, 0)
      let need = Float(worst).squareRoot() * groupNorm
      if need < kernels.sumLimit { break }
      step *= max(1.02, need / (kernels.sumLimit - 60))
      squares = unsafe code(vector, step: step, zero: (-low / step).rounded(), 0...255)
    }
    return Place(step: step, zero: (-low / step).rounded(), distance: Self.upperDistance(squares))
  }

  /// Least and greatest number, zero included.
  private func extremes(_ vector: UnsafePointer<Float>) -> (low: Float, high: Float) {
    var low = SIMD4<Float>.zero
    var high = SIMD4<Float>.zero
    for k in stride(from: 0, to: depth, by: 4) {
      let v = unsafe UnsafeRawPointer(vector + k).loadUnaligned(as: SIMD4<Float>.self)
      low.replace(with: v, where: v .< low)
      high.replace(with: v, where: v .> high)
    }
    return (low.min(), high.max())
  }

  private func code(
    _ vector: UnsafePointer<Float>, step: Float, zero: Float, _ range: ClosedRange<Float>
  ) -> Float {
    var arguments = unsafe VectorCodes(
      values: vector, depth: depth, step: step, zero_point: zero, lowest: range.lowerBound,
      highest: range.upperBound, codes: line.base)
    return unsafe kernels.vectorCodes(&arguments)
  }

  /// The last vector's codes, the codes of a step `step` bytes apart from those of the next.
  func scatter(to target: UnsafeMutableRawPointer, step: Int) {
    var to = unsafe target
    if kernels.stepCodes == 4 {
      for k in Swift.stride(from: 0, to: depth, by: 4) {
        let four = unsafe UnsafeRawPointer(line.base + k).loadUnaligned(as: UInt32.self)
        unsafe to.storeBytes(of: four, as: UInt32.self)
        unsafe to += step
      }
    } else {
      for k in 0..<depth {
        unsafe to.storeBytes(of: line.base[k], as: UInt8.self)
        unsafe to += step
      }
    }
  }

  /// The same in groups: `group` steps, then on to the next group, `groupBytes` further.
  func scatter(to target: UnsafeMutableRawPointer, step: Int, group: Int, groupBytes: Int) {
    let width = kernels.stepCodes
    var start = unsafe target
    var k = 0
    while k < depth {
      var to = unsafe start
      for at in Swift.stride(from: k, to: min(k + group * width, depth), by: width) {
        if width == 4 {
          let four = unsafe UnsafeRawPointer(line.base + at).loadUnaligned(as: UInt32.self)
          unsafe to.storeBytes(of: four, as: UInt32.self)
        } else {
          unsafe to.storeBytes(of: line.base[at], as: UInt8.self)
        }
        unsafe to += step
      }
      unsafe start += groupBytes
      k += group * width
    }
  }
}

/// The places of some windows in codes: scratch of one worker.
struct PlaceCodes: Sendable {
  let places: Int
  let codes: Storage<UInt8>
  /// Bytes of one group of steps of all tiles.
  let groupBytes: Int
  let steps: Storage<Float>
  let minusZeros: Storage<Float>
  /// How far a coded place is from the place, times the greatest norm of a prototype.
  let residuals: Storage<Float>
  /// What rounding may add to a similarity, here and in the exact arithmetic.
  let slack: Float
  private let norms: Storage<Float>
  private let coder: VectorCoder
  private let group: Int
  private let greatestNorm: Float
  private let groupNorm: Float

  init(_ screen: PrototypeScreen, _ head: PrototypeHead, windows: Int) {
    let kernels = screen.kernels
    places = head.places
    group = screen.group
    groupNorm = screen.groupNorm
    greatestNorm = head.greatestNorm
    let tiles = (windows * places + kernels.tilePlaces - 1) / kernels.tilePlaces
    groupBytes = tiles * kernels.tilePlaces * group * kernels.stepCodes
    codes = Storage(count: screen.steps / group * groupBytes)
    steps = Storage(count: windows * places)
    minusZeros = Storage(count: windows * places)
    residuals = Storage(count: windows * places)
    norms = Storage(count: windows)
    coder = VectorCoder(kernels, depth: head.unitRow)
    // One rounding a step, of at most half a unit in the last place of what both norms allow; the rest is for
    // the bound's own few roundings (codes of a vector with one large negative number have the largest).
    slack = (Float(head.depth) * 6.1e-8 + 4e-5) * greatestNorm * greatestNorm
  }

  func tiles(windows: Int) -> Int { (windows * places + coder.kernels.tilePlaces - 1) / coder.kernels.tilePlaces }

  /// Greatest norm of a coded place of a window.
  func norm(_ window: Int) -> Float { norms[window] }

  /// Greatest distance of a coded place of a window, times the greatest norm of a prototype.
  func greatestResidual(_ window: Int) -> Float {
    var most: Float = 0
    for place in window * places..<(window + 1) * places { most = max(most, residuals[place]) }
    return most
  }

  /// Unit vectors [places][unitRow] of one window → codes.
  ///
  /// - Returns: false where numbers are not finite.
  func set(_ window: Int, _ unit: UnsafePointer<Float>) -> Bool {
    var greatest: Float = 0
    let tile = coder.kernels.tilePlaces
    let width = coder.kernels.stepCodes
    for place in 0..<places {
      let coded = unsafe coder.place(unit + place * coder.depth, groupNorm: groupNorm)
      guard coded.distance.isFinite else { return false }
      let at = window * places + place
      unsafe coder.scatter(
        to: UnsafeMutableRawPointer(codes.base) + at / tile * tile * group * width + at % tile * width,
        step: tile * width, group: group, groupBytes: groupBytes)
      steps[at] = coded.step
      minusZeros[at] = -coded.zero
      residuals[at] = coded.distance * greatestNorm * 1.000_002
      // |s′| ≤ |s| + |s − s′|, and |s| ≤ 1 but for rounding.
      greatest = max(greatest, 1.000_01 + coded.distance)
    }
    norms[window] = greatest
    return true
  }
}
