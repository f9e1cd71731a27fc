import CPlatform
import KernelTable

/// What the squeeze and the projection will read: too much for the first two caches to keep from the window
/// before, and read too fast for the processor to fetch in time. A share of it is asked for with every group
/// of filtered rows.
private struct UpcomingWeights: Sendable {
  private let weights: [Storage<Float>]
  private let floats: Int

  /// - Parameter limit: bytes of the cache that may go to it.
  init(_ weights: [Storage<Float>], limit: Int) {
    self.weights = weights
    floats = min(weights.reduce(0) { $0 + $1.count }, limit / 4)
  }

  /// The share that goes with `steps` of `all`.
  func prefetch(_ steps: Range<Int>, of all: Int, _ kernels: KernelTable) {
    var start = floats * steps.lowerBound / all / 16 * 16
    var left = floats * steps.upperBound / all - start
    for part in weights {
      guard left > 0 else { return }
      let count = min(left, part.count - start)
      if count > 0 {
        unsafe kernels.prefetch(part.base + start, count)
        left -= count
      }
      start = max(0, start - part.count)
    }
  }
}

/// MBConv: expansion, depthwise convolution, squeeze-and-excitation, projection, and the input added
/// where the block skips (Sandler et al. 2018, "MobileNetV2"; Tan and Le 2019, "EfficientNet").
///
/// The squeeze needs the whole depthwise output before the projection, so a block runs in two passes:
/// 1. A few rows or a few channels at a time are expanded into a ring of padded, blocked rows that stays in the
///    cache; every output row whose inputs are there is filtered, and its channels are summed.
/// 2. The factors multiply the weights of the projection or the filtered map, whichever is smaller, and
///    the projection runs over the filtered map.
package struct InvertedBottleneck: Sendable {
  /// What fills the rows that the depthwise convolution reads.
  enum Source: Sendable {
    case expansion(PointwiseConvolution)
    /// No expansion: the rows of the input map as they are.
    case input
    /// No expansion, and the input is the stem's: computed row by row, never stored as a map.
    case stem(StemLayer)
  }

  package let input: MapShape
  package let output: MapShape
  package let skips: Bool
  let source: Source
  let geometry: BottleneckGeometry
  private let depthwise: DepthwiseLayer
  private let squeeze: SqueezeExcitation
  private let projection: PointwiseConvolution
  private let upcoming: UpcomingWeights
  private let groups: [Range<Int>]
  /// Where pixel m of the input stands in a channel block of the ring.
  private let offsets: Storage<Int32>
  let kernels: KernelTable

  /// - Parameters:
  ///   - stem: given for the first block of a network when it has no expansion.
  ///   - expansion: none when the block's expand ratio is 1.
  package init(
    input: MapShape, skips: Bool, stem: StemLayer?, expansion: PointwiseConvolution?,
    depthwise: DepthwiseLayer, squeeze: SqueezeExcitation, projection: PointwiseConvolution,
    cacheBytes: Int, kernels: KernelTable, plan: inout MemoryPlan
  ) {
    let geometry = BottleneckGeometry(
      input: input, channels: depthwise.paddedChannels, kernel: depthwise.kernel, stride: depthwise.stride,
      block: kernels.channelBlock, splitsChannels: expansion != nil, cacheBytes: cacheBytes)
    self.input = input
    self.skips = skips
    self.geometry = geometry
    output = MapShape(
      height: geometry.vertical.outputSize, width: geometry.horizontal.outputSize,
      channels: projection.matrix.columns)
    source = expansion.map(Source.expansion) ?? stem.map(Source.stem) ?? .input
    self.depthwise = depthwise
    self.squeeze = squeeze
    self.projection = projection
    upcoming = UpcomingWeights(squeeze.weights + [projection.matrix.storage], limit: cacheBytes)
    groups = geometry.groups
    offsets = geometry.ringOffsets()
    self.kernels = kernels
    plan.require(.expanded, geometry.ringCount)
    plan.require(.filtered, geometry.filteredCount)
    plan.require(.channelSums, depthwise.paddedChannels)
    plan.require(.scaledPanels, geometry.scalesPanels(projection) ? projection.matrix.storage.count : 0)
    let maps = [
      input.pixels * input.channels.roundedUp(to: kernels.channelBlock), output.pixels * projection.paddedOutputs,
    ]
    for region in [Region.mapA, .mapB] { plan.require(region, maps.max() ?? 0) }
    squeeze.require(&plan)
  }

  /// Row-major maps [pixels][channels padded to blocks] in and out.
  package func apply(_ workspace: Workspace, from: Region, to: Region) {
    unsafe expandAndFilter(workspace, from: workspace.pointer(from))
    squeeze.factors(workspace, pixels: output.pixels)
    unsafe project(workspace, from: workspace.pointer(from), to: workspace.pointer(to))
  }

  private func expandAndFilter(_ workspace: Workspace, from: UnsafePointer<Float>) {
    unsafe workspace.pointer(.channelSums).update(repeating: 0, count: depthwise.paddedChannels)
    unsafe geometry.clearSideColumns(workspace.pointer(.expanded), kernels)
    for (chunk, channels) in geometry.channelChunks.enumerated() {
      var filled = 0  // padded rows that stand in the ring, counted from the top padding
      var y = 0
      while y < output.height {
        let ready = min(geometry.outputRows(filled: filled), output.height)
        if ready > y {
          let count = filter(workspace, channels, from: y, to: ready)
          let done = chunk * output.height + y
          upcoming.prefetch(done..<done + count, of: geometry.channelChunks.count * output.height, kernels)
          y += count
        } else {
          filled = unsafe fill(workspace, channels, from: from, filled: filled)
        }
      }
    }
  }

  /// Puts the next rows into the ring; returns how many padded rows have been put there so far.
  private func fill(
    _ workspace: Workspace, _ channels: Range<Int>, from: UnsafePointer<Float>, filled: Int
  ) -> Int {
    let g = geometry
    let ring = unsafe workspace.pointer(.expanded)
    let first = filled - g.vertical.before
    if first < 0 || first == input.height {
      let next = first < 0 ? g.vertical.before : g.paddedHeight
      // Chunks of channels use the same slots, whose padding stays.
      if channels.lowerBound == 0 {
        for row in filled..<next { unsafe g.clearRow(ring, row) }
      }
      return next
    }
    let count = min(g.chunkRows, input.height - first)
    let pixel = first * input.width
    let row = input.channels.roundedUp(to: g.block)
    switch source {
    case .expansion(let expansion):
      unsafe expansion.product(
        input: from + pixel * row, row: row, block: g.block, pixels: count * input.width, columns: channels,
        output: ring, offsets: UnsafePointer(offsets.base + pixel), outputRow: 0, outputBlock: g.ringBlock)
    case .input:
      unsafe kernels.blockChannels(
        from + pixel * row, row, count * input.width, row, ring, g.ringBlock,
        UnsafePointer(offsets.base + pixel))
    case .stem(let stem):
      for y in first..<first + count {
        unsafe stem.rows(
          workspace, first: y, count: 1, output: ring + Int(offsets[y * input.width]), outputRow: 0,
          outputPixel: g.block, outputBlock: g.ringBlock)
      }
    }
    return filled + count
  }

  /// Filters output rows of `channels` from `y` on, up to `end` and the end of y's group; returns how many.
  private func filter(_ workspace: Workspace, _ channels: Range<Int>, from y: Int, to end: Int) -> Int {
    let g = geometry
    let count = min(end - y, g.groupRows - y % g.groupRows)
    unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: g.inputRows(count)) { rows in
      for i in 0..<rows.count {
        unsafe rows.initializeElement(
          at: i, to: UnsafePointer(workspace.pointer(.expanded, at: g.ringRow(y * g.stride + i))))
      }
      guard let first = rows.baseAddress else { return }
      unsafe depthwise.rows(
        UnsafePointer(first), inputBlock: g.ringBlock, channels: channels, count: count, columns: output.width,
        output: workspace.pointer(.filtered, at: g.filteredRow(y)), outputBlock: g.filteredBlock(y),
        sums: workspace.pointer(.channelSums))
    }
    return count
  }

  private func project(
    _ workspace: Workspace, from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>
  ) {
    let g = geometry
    let filtered = unsafe workspace.pointer(.filtered)
    let factors = unsafe UnsafePointer(workspace.pointer(.factors))
    var panels: UnsafePointer<Float>?
    if g.scalesPanels(projection) {
      let scaled = unsafe workspace.pointer(.scaledPanels)
      let matrix = projection.matrix
      unsafe kernels.scalePanels(matrix.storage.base, scaled, matrix.depth, matrix.paddedColumns, factors)
      unsafe panels = UnsafePointer(scaled)
    }
    for rows in groups {
      let block = g.filteredBlock(rows.lowerBound)
      let pixels = rows.count * output.width
      let group = unsafe filtered + g.filteredRow(rows.lowerBound)
      if unsafe panels == nil {
        unsafe kernels.scaleChannels(group, block, pixels, depthwise.paddedChannels, factors)
      }
      let at = rows.lowerBound * output.width * projection.paddedOutputs
      unsafe projection.product(
        input: UnsafePointer(group), row: g.block, block: block, pixels: pixels, panels: panels, output: to + at,
        outputRow: projection.paddedOutputs, outputBlock: g.block, residual: skips ? from + at : nil)
    }
  }
}
