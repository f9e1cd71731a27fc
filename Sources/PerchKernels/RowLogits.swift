import CPlatform
import KernelTable

// What training does with rows of embeddings: they stand in the second-level cache, a few dozen at a time.

/// How far ahead of what is read the next bytes are asked for: rows are taken in order, mostly one after the other.
@inline(__always) private var floatsAhead: Int { 1024 }

/// to[j] ← (row[j] − mean[j])·scale[j].
func standardizeRow(_ row: Floats, _ mean: Floats, _ scale: Floats, _ count: Int, _ to: MutableFloats) {
  var j = 0
  while j &+ floatsPerCacheLine <= count {
    perch_prefetch_l2(UnsafeRawPointer(row + (j &+ floatsAhead)))
    for _ in 0..<floatsPerCacheLine / lanes {
      store((load(row + j) - load(mean + j)) * load(scale + j), to + j)
      j &+= lanes
    }
  }
  while j &+ lanes <= count {
    store((load(row + j) - load(mean + j)) * load(scale + j), to + j)
    j &+= lanes
  }
  while j < count {
    to[j] = (row[j] - mean[j]) * scale[j]
    j &+= 1
  }
}

/// Logits of rows: dot products along the rows, so that neither needs to be turned, for any number of outputs.
///
/// Each logit is one chain of sums in each lane, over the row in order, whatever the tile.
func rowLogits(_ arguments: UnsafePointer<RowLogits>) {
  let p = arguments.pointee
  var output = 0
  while output < p.outputs {
    let left = p.outputs &- output
    var row = 0
    #if KERNELS_V4
      if left >= 5 {
        LogitTile<4, 5, 20>.sweep(p, &row, output)
        LogitTile<1, 5, 5>.sweep(p, &row, output)
        output &+= 5
        continue
      }
    #endif
    if left >= 4 {
      LogitTile<2, 4, 8>.sweep(p, &row, output)
      LogitTile<1, 4, 4>.sweep(p, &row, output)
      output &+= 4
    } else if left >= 2 {
      LogitTile<4, 2, 8>.sweep(p, &row, output)
      LogitTile<1, 2, 2>.sweep(p, &row, output)
      output &+= 2
    } else {
      LogitTile<8, 1, 8>.sweep(p, &row, output)
      LogitTile<1, 1, 1>.sweep(p, &row, output)
      output &+= 1
    }
  }
}

/// The sum of a vector. With many callers `sum()` of 16 lanes would stay a function of the standard library.
@inline(__always) private func lanesTotal(_ v: Vector) -> Float {
  #if KERNELS_V4
    _mm512_reduce_add_ps(v)
  #else
    v.sum()
  #endif
}

/// `rows` rows by `outputs` outputs, a vector of partial sums for each; `count` = rows·outputs.
private struct LogitTile<let rows: Int, let outputs: Int, let count: Int> {
  @inline(never) static func run(_ p: borrowing RowLogits, _ row: Int, _ output: Int) {
    var sums = zeros(InlineArray<count, Vector>.self)
    let rowStride = p.row_stride
    let weightStride = p.weight_stride
    var x = p.rows + row &* rowStride
    var w = p.weights + output &* weightStride
    var left = p.depth
    while left > 0 {
      for i in 0..<rows {
        let a = load(x + i &* rowStride)
        for k in 0..<outputs {
          sums[i &* outputs &+ k] = multiplyAdd(a, load(w + k &* weightStride), sums[i &* outputs &+ k])
        }
      }
      x += lanes
      w += lanes
      left &-= lanes
    }
    for i in 0..<rows {
      let to = p.logits + ((row &+ i) &* p.logit_stride &+ output)
      for k in 0..<outputs { to[k] = p.bias[output &+ k] + lanesTotal(sums[i &* outputs &+ k]) }
    }
  }

  @inline(__always) static func sweep(_ p: borrowing RowLogits, _ row: inout Int, _ output: Int) {
    while row &+ rows <= p.row_count {
      run(p, row, output)
      row &+= rows
    }
  }
}
