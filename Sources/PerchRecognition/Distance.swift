import PerchTensor

/// Cosine distances of embeddings to some queries, with scratch memory of its own.
package struct DistanceMeter {
  private let queries: QueryVectors
  private let vectors: [[Float]]
  private var scan: RowScan
  private var similarities: [Double?]

  /// - Parameter vectors: queries of one size, none of them zero.
  package init(_ vectors: [[Float]]) {
    self.vectors = vectors
    queries = QueryVectors(vectors.flatMap(\.self), dimension: vectors.first?.count ?? 1)
    scan = RowScan(queries, score: .cosine)
    similarities = []
  }

  /// 1 − a·b / (‖a‖‖b‖) for each query, in [0, 2]; nil where `embedding` has no direction.
  package mutating func distances(of embedding: [Float]) -> [Double?] {
    similarities = Array(repeating: nil, count: queries.count)
    scan.scan(embedding) { query, _, similarity in
      similarities[query] = similarity
      return -.infinity
    }
    return similarities.indices.map { query in
      similarities[query].map { refined(1 - $0, of: embedding, query) }
    }
  }

  /// Where vectors are nearly equal the subtraction from 1 leaves few digits; ½‖a/‖a‖ − b/‖b‖‖² is the same
  /// number without it.
  private func refined(_ distance: Double, of embedding: [Float], _ query: Int) -> Double {
    if distance >= 1e-3 || distance == 0 { return distance }
    let norm = embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let queryNorm = queries.squares[query].squareRoot()
    var sum = 0.0
    for (a, b) in zip(embedding, vectors[query]) {
      let difference = Double(a) / norm - Double(b) / queryNorm
      sum += difference * difference
    }
    return sum / 2
  }
}
