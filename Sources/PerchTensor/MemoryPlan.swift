/// What a worker needs room for. Each kind of value has one region, as large as its largest user: maps
/// alternate between two of them and everything else dies with the block that made it.
package enum Region: Int, CaseIterable, Sendable {
  /// The window's samples with the frontend's padding, frames side by side.
  case signal
  /// The network's input, with the stem's padding.
  case spectrogram
  /// Row-major maps between blocks, read and written in turn.
  case mapA, mapB
  /// Expanded rows, blocked and padded, as the depthwise convolution reads them.
  case expanded
  /// What the depthwise convolution writes, blocked, in groups of rows.
  case filtered
  /// Sums, then means, of each channel; the squeezed vector; the factors of each channel.
  case channelSums, squeezed, factors
  /// The projection's weights times the factors.
  case scaledPanels
  /// The head's map, row-major: the spatial embedding.
  case spatial
  /// Embeddings, one a window.
  case embedding
  /// The head's unit vectors and similarities.
  case unitVectors, similarities
}

/// Sizes of all regions, collected while the network is built; one allocation per worker follows from it.
package struct MemoryPlan: Sendable {
  private var counts = [Int](repeating: 0, count: Region.allCases.count)
  /// Doubles that the frontend works in.
  package private(set) var frontendCount = 0

  package init() {}

  /// At least `count` floats for `region`.
  package mutating func require(_ region: Region, _ count: Int) {
    counts[region.rawValue] = max(counts[region.rawValue], count)
  }

  /// At least `count` doubles for the frontend.
  package mutating func requireFrontend(_ count: Int) { frontendCount = max(frontendCount, count) }

  package func count(of region: Region) -> Int { counts[region.rawValue] }

  /// Where each region begins, and the floats of all; regions begin on cache lines.
  func layout() -> (offsets: [Int], total: Int) {
    var offsets: [Int] = []
    var total = 0
    for count in counts {
      offsets.append(total)
      total += (count + 15) / 16 * 16 + 16
    }
    return (offsets, total)
  }
}

/// Scratch memory of one worker: one block of floats, one of doubles. Nothing is allocated per window.
package final class Workspace: Sendable {
  let floats: Storage<Float>
  let doubles: Storage<Double>
  private let offsets: [Int]
  private let plan: MemoryPlan

  package init(_ plan: MemoryPlan) {
    let (offsets, total) = plan.layout()
    self.plan = plan
    self.offsets = offsets
    floats = Storage(count: total)
    doubles = Storage(count: plan.frontendCount)
  }

  /// Bytes that this worker holds.
  package var bytes: Int { floats.count * 4 + doubles.count * 8 }

  /// Floats [start, start + count) of a region.
  package func values(_ region: Region, _ range: Range<Int>) -> [Float] {
    floats.values(shifted(range, region))
  }

  /// Lends floats of a region to `body`.
  package func withMutableSpan<Result, Failure: Error>(
    _ region: Region, _ range: Range<Int>, _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try floats.withMutableSpan(shifted(range, region), body)
  }

  func pointer(_ region: Region, at offset: Int = 0) -> UnsafeMutablePointer<Float> {
    unsafe floats.base + (offsets[region.rawValue] + offset)
  }

  private func shifted(_ range: Range<Int>, _ region: Region) -> Range<Int> {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= plan.count(of: region), "a range inside the region")
    let start = offsets[region.rawValue]
    return range.lowerBound + start..<range.upperBound + start
  }
}
