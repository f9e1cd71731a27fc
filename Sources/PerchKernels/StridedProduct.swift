import CPlatform
import KernelTable

/// Steps of k for which a panel of B stays in the first-level cache.
var stridedDepth: Int { 192 }

/// `rows` rows by `vectors` vectors of C in registers; `count` = rows·vectors.
private struct StridedTile<let rows: Int, let vectors: Int, let count: Int> {
  @inline(never) static func run(_ p: borrowing StridedProduct, _ m: Int, _ column: Int, _ k0: Int, _ depth: Int) {
    var sums = InlineArray<count, Vector> { _ in .zero }
    let aRow = p.a_row
    let aColumn = p.a_column
    let bRow = p.b_row
    var a = p.a + (m &* aRow &+ k0 &* aColumn)
    var b = p.b + (k0 &* bRow &+ column)
    var k = depth
    while k > 0 {
      for i in 0..<rows {
        let s = broadcast(a + i &* aRow)
        for j in 0..<vectors {
          sums[i &* vectors &+ j] = multiplyAdd(s, load(b + j &* lanes), sums[i &* vectors &+ j])
        }
      }
      a += aColumn
      b += bRow
      k &-= 1
    }
    let scale = Vector(repeating: p.scale)
    let accumulates = p.accumulates != 0 || k0 > 0
    for i in 0..<rows {
      let to = p.c + ((m &+ i) &* p.c_row &+ column)
      for j in 0..<vectors {
        let old = accumulates ? load(UnsafePointer(to + j &* lanes)) : Vector.zero
        store(multiplyAdd(scale, sums[i &* vectors &+ j], old), to + j &* lanes)
      }
    }
  }

  @inline(__always) static func sweep(
    _ p: borrowing StridedProduct, _ m: inout Int, _ column: Int, _ k0: Int, _ depth: Int
  ) {
    while m &+ rows <= p.rows {
      run(p, m, column, k0, depth)
      m &+= rows
    }
  }
}

/// C ← scale·A·B, or C + scale·A·B, in single precision.
///
/// Loops: steps of k → panel of columns → rows. Each element of C is one chain of sums within 192 steps of k,
/// and these chains are added in order, whatever the tile: neighbours change nothing.
func stridedProduct(_ arguments: UnsafePointer<StridedProduct>) {
  let p = arguments.pointee
  var k = 0
  repeat {
    let depth = min(p.depth - k, stridedDepth)
    var column = 0
    while column < p.columns {
      let vectors = max(1, min(3, (p.columns - column) / lanes))
      var m = 0
      switch vectors {
      case 3:
        #if KERNELS_V4
          StridedTile<8, 3, 24>.sweep(p, &m, column, k, depth)
        #endif
        StridedTile<4, 3, 12>.sweep(p, &m, column, k, depth)
        StridedTile<2, 3, 6>.sweep(p, &m, column, k, depth)
        StridedTile<1, 3, 3>.sweep(p, &m, column, k, depth)
      case 2:
        StridedTile<6, 2, 12>.sweep(p, &m, column, k, depth)
        StridedTile<1, 2, 2>.sweep(p, &m, column, k, depth)
      default:
        StridedTile<8, 1, 8>.sweep(p, &m, column, k, depth)
        StridedTile<1, 1, 1>.sweep(p, &m, column, k, depth)
      }
      column += vectors * lanes
    }
    k += depth
  } while k < p.depth
}
