import CPlatform
import KernelTable

// Dot products of stored rows with queries, in float32: so little work on a row that one or two queries are
// answered as fast as memory can be read.

/// How far ahead of what is read the next bytes are asked for: the processor's own prefetching ends with each page
/// of 4 KiB, and those of a mapped file are not larger.
@inline(__always) private var prefetchBytes: Int { 4096 }

/// How the elements of a row are stored.
private protocol RowElement {
  associatedtype Stored
  static func vector(_ p: UnsafePointer<Stored>) -> Vector
  static func scalar(_ p: UnsafePointer<Stored>) -> Float
}

private enum SingleElement: RowElement {
  @inline(__always) static func vector(_ p: Floats) -> Vector { load(p) }
  @inline(__always) static func scalar(_ p: Floats) -> Float { p.pointee }
}

private enum HalfElement: RowElement {
  @inline(__always) static func vector(_ p: UnsafePointer<UInt16>) -> Vector {
    let raw = UnsafeRawPointer(p)
    #if KERNELS_V4
      return _mm512_cvtph_ps(raw.loadUnaligned(as: __m256i.self))
    #elseif KERNELS_V3
      return _mm256_cvtph_ps(raw.loadUnaligned(as: __m128i.self))
    #else
      return widenedHalves(SIMD4<UInt32>(truncatingIfNeeded: raw.loadUnaligned(as: SIMD4<UInt16>.self)))
    #endif
  }

  @inline(__always) static func scalar(_ p: UnsafePointer<UInt16>) -> Float {
    widenedHalves(SIMD4<UInt32>(UInt32(p.pointee), 0, 0, 0))[0]
  }
}

func rowEstimates(_ arguments: UnsafePointer<RowEstimates>) {
  let p = arguments.pointee
  if p.half != 0 {
    allRows(HalfElement.self, p.rows.assumingMemoryBound(to: UInt16.self), p)
  } else {
    allRows(SingleElement.self, p.rows.assumingMemoryBound(to: Float.self), p)
  }
}

@inline(__always) private func allRows<Element: RowElement>(
  _ element: Element.Type, _ rows: UnsafePointer<Element.Stored>, _ p: borrowing RowEstimates
) {
  var first = 0
  #if !KERNELS_V4  // there two rows in turn were slower than one; four were not tried
    if p.query_count == 1 {
      while first &+ rowsAtATime <= p.row_count {
        RowGroup<Element>.run(rows + first &* p.depth, p.depth, p.queries, p.dots + first, p.squares + first)
        first &+= rowsAtATime
      }
    }
  #endif
  for row in first..<p.row_count {
    let values = rows + row &* p.depth
    let dots = p.dots + row &* p.query_count
    let square = p.squares + row
    var query = 0
    if p.query_count == 0 { EstimateSums<Element, 0, 4>.run(values, p.depth, p.queries, dots, square) }
    while query < p.query_count {
      let queries = p.queries + query &* p.depth
      if query &+ 2 <= p.query_count {
        EstimateSums<Element, 2, 12>.run(values, p.depth, queries, dots + query, square)
        query &+= 2
      } else {
        EstimateSums<Element, 1, 8>.run(values, p.depth, queries, dots + query, square)
        query &+= 1
      }
    }
  }
}

#if !KERNELS_V4
  @inline(__always) private var rowsAtATime: Int { 4 }

  /// The sums of four rows with one query and with themselves. Four places in memory are read in turn, so that where
  /// one comes to the end of a page, which ends the processor's own prefetching, the others still bring theirs; the
  /// same place of the next four is asked for. On Zen 3 it takes 0.70 to 0.84 of the time of one row after the other.
  private struct RowGroup<Element: RowElement> {
    @inline(never) static func run(
      _ rows: UnsafePointer<Element.Stored>, _ depth: Int, _ query: Floats, _ dots: MutableFloats,
      _ squares: MutableFloats
    ) {
      var sums = zeros(InlineArray<8, Vector>.self)
      let step = 2 &* lanes
      var k = 0
      while k &+ step <= depth {
        for i in 0..<rowsAtATime { perch_prefetch_l1(rows + ((i &+ rowsAtATime) &* depth &+ k)) }
        for at in 0..<2 {
          let place = k &+ at &* lanes
          let y = load(query + place)
          for i in 0..<rowsAtATime {
            let x = Element.vector(rows + (i &* depth &+ place))
            sums[2 &* i] = multiplyAdd(x, y, sums[2 &* i])
            sums[2 &* i &+ 1] = multiplyAdd(x, x, sums[2 &* i &+ 1])
          }
        }
        k &+= step
      }
      for i in 0..<rowsAtATime {
        var dot = sums[2 &* i].sum()
        var square = sums[2 &* i &+ 1].sum()
        for j in k..<depth {
          let x = Element.scalar(rows + (i &* depth &+ j))
          dot += x * query[j]
          square += x * x
        }
        dots[i] = dot
        squares[i] = square
      }
    }
  }
#endif

/// The sums of one row with `queries` queries and with itself; `count` = (queries + 1)·chains vectors.
private struct EstimateSums<Element: RowElement, let queries: Int, let count: Int> {
  @inline(never) static func run(
    _ row: UnsafePointer<Element.Stored>, _ depth: Int, _ query: Floats, _ dots: MutableFloats,
    _ square: MutableFloats
  ) {
    var sums = zeros(InlineArray<count, Vector>.self)
    let step = chains &* lanes
    var k = 0
    let stepLines = max(1, step &* MemoryLayout<Element.Stored>.stride / 64)
    while k &+ step <= depth {
      let ahead = UnsafeRawPointer(row + k) + prefetchBytes
      for line in 0..<stepLines { perch_prefetch_l2(ahead + line &* 64) }
      for chain in 0..<chains {
        let at = k &+ chain &* lanes
        let x = Element.vector(row + at)
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
      for i in k..<depth { dot += Element.scalar(row + i) * query[q &* depth &+ i] }
      dots[q] = dot
    }
    var norm = total(sums, queries &* chains)
    for i in k..<depth { norm += Element.scalar(row + i) * Element.scalar(row + i) }
    square.pointee = norm
  }

  @inline(__always) private static func total(
    _ sums: borrowing InlineArray<count, Vector>, _ first: Int
  ) -> Float {
    ((sums[first] + sums[first &+ 1]) + (sums[first &+ 2] + sums[first &+ 3])).sum()
  }
}
