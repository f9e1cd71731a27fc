import KernelTable

/// Scratch memory of one worker for a `PrototypeScorer`, and the windows it keeps. Nothing is allocated per
/// window. It belongs to one worker at a time, like every workspace.
package final class PrototypeWorkspace: Sendable {
  let scorer: PrototypeScorer
  private let unit: Storage<Float>
  private let packed: Storage<Float>
  private let sums: Storage<Float>
  private let similarities: Storage<Float>
  private let logits: Storage<Float>
  private let indices: Storage<Int32>
  private let places: PlaceCodes?
  private let codeSums: Storage<Int32>
  private let bounds: Storage<Float>
  /// Whether a kept window can be screened: 1, else 0.
  private let isScreened: Storage<UInt8>
  private let candidates: Storage<UInt64>
  private let best: Storage<UInt64>
  private let results: Storage<ClassLogit>
  /// Classes computed exactly by the last `greatest`, for measuring.
  private let computed: Storage<Int>

  /// Classes that are computed at a time: the threshold rises between rounds.
  private static let round = 16

  init(_ scorer: PrototypeScorer) {
    self.scorer = scorer
    let head = scorer.head
    unit = Storage(count: head.unitCount)
    packed = Storage(count: scorer.windows * head.packedCount)
    sums = Storage(count: head.sumsCount(windows: scorer.windows))
    similarities = Storage(count: scorer.windows * head.chunkQuads * 4)
    logits = Storage(count: head.chunkQuads)
    indices = Storage(count: head.chunkQuads)
    places = scorer.screen.map { PlaceCodes($0, head, windows: scorer.windows) }
    let tiles = places?.tiles(windows: scorer.windows) ?? 0
    let width = scorer.screen?.kernels.panelWidth ?? 0
    codeSums = Storage(count: tiles * (scorer.screen?.kernels.tilePlaces ?? 0) * width)
    bounds = Storage(count: scorer.windows * (scorer.screen?.panels ?? 0) * width)
    isScreened = Storage(count: scorer.windows)
    candidates = Storage(count: scorer.classes)
    best = Storage(count: scorer.classes)
    results = Storage(count: scorer.classes)
    computed = Storage(count: 1)
  }

  /// Bytes that this worker holds.
  package var bytes: Int {
    4 * (unit.count + packed.count + sums.count + similarities.count + codeSums.count + bounds.count)
      + (places?.codes.count ?? 0) + 8 * (candidates.count + best.count)
  }

  /// Classes that the last call of `greatest` computed exactly, over all its windows.
  package var computedClasses: Int { computed[0] }

  /// Keeps the map that region `spatial` of a network's workspace holds, as window `slot`.
  package func keep(_ workspace: Workspace, slot: Int) {
    unsafe keep(workspace.pointer(.spatial), slot: slot)
  }

  /// The same for a map [places][size], rows padded to channel blocks.
  package func keep(_ map: Span<Float>, slot: Int) {
    let head = scorer.head
    precondition(
      map.count >= head.places * head.depth.roundedUp(to: head.kernels.channelBlock), "a whole map")
    unsafe map.withUnsafeBufferPointer { values in
      if let base = values.baseAddress { unsafe keep(base, slot: slot) }
    }
  }

  private func keep(_ map: UnsafePointer<Float>, slot: Int) {
    precondition(slot >= 0 && slot < scorer.windows, "a slot of the workspace")
    unsafe scorer.head.normalizePlaces(
      map, unit: unit.base, packed: packed.base + slot * scorer.head.packedCount)
    isScreened[slot] = unsafe places?.set(slot, unit.base) == true ? 1 : 0
  }

  // MARK: All logits

  /// Logits of all wanted classes of windows 0 ..< `windows`: that of the i-th wanted class of window w goes to
  /// `logits[w · classes + i]`.
  package func all(windows: Int, into logits: inout MutableSpan<Float>) {
    precondition(
      windows > 0 && windows <= scorer.windows && logits.count >= windows * scorer.classes, "room for all")
    unsafe logits.withUnsafeMutableBufferPointer { result in
      if let to = result.baseAddress {
        unsafe scorer.head.exactLogits(
          scorer.listed.base, scorer.classes, packed: packed.base, windows: windows, scratch, into: to,
          stride: scorer.classes)
      }
    }
  }

  private var scratch: PrototypeHead.ExactScratch {
    unsafe PrototypeHead.ExactScratch(sums: sums.base, similarities: similarities.base)
  }

  // MARK: Greatest logits

  /// The `count` greatest logits of each window 0 ..< `windows` that are not below `floor`.
  ///
  /// - Parameter body: is given each window's number and its classes in order.
  package func greatest(
    _ count: Int, floor: Float = -.infinity, windows: Int, _ body: (Int, Span<ClassLogit>) -> Void
  ) {
    precondition(windows > 0 && windows <= scorer.windows, "windows that are kept")
    computed[0] = 0
    guard count > 0 else { return }
    let reachable = reachable(floor)
    screen(windows, reachable)
    for window in 0..<windows { select(count, floor, window, reachable, body) }
  }

  /// What screening says of kept window `window`: no logit of a wanted class is above its bound. For tests.
  package func upperBounds(window: Int) -> [ClassLogit] {
    guard let screen = scorer.screen, isScreened[window] == 1 else { return [] }
    self.screen(window + 1, scorer.classes)
    let count = collect(screen, window, scorer.classes, 0)
    return candidates.values(0..<count).map {
      ClassLogit(index: Int(KeyHeap.index($0)), logit: KeyHeap.score($0))
    }
  }

  /// Classes that can reach `floor`: so many of the order's first.
  private func reachable(_ floor: Float) -> Int {
    var (low, high) = (0, scorer.classes)
    while low < high {
      let middle = (low + high) / 2
      if scorer.reach[middle] >= floor { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func screen(_ windows: Int, _ reachable: Int) {
    guard let screen = scorer.screen, let places, reachable > 0 else { return }
    let width = screen.kernels.panelWidth
    let panels = (Int(screen.first[reachable]) + width - 1) / width
    unsafe screen.bounds(
      places, windows: windows, panels: panels, codeSums.base, into: bounds.base, stride: screen.panels * width)
  }

  private func select(
    _ count: Int, _ floor: Float, _ window: Int, _ reachable: Int, _ body: (Int, Span<ClassLogit>) -> Void
  ) {
    var found = GreatestFound(best, limit: min(count, reachable), floor: floor)
    if !(isScreened[window] == 1 && selectScreened(window, reachable, &found)) {
      found.removeAll()
      compute(order: reachable, window, &found)
    }
    let kept = found.finish(best, into: results)
    results.withMutableSpan(0..<kept) { body(window, $0.span) }
  }

  /// Computes classes by falling bound while the bound reaches what is found.
  ///
  /// - Returns: false where so many classes survive that computing all is cheaper; nothing is lost by it.
  private func selectScreened(_ window: Int, _ reachable: Int, _ found: inout GreatestFound) -> Bool {
    guard let screen = scorer.screen, !pays(found.limit, of: scorer.classes) else { return false }
    var candidates = KeyHeap(self.candidates, greatestFirst: true)
    candidates.adopt(collect(screen, window, reachable, found.threshold))
    var isChecked = false
    while candidates.count > 0 {
      var taken = 0
      while taken < Self.round, candidates.count > 0, KeyHeap.ordered(candidates.root) >= found.threshold {
        indices[taken] = KeyHeap.index(candidates.removeRoot())
        taken += 1
      }
      if taken == 0 { break }
      compute(indices, from: 0, taken, window, &found)
      if found.isFull && !isChecked {
        isChecked = true
        if pays(candidates.count(from: found.threshold), of: scorer.classes) { return false }
      }
    }
    return true
  }

  /// Whether computing all classes is cheaper than computing `some` of them one by one, three in five.
  private func pays(_ some: Int, of all: Int) -> Bool { some * 5 > all * 3 }

  /// Upper bounds of the classes that can reach the threshold, as candidates.
  private func collect(
    _ screen: PrototypeScreen, _ window: Int, _ reachable: Int, _ threshold: UInt32
  ) -> Int {
    let width = screen.kernels.panelWidth
    let row = window * screen.panels * width
    let head = scorer.head
    guard let places else { return 0 }
    let residual = 2 * places.greatestResidual(window) + 2 * places.slack
    let norm = 2 * places.norm(window)
    var count = 0
    for at in 0..<reachable {
      let index = scorer.order[at]
      var sum = head.bias[Int(index)]
      var magnitude = abs(sum)
      for n in Int(screen.first[at])..<Int(screen.first[at + 1]) {
        let weight = screen.weights[n]
        var bound = bounds[row + n]
        // From above for weights below zero: not less than this.
        if weight < 0 { bound -= (residual + norm * screen.distances[n]) * 1.001 }
        let part = weight * bound
        sum += part
        magnitude += abs(part)
      }
      let bound = sum + magnitude * head.rounding
      let key = KeyHeap.key(bound.isNaN ? .infinity : bound, index)
      if KeyHeap.ordered(key) >= threshold {
        candidates[count] = key
        count += 1
      }
    }
    return count
  }

  /// The first `count` classes of the order, chunk by chunk.
  private func compute(order count: Int, _ window: Int, _ found: inout GreatestFound) {
    let chunk = logits.count / scorer.head.quadsPerClass
    for first in stride(from: 0, to: count, by: chunk) {
      compute(scorer.order, from: first, min(chunk, count - first), window, &found)
    }
  }

  private func compute(
    _ list: Storage<Int32>, from first: Int, _ count: Int, _ window: Int, _ found: inout GreatestFound
  ) {
    let head = scorer.head
    unsafe head.exactLogits(
      list.base + first, count, packed: packed.base + window * head.packedCount, windows: 1, scratch,
      into: logits.base, stride: 0)
    computed[0] += count
    for i in 0..<count { found.offer(list[first + i], logits[i]) }
  }
}
