/// A filter bank whose bands are short runs of bins: per band the first bin, the count, and the weights.
struct SparseFilters: Sendable {
  /// Bins that any band reads: [0, bins).
  let bins: Int
  let first: Storage<Int32>
  let count: Storage<Int32>
  let weights: Storage<Double>

  /// - Parameter dense: [bins, bands], row-major.
  init(_ dense: [Double], bands: Int) {
    let rows = dense.count / bands
    var firsts: [Int32] = []
    var counts: [Int32] = []
    var packed: [Double] = []
    var end = 0
    for band in 0..<bands {
      let used = (0..<rows).filter { dense[$0 * bands + band] != 0 }
      let low = used.first ?? 0
      let high = used.last.map { $0 + 1 } ?? 0
      firsts.append(Int32(low))
      counts.append(Int32(high - low))
      for bin in low..<high { packed.append(dense[bin * bands + band]) }
      end = max(end, high)
    }
    bins = end
    first = Storage(firsts)
    count = Storage(counts)
    weights = Storage(packed)
  }
}
