import PerchCore
import PerchTensor
import SystemPackage

/// Times of one search that is repeated, for comparison with other engines.
struct SearchTiming {
  let work: SearchWork
  let workers: Int
  let repeats: Int

  /// Writes a JSON object: seconds of each search for the first query (`seconds_one_query`) and for all
  /// (`seconds_all_queries`), and what was found: rows (`index`) and 1 − score (`distance`) for each query.
  nonisolated(nonsending) func write(to path: String) async throws(RunnerError) {
    let first = work.queries[0]
    let single = SearchWork(
      inputs: work.inputs, queries: [first],
      vectors: QueryVectors(first.embedding, dimension: first.embedding.count), score: work.score, top: work.top,
      note: work.note)
    // Once before the clock runs, so that the rows are in memory.
    _ = try await single.run(workers: workers)
    let one = try await seconds(single)
    let all = try await seconds(work)
    let lists = try await work.run(workers: workers).lists.map(\.sorted)
    var file = try AtomicFile(FilePath(path))
    try file.write(
      """
      {"seconds_one_query": \(one), "seconds_all_queries": \(all),
      "index": \(lists.map { $0.map(\.position.row) }), "distance": \(lists.map { $0.map { 1 - $0.score } })}

      """)
    try file.commit()
  }

  nonisolated(nonsending) private func seconds(_ work: SearchWork) async throws(RunnerError) -> [Double] {
    var seconds: [Double] = []
    for _ in 0..<repeats {
      let start = ContinuousClock.now
      _ = try await work.run(workers: workers)
      let time = (ContinuousClock.now - start).components
      seconds.append(Double(time.seconds) + Double(time.attoseconds) * 1e-18)
    }
    return seconds
  }
}
