import KernelTable

/// A matrix [depth, columns] in the panels that `matrixProduct` reads: 3, 2 or 1 channel blocks wide, each
/// [depth][width], the last columns padded with zeros. Packed once, shared by all workers.
package struct PackedMatrix: Sendable {
  package let depth: Int
  package let columns: Int
  /// `columns`, rounded up to whole channel blocks.
  package let paddedColumns: Int
  let storage: Storage<Float>

  /// - Parameter rowMajor: `depth` × `columns` numbers.
  package init(_ rowMajor: [Float], depth: Int, columns: Int, kernels: KernelTable) {
    precondition(rowMajor.count == depth * columns, "as many numbers as the shape says")
    let block = kernels.channelBlock
    self.depth = depth
    self.columns = columns
    paddedColumns = columns.roundedUp(to: block)
    storage = Storage(count: depth * paddedColumns)
    for panel in Self.panels(paddedColumns, block) {
      let used = min(panel.count, columns - panel.lowerBound)
      for k in 0..<depth {
        let to = panel.lowerBound * depth + k * panel.count
        for j in 0..<used { unsafe storage.base[to + j] = rowMajor[k * columns + panel.lowerBound + j] }
      }
    }
  }

  /// Column ranges of the panels: three blocks each, and no single block at the end unless it is alone.
  package static func panels(_ paddedColumns: Int, _ block: Int) -> [Range<Int>] {
    var panels: [Range<Int>] = []
    var column = 0
    while column < paddedColumns {
      let left = (paddedColumns - column) / block
      let width = (left == 1 ? 1 : left == 2 || left == 4 ? 2 : 3) * block
      panels.append(column..<column + width)
      column += width
    }
    return panels
  }
}

extension Int {
  /// The least multiple of `unit` that is not below this number.
  package func roundedUp(to unit: Int) -> Int { (self + unit - 1) / unit * unit }
}

extension Array where Element == Float {
  /// The same numbers followed by zeros up to `count`.
  func padded(to count: Int) -> [Float] {
    self + [Float](repeating: 0, count: Swift.max(0, count - self.count))
  }
}
