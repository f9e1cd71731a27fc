import CPlatform
import KernelTable

/// One kind of number with the vectors that hold it.
private protocol Lanes {
  associatedtype Element: BinaryFloatingPoint
  associatedtype Row
  static var count: Int { get }
  static var zero: Row { get }
  static func read(_ p: UnsafePointer<Element>) -> Row
  static func write(_ v: Row, _ p: UnsafeMutablePointer<Element>)
  static func fill(_ value: Element) -> Row
  static func fuse(_ a: Row, _ b: Row, _ c: Row) -> Row
}

private enum SingleLanes: Lanes {
  @inline(__always) static var count: Int { Vector.scalarCount }
  @inline(__always) static var zero: Vector { .zero }
  @inline(__always) static func read(_ p: UnsafePointer<Float>) -> Vector { load(p) }
  @inline(__always) static func write(_ v: Vector, _ p: UnsafeMutablePointer<Float>) { store(v, p) }
  @inline(__always) static func fill(_ value: Float) -> Vector { Vector(repeating: value) }
  @inline(__always) static func fuse(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { multiplyAdd(a, b, c) }
}

private enum DoubleLanes: Lanes {
  @inline(__always) static var count: Int { DoubleVector.scalarCount }
  @inline(__always) static var zero: DoubleVector { .zero }
  @inline(__always) static func read(_ p: UnsafePointer<Double>) -> DoubleVector { load(p) }
  @inline(__always) static func write(_ v: DoubleVector, _ p: UnsafeMutablePointer<Double>) { store(v, p) }
  @inline(__always) static func fill(_ value: Double) -> DoubleVector { DoubleVector(repeating: value) }
  @inline(__always) static func fuse(_ a: DoubleVector, _ b: DoubleVector, _ c: DoubleVector) -> DoubleVector {
    multiplyAdd(a, b, c)
  }
}

/// The operands of one call, whatever the kind of number.
private struct Operands<L: Lanes> {
  let a: UnsafePointer<L.Element>, aRow: Int, aColumn: Int
  let b: UnsafePointer<L.Element>, bRow: Int
  let c: UnsafeMutablePointer<L.Element>, cRow: Int
  let rows: Int, depth: Int, columns: Int
  let scale: L.Element
  let accumulates: Bool
}

/// `rows` rows by `vectors` vectors of C in registers; `count` = rows·vectors.
private struct StridedTile<L: Lanes, let rows: Int, let vectors: Int, let count: Int> {
  @inline(never) static func run(
    _ o: Operands<L>, _ m: Int, _ column: Int, _ k0: Int, _ depth: Int, accumulates: Bool
  ) {
    var sums = InlineArray<count, L.Row>(repeating: L.zero)
    let aRow = o.aRow, aColumn = o.aColumn, bRow = o.bRow
    var a = o.a + (m &* aRow &+ k0 &* aColumn)
    var b = o.b + (k0 &* bRow &+ column)
    var k = depth
    while k > 0 {
      for i in 0..<rows {
        let s = L.fill(a[i &* aRow])
        for j in 0..<vectors {
          sums[i &* vectors &+ j] = L.fuse(s, L.read(b + j &* L.count), sums[i &* vectors &+ j])
        }
      }
      a += aColumn
      b += bRow
      k &-= 1
    }
    let scale = L.fill(o.scale)
    for i in 0..<rows {
      let to = o.c + ((m &+ i) &* o.cRow &+ column)
      for j in 0..<vectors {
        let old = accumulates ? L.read(UnsafePointer(to + j &* L.count)) : L.zero
        L.write(L.fuse(scale, sums[i &* vectors &+ j], old), to + j &* L.count)
      }
    }
  }

  @inline(__always) static func sweep(
    _ o: Operands<L>, _ m: inout Int, _ column: Int, _ k0: Int, _ depth: Int, accumulates: Bool
  ) {
    while m &+ rows <= o.rows {
      run(o, m, column, k0, depth, accumulates: accumulates)
      m &+= rows
    }
  }
}

/// Steps of k for which a panel of B stays in the first-level cache.
private var stridedDepth: Int { 192 }

/// Loops: steps of k → panel of columns → rows. Each element of C is one chain of sums within 192 steps of k,
/// and these chains are added in order, whatever the tile: neighbours change nothing.
@inline(__always) private func strided<L: Lanes>(_ o: Operands<L>, _: L.Type) {
  var k = 0
  repeat {
    let depth = min(o.depth - k, stridedDepth)
    let accumulates = o.accumulates || k > 0
    var column = 0
    while column < o.columns {
      let vectors = min(3, (o.columns - column) / L.count)
      var m = 0
      switch vectors {
      case 3:
        #if KERNELS_V4
          StridedTile<L, 8, 3, 24>.sweep(o, &m, column, k, depth, accumulates: accumulates)
        #endif
        StridedTile<L, 4, 3, 12>.sweep(o, &m, column, k, depth, accumulates: accumulates)
        StridedTile<L, 1, 3, 3>.sweep(o, &m, column, k, depth, accumulates: accumulates)
      case 2:
        StridedTile<L, 6, 2, 12>.sweep(o, &m, column, k, depth, accumulates: accumulates)
        StridedTile<L, 1, 2, 2>.sweep(o, &m, column, k, depth, accumulates: accumulates)
      default:
        StridedTile<L, 8, 1, 8>.sweep(o, &m, column, k, depth, accumulates: accumulates)
        StridedTile<L, 1, 1, 1>.sweep(o, &m, column, k, depth, accumulates: accumulates)
      }
      column += max(vectors, 1) * L.count
    }
    k += depth
  } while k < o.depth
}

/// C ← scale·A·B, or C + scale·A·B, in single precision.
func stridedProduct(_ arguments: UnsafePointer<StridedProduct>) {
  let p = arguments.pointee
  strided(
    Operands<SingleLanes>(
      a: p.a, aRow: p.a_row, aColumn: p.a_column, b: p.b, bRow: p.b_row, c: p.c, cRow: p.c_row, rows: p.rows,
      depth: p.depth, columns: p.columns, scale: p.scale, accumulates: p.accumulates != 0),
    SingleLanes.self)
}

/// C ← scale·A·B, or C + scale·A·B, in double precision.
func stridedProductDouble(_ arguments: UnsafePointer<StridedProductDouble>) {
  let p = arguments.pointee
  strided(
    Operands<DoubleLanes>(
      a: p.a, aRow: p.a_row, aColumn: p.a_column, b: p.b, bRow: p.b_row, c: p.c, cRow: p.c_row, rows: p.rows,
      depth: p.depth, columns: p.columns, scale: p.scale, accumulates: p.accumulates != 0),
    DoubleLanes.self)
}
