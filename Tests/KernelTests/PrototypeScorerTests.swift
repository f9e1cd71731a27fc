import KernelTable
import PerchTensor
import Testing

/// Screening and exact rescoring against the full head: the same classes, order and bits, whatever the input.
struct PrototypeScorerTests {
  /// A build of the exact arithmetic with a form of screening.
  struct Pair: CustomTestStringConvertible, Sendable {
    let kernels: KernelTable
    let screening: ScreeningKernels
    var testDescription: String { "\(kernels.build.rawValue), screened by \(screening.form.rawValue)" }
  }

  /// Every build with the form that it brings along, and every other form with the widest build.
  static let pairs: [Pair] = {
    let active = Kernels.active
    let others = Kernels.screenings.map { Pair(kernels: active, screening: $0) }
    return others + Kernels.available.dropLast().map { Pair(kernels: $0, screening: $0.screening) }
  }()

  @Test(arguments: pairs, PrototypeHeadCase.Head.allCases)
  func theSameAsAllClasses(_ pair: Pair, _ kind: PrototypeHeadCase.Head) {
    let test = PrototypeHeadCase(
      kind, classes: 150, depth: 320, places: 64, seed: 7, kernels: pair.kernels)
    let scorer = PrototypeScorer(
      test.head, listed: nil, windows: 1, purpose: .greatest, screening: pair.screening, screeningMinimum: 0)
    let workspace = scorer.makeWorkspace()
    #expect(scorer.screeningBytes > 0)
    for map in PrototypeHeadCase.Map.allCases {
      let values = test.map(map, seed: 3)
      workspace.keep(values, slot: 0)
      let logits = test.logits(values)
      expectEqual(workspace.greatest(10, windows: 1)[0], greatest(10, of: logits), "\(map)")
      let bounds = workspace.upperBounds(window: 0)
      #expect(bounds.count == test.classes)
      for bound in bounds { #expect(bound.logit >= logits[bound.index], "class \(bound.index), \(map)") }
    }
  }

  /// Two thousand windows, as many as there is time for in a test; all in the form that ships.
  @Test(arguments: [PrototypeHeadCase.Head.plain, .twins, .bells, .odd])
  func manyWindows(_ kind: PrototypeHeadCase.Head) {
    let kernels = Kernels.active
    let test = PrototypeHeadCase(kind, classes: 144, depth: 256, places: 64, seed: 11, kernels: kernels)
    let scorer = PrototypeScorer(
      test.head, listed: nil, windows: 4, purpose: .greatest, screening: kernels.screening, screeningMinimum: 0)
    let workspace = scorer.makeWorkspace()
    let maps = PrototypeHeadCase.Map.allCases
    var spared = 0
    for round in 0..<128 {
      let windows = (0..<4).map { test.map(maps[(round + $0) % maps.count], seed: UInt64(round * 4 + $0)) }
      for (slot, map) in windows.enumerated() { workspace.keep(map, slot: slot) }
      let all = workspace.all(windows: 4, classes: test.classes)
      let found = workspace.greatest(10, windows: 4)
      for slot in 0..<4 {
        let logits = Array(all[slot * test.classes..<(slot + 1) * test.classes])
        expectEqual(found[slot], greatest(10, of: logits), "round \(round), window \(slot)")
      }
      spared += 4 * test.classes - workspace.computedClasses
    }
    // Else nothing was screened at all.
    #expect(spared > 128 * 4 * test.classes / 5)
  }

  @Test(arguments: Build.all) func floorsListsAndCounts(_ build: Build) {
    let kernels = build.kernels
    let test = PrototypeHeadCase(.twins, classes: 150, depth: 96, places: 20, seed: 5, kernels: kernels)
    let map = test.map(.plain, seed: 9)
    let logits = test.logits(map)
    let sorted = logits.sorted(by: >)
    let lists: [[Int]?] = [nil, (0..<50).map { ($0 * 67) % 150 }, [149], []]
    for listed in lists {
      for minimum in [0, 1000] {
        let scorer = PrototypeScorer(
          test.head, listed: listed, windows: 1, purpose: .greatest, screening: kernels.screening,
          screeningMinimum: minimum)
        let workspace = scorer.makeWorkspace()
        workspace.keep(map, slot: 0)
        for count in [0, 1, 10, 149, 1000] {
          for floor in [-Float.infinity, sorted[149], sorted[20], sorted[0], sorted[0].nextUp, 1e30] {
            let want = greatest(count, of: logits, listed: listed, floor: floor)
            let got = workspace.greatest(count, floor: floor, windows: 1)[0]
            expectEqual(got, want, "\(count) of \(listed?.count ?? -1) from \(floor)")
          }
        }
        let all = workspace.all(windows: 1, classes: scorer.classes)
        #expect(all.map(\.bitPattern) == (listed ?? Array(0..<150)).map { logits[$0].bitPattern })
      }
    }
  }

  /// A floor above what classes can reach spares all arithmetic.
  @Test func aHighFloorComputesNothing() {
    let test = PrototypeHeadCase(.plain, classes: 60, depth: 64, places: 8, seed: 1, kernels: Kernels.active)
    let scorer = PrototypeScorer(
      test.head, listed: nil, windows: 1, purpose: .greatest, screening: nil)
    let workspace = scorer.makeWorkspace()
    workspace.keep(test.map(.plain, seed: 2), slot: 0)
    #expect(workspace.greatest(10, floor: 1000, windows: 1) == [[]])
    #expect(workspace.computedClasses == 0)
    #expect(workspace.greatest(10, windows: 1)[0].count == 10)
    #expect(workspace.computedClasses == 60)
  }

  /// Bits depend neither on the other windows nor on how many there are.
  @Test(arguments: Build.all, [(32, 8), (97, 5), (400, 64), (1536, 80)])
  func windowsDoNotChangeEachOther(_ build: Build, _ size: (depth: Int, places: Int)) {
    let test = PrototypeHeadCase(
      .plain, classes: 37, depth: size.depth, places: size.places, seed: 21, kernels: build.kernels)
    let maps = (0..<8).map { test.map(.plain, seed: UInt64($0)) }
    let alone = maps.flatMap { test.logits($0).map(\.bitPattern) }
    for windows in [1, 3, 8] {
      let scorer = PrototypeScorer(
        test.head, listed: nil, windows: windows, purpose: .greatest, screening: build.kernels.screening,
        screeningMinimum: 0)
      let workspace = scorer.makeWorkspace()
      for (slot, map) in maps.prefix(windows).enumerated() { workspace.keep(map, slot: slot) }
      let all = workspace.all(windows: windows, classes: 37)
      #expect(all.map(\.bitPattern) == Array(alone.prefix(windows * 37)))
      // Fewer windows than there is room for.
      let found = workspace.greatest(5, windows: max(1, windows - 1))
      for (slot, classes) in found.enumerated() {
        expectEqual(classes, greatest(5, of: test.logits(maps[slot])), "window \(slot) of \(windows)")
      }
    }
  }

  /// Not-a-number in a map: no bound holds, all classes are computed, and none of them is a number.
  @Test(arguments: [Float.nan, .infinity]) func noNumbers(_ value: Float) {
    let kernels = Kernels.active
    let test = PrototypeHeadCase(.plain, classes: 150, depth: 64, places: 4, seed: 1, kernels: kernels)
    let scorer = PrototypeScorer(
      test.head, listed: nil, windows: 2, purpose: .greatest, screening: kernels.screening, screeningMinimum: 0)
    let workspace = scorer.makeWorkspace()
    let good = test.map(.plain, seed: 2)
    var bad = good
    for place in 0..<4 { bad[place * 64 + 3] = value }
    workspace.keep(bad, slot: 0)
    workspace.keep(good, slot: 1)
    let found = workspace.greatest(10, windows: 2)
    expectEqual(found[1], greatest(10, of: test.logits(good)), "the good window")
    expectEqual(found[0], greatest(10, of: test.logits(bad).map { $0.isNaN ? -.infinity : $0 }, floor: -1e30), "")
  }

  /// Prototypes or weights that are no numbers forbid screening; nothing else changes.
  @Test func aHeadWithoutNumbersIsNotScreened() {
    let kernels = Kernels.active
    var plan = MemoryPlan()
    var numbers = Numbers(seed: 4)
    var prototypes = numbers.array(10 * 4 * 32)
    prototypes[40] = .nan
    let head = PrototypeHead(
      count: 4, size: 32, normalized: false, normEpsilon: 1e-5,
      classWeights: [Float](repeating: 1, count: 40), bias: [Float](repeating: 0, count: 10), places: 4,
      kernels: kernels, plan: &plan
    ) { $0(0, prototypes) }
    let scorer = PrototypeScorer(
      head, listed: nil, windows: 1, purpose: .greatest, screening: kernels.screening, screeningMinimum: 0)
    #expect(scorer.screeningBytes == 0)
    let workspace = scorer.makeWorkspace()
    workspace.keep(numbers.array(4 * 32), slot: 0)
    #expect(workspace.greatest(20, windows: 1)[0].map(\.index).sorted() == [1, 2, 3, 4, 5, 6, 7, 8, 9])
  }

  private func expectEqual(
    _ got: [ClassLogit], _ want: [ClassLogit], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(got.map(\.index) == want.map(\.index), "\(what)", sourceLocation: sourceLocation)
    #expect(
      got.map(\.logit.bitPattern) == want.map(\.logit.bitPattern), "\(what)", sourceLocation: sourceLocation)
  }
}
