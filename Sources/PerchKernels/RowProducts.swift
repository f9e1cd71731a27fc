import CPlatform
import KernelTable

// Dot products of stored rows with queries, in double.

// As many floats as a vector holds doubles.
#if KERNELS_V4
  private typealias HalfVector = SIMD8<Float>
#elseif KERNELS_V3
  private typealias HalfVector = SIMD4<Float>
#else
  private typealias HalfVector = SIMD2<Float>
#endif

@inline(__always) private func widened(_ p: Floats) -> DoubleVector {
  DoubleVector(UnsafeRawPointer(p).loadUnaligned(as: HalfVector.self))
}

/// Vectors that are summed side by side, to hide the time of an addition.
@inline(__always) var chains: Int { 4 }

func rowProducts(_ arguments: UnsafePointer<RowProducts>) {
  let p = arguments.pointee
  for row in 0..<p.row_count {
    let values = p.rows + row &* p.depth
    let dots = p.dots + row &* p.query_count
    let square = p.squares + row
    var query = 0
    if p.query_count == 0 { RowSums<0, 4>.run(values, p.depth, p.queries, dots, square) }
    while query < p.query_count {
      let queries = p.queries + query &* p.depth
      if query &+ 2 <= p.query_count {
        RowSums<2, 12>.run(values, p.depth, queries, dots + query, square)
        query &+= 2
      } else {
        RowSums<1, 8>.run(values, p.depth, queries, dots + query, square)
        query &+= 1
      }
    }
  }
}

/// The sums of one row with `queries` queries and with itself; `count` = (queries + 1)·chains vectors.
/// Each is the same chains of the same elements however many queries there are.
private struct RowSums<let queries: Int, let count: Int> {
  @inline(never) static func run(
    _ row: Floats, _ depth: Int, _ query: UnsafePointer<Double>, _ dots: UnsafeMutablePointer<Double>,
    _ square: UnsafeMutablePointer<Double>
  ) {
    var sums = zeros(InlineArray<count, DoubleVector>.self)
    let step = chains &* doubleLanes
    var k = 0
    while k &+ step <= depth {
      for chain in 0..<chains {
        let at = k &+ chain &* doubleLanes
        let x = widened(row + at)
        sums[queries &* chains &+ chain] = multiplyAdd(x, x, sums[queries &* chains &+ chain])
        for q in 0..<queries {
          let y = load(query + (q &* depth &+ at))
          sums[q &* chains &+ chain] = multiplyAdd(x, y, sums[q &* chains &+ chain])
        }
      }
      k &+= step
    }
    for q in 0..<queries {
      var dot = total(sums, q &* chains)
      for i in k..<depth { dot += Double(row[i]) * query[q &* depth &+ i] }
      dots[q] = dot
    }
    var norm = total(sums, queries &* chains)
    for i in k..<depth { norm += Double(row[i]) * Double(row[i]) }
    square.pointee = norm
  }

  @inline(__always) private static func total(
    _ sums: borrowing InlineArray<count, DoubleVector>, _ first: Int
  ) -> Double {
    ((sums[first] + sums[first &+ 1]) + (sums[first &+ 2] + sums[first &+ 3])).sum()
  }
}
