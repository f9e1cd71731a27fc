import KernelTable

/// Where the rows of an inverted bottleneck stand in memory.
///
/// The ring holds padded input rows, blocked: [channels / B][ringRows][paddedWidth][B]. Padded row r (the
/// top padding counts) stands in slot r mod ringRows. Small maps have a slot for every row.
/// The filtered map is cut into groups of rows, each [channels / B][rows·width][B], small enough that the
/// projection finds a group in the cache.
struct BottleneckGeometry: Sendable {
  let vertical: ConvolutionPadding
  let horizontal: ConvolutionPadding
  let block: Int
  let stride: Int
  /// Input rows that are expanded at a time.
  let chunkRows: Int
  let paddedHeight: Int
  /// Output rows of one group.
  let groupRows: Int
  private let input: MapShape
  private let channels: Int
  private let kernel: Int
  private let ringRows: Int

  /// - Parameter cacheBytes: what a chunk of expanded rows may take; about a quarter of the second-level
  ///   cache leaves room for what it is made from and what becomes of it.
  init(input: MapShape, channels: Int, kernel: Int, stride: Int, block: Int, cacheBytes: Int) {
    vertical = ConvolutionPadding(size: input.height, kernel: kernel, stride: stride)
    horizontal = ConvolutionPadding(size: input.width, kernel: kernel, stride: stride)
    self.input = input
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
    self.block = block
    paddedHeight = vertical.before + input.height + vertical.after
    let rowBytes = (horizontal.before + input.width + horizontal.after) * channels * 4
    let wholeMap = rowBytes * paddedHeight <= 2 * cacheBytes
    chunkRows = wholeMap ? input.height : max(1, min(input.height, cacheBytes / rowBytes))
    ringRows = wholeMap ? paddedHeight : min(paddedHeight, chunkRows + kernel + stride)
    let outputRowBytes = horizontal.outputSize * channels * 4
    groupRows =
      wholeMap ? vertical.outputSize : max(1, min(vertical.outputSize, cacheBytes / 2 / outputRowBytes))
  }

  private var rowCount: Int { (horizontal.before + input.width + horizontal.after) * block }

  /// Floats between channel blocks of the ring.
  var ringBlock: Int { ringRows * rowCount }

  var ringCount: Int { channels / block * ringBlock }

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
    let rows = channels / block * ringRows
    let right = horizontal.after * block
    unsafe kernels.clearColumns(ring, horizontal.before * block, rowCount, rows)
    unsafe kernels.clearColumns(ring + (rowCount - right), right, rowCount, rows)
  }

  /// Zeroes the slot of padded row `row` in every channel block.
  func clearRow(_ ring: UnsafeMutablePointer<Float>, _ row: Int) {
    for channelBlock in 0..<channels / block {
      unsafe (ring + (channelBlock * ringBlock + ringRow(row))).update(repeating: 0, count: rowCount)
    }
  }
}
