import CPlatform
import KernelTable

/// A tile of C held in registers: `rows` rows by `vectors` vectors, `count` = rows·vectors accumulators.
/// (Integer generics know no arithmetic, hence the third parameter.)
private struct Tile<let rows: Int, let vectors: Int, let count: Int> {
  @inline(__always) static var height: Int { rows }

  /// Where vector j of a row stands: block j / vectorsPerBlock, then the vector inside the block.
  @inline(__always) static func offset(_ j: Int, _ block: Int) -> Int {
    vectorsPerBlock == 1 ? j &* block : (j / vectorsPerBlock) &* block &+ (j % vectorsPerBlock) &* lanes
  }

  /// Rows m ..< m + rows of one panel over `depth` steps of k, beginning at a block boundary of k.
  ///
  /// One function per tile, never inlined: the accumulators stay in registers only while all that touches
  /// them stands in straight loops of one function that the optimiser does not find too large.
  @inline(never) static func run(_ p: borrowing MatrixProduct, _ work: PanelWork, _ m: Int) {
    let c = p.c + (work.column / channelBlock) &* p.c_block
    let row = p.a_row
    var sums = InlineArray<count, Vector>(repeating: .zero)
    if work.continues {
      for i in 0..<rows {
        let from = Floats(cRow(p, c, m &+ i))
        for j in 0..<vectors { sums[i &* vectors &+ j] = load(from + offset(j, p.c_block)) }
      }
    } else if let bias = p.bias {
      for j in 0..<vectors {
        let v = load(bias + (work.column &+ j &* lanes))
        for i in 0..<rows { sums[i &* vectors &+ j] = v }
      }
    }
    var a = work.a + m &* row
    var b = work.b
    let tile = (m &- work.start) / rows
    let share = m &- work.start < work.ahead.rows ? work.ahead.share : 0
    var ahead = work.b + (work.depth &* vectors &* lanes &+ tile &* work.ahead.turns &* share)
    // Where A is blocked, each block of the next tile lies far from the one before, out of reach of the
    // processor's own prefetching.
    let below = row == channelBlock ? rows &* channelBlock : 0
    var left = work.depth
    while left > 0 {
      prefetch(ahead, share)
      ahead += share
      for line in 0..<(rows &* channelBlock &+ floatsPerCacheLine &- 1) / floatsPerCacheLine {
        perch_prefetch_l1(a + (below &+ line &* floatsPerCacheLine))
      }
      var k = min(left, channelBlock)
      left &-= k
      while k > 0 {
        for i in 0..<rows {
          let s = broadcast(a + i &* row)
          for j in 0..<vectors {
            sums[i &* vectors &+ j] = multiplyAdd(s, load(b + j &* lanes), sums[i &* vectors &+ j])
          }
        }
        a += 1
        b += lanes &* vectors
        k &-= 1
      }
      a += p.a_block &- channelBlock
    }
    if work.finishes {
      if let residual = p.residual {
        for i in 0..<rows {
          let from = residual + ((m &+ i) &* p.c_row &+ work.column)
          for j in 0..<vectors { sums[i &* vectors &+ j] += load(from + j &* lanes) }
        }
      }
      if p.activation == ActivationCode.relu {
        // Nested, as everywhere here: loops this short are unrolled, one over all accumulators is not, and
        // an index that is no constant would keep the accumulators in memory.
        for i in 0..<rows {
          for j in 0..<vectors {
            sums[i &* vectors &+ j] = maximum(sums[i &* vectors &+ j], .zero)
          }
        }
      }
    }
    for i in 0..<rows {
      let to = cRow(p, c, m &+ i)
      for j in 0..<vectors { store(sums[i &* vectors &+ j], to + offset(j, p.c_block)) }
    }
  }

  /// The other activations, on the tile just stored: it is in the first-level cache, and the constants of the
  /// formula take the registers that the tile had.
  @inline(never) fileprivate static func activateTile(_ p: borrowing MatrixProduct, _ c: MutableFloats, _ m: Int) {
    if p.activation == ActivationCode.swish {
      for i in 0..<rows {
        let row = cRow(p, c, m &+ i)
        for j in 0..<vectors {
          let at = row + offset(j, p.c_block)
          store(swish(load(Floats(at))), at)
        }
      }
    } else {
      for i in 0..<rows {
        let row = cRow(p, c, m &+ i)
        for j in 0..<vectors { activateInPlace(row + offset(j, p.c_block), lanes, p.activation) }
      }
    }
  }

  @inline(__always) static func cRow(
    _ p: borrowing MatrixProduct, _ c: MutableFloats, _ m: Int
  ) -> MutableFloats {
    if let offsets = p.c_offsets { return c + Int(offsets[m]) }
    return c + m &* p.c_row
  }
}

/// Blocks of channels in the panel that begins with `left` blocks to go: three at a time, never ending on one.
@inline(__always) func panelBlocks(_ left: Int) -> Int {
  left == 1 ? 1 : left == 2 || left == 4 ? 2 : 3
}

/// Steps of k for which a panel stays in the first-level cache.
#if KERNELS_V4
  private var panelDepth: Int { 192 }
#else
  private var panelDepth: Int { 256 }
#endif

/// Loops: rows that stay in the second-level cache → panel → steps of k for which the panel stays in the
/// first → tiles. Each element is one chain of sums over k in rising order, whatever the tile, so the
/// result of a row does not depend on its neighbours.
func matrixProduct(_ arguments: UnsafePointer<MatrixProduct>) {
  let p = arguments.pointee
  // At most 384 KiB of A, and whole tiles of every height (4, 6 and 8 divide 24).
  let rowsPerBlock = max(48, 98304 / max(p.depth, 1) / 24 * 24 + 24)
  var m0 = 0
  while m0 < p.rows {
    let m1 = min(p.rows, m0 + rowsPerBlock)
    var column = 0
    while column < p.columns {
      let blocks = panelBlocks((p.columns - column) / channelBlock)
      var k = 0
      repeat {
        let left = p.depth - k
        // No sliver at the end: the last part may be half as long again.
        let depth = left <= panelDepth + panelDepth / 2 ? left : panelDepth
        let a = p.a + (k / channelBlock) * p.a_block
        let b = p.b + column * p.depth + k * blocks * channelBlock
        panel(p, a, b, depth, m0, m1, column, blocks, continues: k != 0, finishes: k + depth == p.depth)
        k += depth
      } while k < p.depth
      column += blocks * channelBlock
    }
    m0 = m1
  }
}

/// All rows of one panel: the tall tiles first, lower ones for the rows that are left.
private func panel(
  _ p: borrowing MatrixProduct, _ a: Floats, _ b: Floats, _ depth: Int, _ m0: Int, _ m1: Int, _ column: Int,
  _ blocks: Int, continues: Bool, finishes: Bool
) {
  let work = PanelWork(
    a: a, b: b, depth: depth, start: m0, end: m1, column: column, continues: continues, finishes: finishes,
    activates: finishes ? p.activation > ActivationCode.relu : false,
    ahead: Prefetch(floats: depth &* blocks &* channelBlock, depth: depth, rows: m1 &- m0))
  var m = m0
  switch blocks {
  case 3:
    Wide.sweep(p, work, &m)
    WideRest.sweep(p, work, &m)
    WideLast.sweep(p, work, &m)
  case 2:
    Middle.sweep(p, work, &m)
    MiddleRest.sweep(p, work, &m)
    MiddleLast.sweep(p, work, &m)
  default:
    Narrow.sweep(p, work, &m)
    NarrowLast.sweep(p, work, &m)
  }
}

private struct PanelWork {
  let a: Floats, b: Floats
  let depth: Int, start: Int, end: Int, column: Int
  let continues: Bool, finishes: Bool
  /// An activation follows that the tile does not do in its registers.
  let activates: Bool
  let ahead: Prefetch
}

/// How the part of B that follows in memory is asked for while this one is worked on. Where few rows share a
/// large matrix it comes from the third-level cache or further; the processor's own prefetcher begins only
/// when the first tile is there and waits, which costs a third of the time (80 rows and fewer).
private struct Prefetch {
  /// Floats, whole cache lines, that a tile asks for at every block of k.
  let share: Int
  /// Blocks of k in a tile.
  let turns: Int
  /// Tiles in rows below this one, counted from the first, ask; then everything has been asked for.
  let rows: Int

  @inline(__always) init(floats: Int, depth: Int, rows: Int) {
    turns = (depth &+ channelBlock &- 1) / channelBlock
    let lines = (floats &+ floatsPerCacheLine &- 1) / floatsPerCacheLine
    let tiles = (rows &+ tallestTile &- 1) / tallestTile
    let lineShare = lines / max(tiles &* turns, 1) &+ 1
    share = lineShare &* floatsPerCacheLine
    self.rows = (lines / (lineShare &* turns) &+ 1) &* tallestTile
  }
}

extension Tile {
  @inline(__always) fileprivate static func sweep(
    _ p: borrowing MatrixProduct, _ work: PanelWork, _ m: inout Int
  ) {
    while m &+ rows <= work.end {
      run(p, work, m)
      if work.activates { activateTile(p, p.c + (work.column / channelBlock) &* p.c_block, m) }
      m &+= rows
    }
  }
}

// As many accumulators as leave registers for one row of B and a broadcast; at most eight rows, beyond which
// the optimiser no longer unrolls and the accumulators go to memory.
@inline(__always) private var tallestTile: Int { Wide.height }

#if KERNELS_V4  // 32 registers of 16 lanes
  private typealias Wide = Tile<8, 3, 24>
  private typealias WideRest = Tile<4, 3, 12>
  private typealias WideLast = Tile<1, 3, 3>
  private typealias Middle = Tile<8, 2, 16>
  private typealias MiddleRest = Tile<4, 2, 8>
  private typealias MiddleLast = Tile<1, 2, 2>
  private typealias Narrow = Tile<8, 1, 8>
  private typealias NarrowLast = Tile<1, 1, 1>
#elseif KERNELS_V3  // 16 registers of 8 lanes
  private typealias Wide = Tile<4, 3, 12>
  private typealias WideRest = Tile<2, 3, 6>
  private typealias WideLast = Tile<1, 3, 3>
  private typealias Middle = Tile<6, 2, 12>
  private typealias MiddleRest = Tile<4, 2, 8>
  private typealias MiddleLast = Tile<1, 2, 2>
  private typealias Narrow = Tile<8, 1, 8>
  private typealias NarrowLast = Tile<1, 1, 1>
#elseif KERNELS_NEON  // 32 registers of 4 lanes, two of them a block
  private typealias Wide = Tile<4, 6, 24>
  private typealias WideRest = Tile<2, 6, 12>
  private typealias WideLast = Tile<1, 6, 6>
  private typealias Middle = Tile<6, 4, 24>
  private typealias MiddleRest = Tile<2, 4, 8>
  private typealias MiddleLast = Tile<1, 4, 4>
  private typealias Narrow = Tile<8, 2, 16>
  private typealias NarrowLast = Tile<1, 2, 2>
#else  // 16 registers of 4 lanes, two of them a block
  private typealias Wide = Tile<2, 6, 12>
  private typealias WideRest = Tile<1, 6, 6>
  private typealias WideLast = Tile<1, 6, 6>
  private typealias Middle = Tile<3, 4, 12>
  private typealias MiddleRest = Tile<1, 4, 4>
  private typealias MiddleLast = Tile<1, 4, 4>
  private typealias Narrow = Tile<4, 2, 8>
  private typealias NarrowLast = Tile<1, 2, 2>
#endif
