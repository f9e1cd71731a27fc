import CPlatform
import KernelTable

/// Blocked map of `pixels` pixels: every channel times its factor, in place.
func scaleChannels(
  _ map: MutableFloats, _ block: Int, _ pixels: Int, _ channels: Int, _ factors: Floats
) {
  var channel = 0
  while channel < channels {
    let factor = load(factors + channel)
    var p = map + ((channel / channelBlock) &* block &+ channel % channelBlock)
    for _ in 0..<pixels {
      store(load(Floats(p)) * factor, p)
      p += channelBlock
    }
    channel &+= lanes
  }
}

/// Packed panels [depth][columns] with row k times factor k, to `scaled`.
func scalePanels(
  _ panels: Floats, _ scaled: MutableFloats, _ depth: Int, _ columns: Int, _ factors: Floats
) {
  var column = 0
  while column < columns {
    let width = panelBlocks((columns &- column) / channelBlock) &* channelBlock
    var from = panels + column &* depth
    var to = scaled + column &* depth
    for k in 0..<depth {
      let factor = broadcast(factors + k)
      var j = 0
      while j < width {
        store(load(from + j) * factor, to + j)
        j &+= lanes
      }
      from += width
      to += width
    }
    column &+= width
  }
}

/// Mean over the rows of a row-major matrix [rows][columns]: sums of eight rows, then the sum of those,
/// so that the error grows with 8 + rows / 8 additions instead of rows.
func meanOverRows(_ matrix: Floats, _ rows: Int, _ columns: Int, _ mean: MutableFloats) {
  let factor = Vector(repeating: 1 / Float(rows))
  var column = 0
  while column < columns {
    var total = Vector.zero
    var row = 0
    while row < rows {
      let end = min(rows, row &+ 8)
      var sum = Vector.zero
      while row < end {
        sum += load(matrix + (row &* columns &+ column))
        row &+= 1
      }
      total += sum
    }
    store(total * factor, mean + column)
    column &+= lanes
  }
}

/// Row-major pixels [pixels][row] to a blocked map whose pixel m stands at offsets[m] in each block.
func blockChannels(
  _ rows: Floats, _ row: Int, _ pixels: Int, _ channels: Int, _ map: MutableFloats, _ block: Int,
  _ offsets: UnsafePointer<Int32>
) {
  for m in 0..<pixels {
    let from = rows + m &* row
    let to = map + Int(offsets[m])
    var channel = 0
    while channel < channels {
      store(load(from + channel), to + ((channel / channelBlock) &* block &+ channel % channelBlock))
      channel &+= lanes
    }
  }
}

/// Zeroes `count` floats, whole vectors, at the beginning of each of `rows` rows that lie `step` floats apart.
func clearColumns(_ first: MutableFloats, _ count: Int, _ step: Int, _ rows: Int) {
  var column = 0
  while column < count {
    // Down the rows, not along them: a run of zeros this short would become a call of memset.
    var p = first + column
    for _ in 0..<rows {
      store(Vector.zero, p)
      p += step
    }
    column &+= lanes
  }
}

/// Asks for memory that is needed soon.
func prefetchFloats(_ first: Floats, _ count: Int) { prefetch(first, count) }
