import KernelTable

/// Where the rows of an inverted bottleneck stand in memory.
///
/// The ring holds padded input rows, blocked: [channels / B][ringRows][paddedWidth][B]. Padded row r (the
/// top padding counts) stands in slot r mod ringRows. So that it stays in the cache between expansion and
/// filter, it takes either the whole map of a few channels, where that fits (no weight is read twice then), or
/// a few rows of all channels.
/// The filtered map is cut into groups of rows, each [channels / B][rows·width][B], small enough that the
/// projection finds a group in the cache, but of enough pixels to be worth another reading of its weights.
struct BottleneckGeometry: Sendable {
  let vertical: ConvolutionPadding
  let horizontal: ConvolutionPadding
  let block: Int
  let stride: Int
  /// Channels that are expanded and filtered at a time: whole panels of the expansion, or all.
  let channelChunks: [Range<Int>]
  /// Input rows that are expanded at a time.
  let chunkRows: Int
  let paddedHeight: Int
  /// Output rows of one group.
  let groupRows: Int
  private let input: MapShape
  private let channels: Int
  private let kernel: Int
  private let ringRows: Int
  /// Channel blocks of the ring.
  private let ringBlocks: Int

  /// - Parameters:
  ///   - splitsChannels: whether a few channels can be made without the others.
  ///   - cacheBytes: what a chunk of expanded rows may take; about a quarter of the second-level cache leaves
  ///     room for what it is made from and what becomes of it.
  init(
    input: MapShape, channels: Int, kernel: Int, stride: Int, block: Int, splitsChannels: Bool, cacheBytes: Int
  ) {
    vertical = ConvolutionPadding(size: input.height, kernel: kernel, stride: stride)
    horizontal = ConvolutionPadding(size: input.width, kernel: kernel, stride: stride)
    self.input = input
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
    self.block = block
    paddedHeight = vertical.before + input.height + vertical.after
    let paddedWidth = horizontal.before + input.width + horizontal.after
    let planeBytes = paddedHeight * paddedWidth * 4
    let panels = PackedMatrix.panels(channels, block)
    let wholeMap = (splitsChannels ? panels[0].count : channels) * planeBytes <= cacheBytes
    channelChunks =
      wholeMap && splitsChannels ? Self.chunks(panels, ofAtMost: cacheBytes / planeBytes) : [0..<channels]
    let rowBytes = paddedWidth * channels * 4
    chunkRows = wholeMap ? input.height : max(1, min(input.height, cacheBytes / rowBytes))
    ringRows = wholeMap ? paddedHeight : min(paddedHeight, chunkRows + kernel + stride)
    let outputRowBytes = horizontal.outputSize * channels * 4
    let height = vertical.outputSize
    let groupBytes = max(1, cacheBytes / 2)
    let fitting = (height * outputRowBytes + groupBytes - 1) / groupBytes
    let groupCount = max(1, min(fitting, height, height * horizontal.outputSize / Self.leastGroupPixels))
    groupRows = (height + groupCount - 1) / groupCount
    ringBlocks = channelChunks.reduce(0) { max($0, $1.count) } / block
  }

  /// Pixels of a group that make up for reading the projection's weights once more.
  private static var leastGroupPixels: Int { 64 }

  /// Consecutive panels side by side, together at most `limit` channels. (However panels are put together, the
  /// product cuts them the same way.)
  private static func chunks(_ panels: [Range<Int>], ofAtMost limit: Int) -> [Range<Int>] {
    panels.reduce(into: []) { chunks, panel in
      if let last = chunks.last, panel.upperBound - last.lowerBound <= limit {
        chunks[chunks.count - 1] = last.lowerBound..<panel.upperBound
      } else {
        chunks.append(panel)
      }
    }
  }

  private var rowCount: Int { (horizontal.before + input.width + horizontal.after) * block }

  /// Floats between channel blocks of the ring.
  var ringBlock: Int { ringRows * rowCount }

  var ringCount: Int { ringBlocks * ringBlock }

  /// Where padded row `row` begins in channel block 0 of the ring.
  func ringRow(_ row: Int) -> Int { row % ringRows * rowCount }

  /// Where each pixel of the input stands in channel block 0 of the ring.
  func ringOffsets() -> Storage<Int32> {
    Storage(
      (0..<input.height).flatMap { y in
        (0..<input.width).map { x in
          Int32(ringRow(y + vertical.before) + (horizontal.before + x) * block)
        }
      })
  }

  /// Output rows whose inputs stand among the first `filled` padded rows.
  func outputRows(filled: Int) -> Int { filled < kernel ? 0 : (filled - kernel) / stride + 1 }

  /// Input rows under `count` output rows.
  func inputRows(_ count: Int) -> Int { (count - 1) * stride + kernel }

  var filteredCount: Int { channels * vertical.outputSize * horizontal.outputSize }

  /// Where output row `y` begins in channel block 0 of its group.
  func filteredRow(_ y: Int) -> Int {
    let group = y / groupRows * groupRows
    return (group * channels + (y - group) * block) * horizontal.outputSize
  }

  /// Floats between channel blocks of the group that holds output row `y`.
  func filteredBlock(_ y: Int) -> Int {
    let group = y / groupRows * groupRows
    return min(groupRows, vertical.outputSize - group) * horizontal.outputSize * block
  }

  /// Whether the factors of the squeeze go to the weights of the projection, not to the filtered map: to what is
  /// smaller. The sizes of the caches have no say, because the two round differently.
  func scalesPanels(_ projection: PointwiseConvolution) -> Bool {
    vertical.outputSize * horizontal.outputSize > projection.paddedOutputs
  }

  /// The groups of output rows.
  var groups: [Range<Int>] {
    Swift.stride(from: 0, to: vertical.outputSize, by: groupRows).map {
      $0..<min($0 + groupRows, vertical.outputSize)
    }
  }

  /// Zeroes the side columns of every slot of the ring.
  func clearSideColumns(_ ring: UnsafeMutablePointer<Float>, _ kernels: KernelTable) {
    let rows = ringBlocks * ringRows
    let right = horizontal.after * block
    unsafe kernels.clearColumns(ring, horizontal.before * block, rowCount, rows)
    unsafe kernels.clearColumns(ring + (rowCount - right), right, rowCount, rows)
  }

  /// Zeroes the slot of padded row `row` in every channel block.
  func clearRow(_ ring: UnsafeMutablePointer<Float>, _ row: Int) {
    for channelBlock in 0..<ringBlocks {
      unsafe (ring + (channelBlock * ringBlock + ringRow(row))).update(repeating: 0, count: rowCount)
    }
  }
}
