import CPlatform
import KernelTable
import PerchTensor
import Testing

/// The kernels of the prototype head against plain loops.
struct PrototypeKernelTests {
  struct Screening: CustomTestStringConvertible, Sendable {
    let kernels: ScreeningKernels
    var testDescription: String { kernels.form.rawValue }
    static let all = Kernels.screenings.map(Screening.init)
  }

  @Test func everyFormComesFromOneBuild() {
    let forms = Kernels.screenings.map(\.form)
    #expect(Set(forms).count == forms.count)
    #expect(forms.first == .plain)
    #expect(forms.last == Kernels.active.screening.form)
  }

  /// Logits in double: n roundings in each of n terms at most (Higham, "Accuracy and Stability", 3.1), times the
  /// weights, and the same for the norms.
  @Test(arguments: Build.all, [(5, 7, 3), (33, 1, 2), (193, 16, 4), (400, 17, 5), (1536, 64, 4)])
  func logitsAreRight(_ build: Build, _ size: (depth: Int, places: Int, count: Int)) {
    let (depth, places, count) = size
    let classes = 21
    var numbers = Numbers(seed: UInt64(depth))
    let prototypes = numbers.array(classes * count * depth)
    let weights = numbers.array(classes * count)
    let bias = numbers.array(classes)
    let map = numbers.array(places * depth)
    var plan = MemoryPlan()
    let head = PrototypeHead(
      count: count, size: depth, normalized: false, normEpsilon: 1e-5,
      classWeights: weights, bias: bias, places: places, kernels: build.kernels, plan: &plan
    ) { pack in
      // In two slabs, the later classes first.
      let first = classes / 2
      pack(first, Array(prototypes[(first * count * depth)...]))
      pack(0, Array(prototypes[..<(first * count * depth)]))
    }
    let row = depth.roundedUp(to: build.kernels.channelBlock)
    plan.require(.spatial, places * row)
    let workspace = Workspace(plan)
    workspace.set(.spatial, padRows(map, columns: depth, to: row))
    var logits = [Float](repeating: .nan, count: classes)
    var span = logits.mutableSpan
    head.logits(workspace, places: places, into: &span)
    let unitMap = Self.unit(map, depth)
    let unitPrototypes = Self.unit(prototypes, depth)
    for c in 0..<classes {
      var want = Double(bias[c])
      var magnitude = abs(want)
      for k in c * count..<(c + 1) * count {
        let p = unitPrototypes[k * depth..<(k + 1) * depth]
        var similarity = -Double.infinity
        for place in 0..<places {
          let products = zip(p, unitMap[place * depth..<(place + 1) * depth]).map { $0 * $1 }
          similarity = max(similarity, products.reduce(0, +))
        }
        want += Double(weights[k]) * similarity
        magnitude += abs(Double(weights[k]))
      }
      #expect(abs(Double(logits[c]) - want) <= Double(depth + 16) * unitRoundoff * magnitude, "class \(c)")
    }
  }

  private static func unit(_ rows: [Float], _ depth: Int) -> [Double] {
    stride(from: 0, to: rows.count, by: depth).flatMap { start in
      let row = rows[start..<start + depth].map(Double.init)
      let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot() + 1e-5
      return row.map { $0 / norm }
    }
  }

  /// Sums of products are exact integers in every form, one group or several.
  @Test(arguments: Screening.all, [1, 3]) func productsOfCodes(_ test: Screening, _ groups: Int) {
    let kernels = test.kernels
    let group = kernels.groupIsFixed ? kernels.groupSteps : 6
    let steps = group * groups
    let (width, codes, tile) = (kernels.panelWidth, kernels.stepCodes, kernels.tilePlaces)
    let tiles = 3
    var numbers = Numbers(seed: 5)
    // Small enough for a 16-bit sum of eight products.
    let panel = (0..<steps * width * codes).map { _ in Int8(numbers.next() * 63) }
    let places = (0..<steps * tiles * tile * codes).map { _ in UInt8((numbers.next() + 1) * 32) }
    var sums = [Int32](repeating: -7, count: tiles * tile * width + 1)
    panel.withUnsafeBufferPointer { panel in
      places.withUnsafeBufferPointer { places in
        sums.withUnsafeMutableBufferPointer { sums in
          var arguments = CodeProducts(
            panel: panel.baseAddress!, places: places.baseAddress!, place_group: tiles * group * tile * codes,
            steps: steps, group: group, tiles: tiles, sums: sums.baseAddress!)
          kernels.codeProducts(&arguments)
        }
      }
    }
    for place in 0..<tiles * tile {
      for p in 0..<width {
        var want: Int32 = 0
        for step in 0..<steps {
          let at = (((step / group) * tiles + place / tile) * group + step % group) * tile + place % tile
          for c in 0..<codes {
            want += Int32(panel[(step * width + p) * codes + c]) * Int32(places[at * codes + c])
          }
        }
        #expect(sums[place * width + p] == want, "place \(place), prototype \(p)")
      }
    }
    #expect(sums[tiles * tile * width] == -7)
  }

  @Test(arguments: Screening.all) func codesOfVectors(_ test: Screening) {
    var numbers = Numbers(seed: 8)
    var values = numbers.array(48)
    values[5] = .nan
    for (lowest, zero) in [(Float(-63), Float(0)), (0, 100)] {
      let highest: Float = lowest < 0 ? 63 : 255
      let step: Float = lowest < 0 ? 1 / 50 : 1 / 120
      var codes = [UInt8](repeating: 0, count: 48)
      let squares = codes.withUnsafeMutableBufferPointer { codes in
        values.withUnsafeBufferPointer { values in
          var arguments = VectorCodes(
            values: values.baseAddress!, depth: 48, step: step, zero_point: zero, lowest: lowest, highest: highest,
            codes: codes.baseAddress!)
          return test.kernels.vectorCodes(&arguments)
        }
      }
      #expect(squares.isNaN)
      for (value, byte) in zip(values, codes) {
        let code = lowest < 0 ? Float(Int8(bitPattern: byte)) : Float(byte)
        if value.isNaN {
          #expect(code == lowest)
        } else {
          // Half a code, and one rounding of the quotient.
          let exact = min(max(value / step + zero, lowest), highest)
          #expect(abs(code - exact) <= 0.5001)
        }
      }
    }
  }

  /// Σ code² over the codes that meet in a 16-bit sum, as the sums of products themselves show it: codes of 1 in
  /// such a set, zeros elsewhere, against places of 1.
  @Test(arguments: Screening.all.filter { $0.kernels.groupIsFixed }) func setsThatMeet(_ test: Screening) {
    let kernels = test.kernels
    for first in 0..<16 {
      for second in 0..<16 {
        var codes = [UInt8](repeating: 0, count: 32)
        codes[first] = 3
        codes[second] = 3
        let square = codes.withUnsafeBufferPointer { kernels.greatestGroup($0.baseAddress!, 32, 1) }
        let meet = first != second && Self.meet(first, second, kernels)
        #expect(square == (meet ? 18 : 9), "codes \(first) and \(second)")
      }
    }
  }

  /// Whether products k = a and b land in one 16-bit lane: their sum wraps there, apart they do not.
  private static func meet(_ a: Int, _ b: Int, _ kernels: ScreeningKernels) -> Bool {
    let (width, codes, tile, group) = (
      kernels.panelWidth, kernels.stepCodes, kernels.tilePlaces, kernels.groupSteps
    )
    // Two groups where a group is eight codes.
    let steps = 16 / codes
    var panel = [Int8](repeating: 0, count: steps * width * codes)
    var places = [UInt8](repeating: 0, count: steps * tile * codes)
    for k in [a, b] {
      panel[k / codes * width * codes + k % codes] = 100
      places[(k / codes / group * group + k / codes % group) * tile * codes + k % codes] = 250
    }
    var sums = [Int32](repeating: 0, count: tile * width)
    panel.withUnsafeBufferPointer { panel in
      places.withUnsafeBufferPointer { places in
        sums.withUnsafeMutableBufferPointer { sums in
          var arguments = CodeProducts(
            panel: panel.baseAddress!, places: places.baseAddress!, place_group: group * tile * codes,
            steps: steps, group: group, tiles: 1, sums: sums.baseAddress!)
          kernels.codeProducts(&arguments)
        }
      }
    }
    return sums[0] != 50_000
  }
}
