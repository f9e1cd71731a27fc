import PerchRecognition
import PerchTensor
import TestSupport
import Testing

/// The reference's distances and rankings, in double.
@Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
struct CosineGoldenTests {
  private static let groups = ["p1", "p7", "p1280", "p1536"]

  private static func rows(_ name: String) throws -> [[Float]] {
    let (shape, values) = try Golden(file: "golden/training/cosine_golden.h5").floats(name)
    return (0..<shape[0]).map { Array(values[$0 * shape[1]..<($0 + 1) * shape[1]]) }
  }

  /// The bar is 1e-6; sums in double keep 1e-12.
  @Test(arguments: groups) func distancesAgree(_ group: String) throws {
    let golden = try Golden(file: "golden/training/cosine_golden.h5")
    let (shape, expected) = try golden.doubles("\(group)/cosine_distance")
    var meter = DistanceMeter(try Self.rows("\(group)/query"))
    for (index, row) in try Self.rows("\(group)/set").enumerated() {
      let got = meter.distances(of: row)
      for query in 0..<shape[1] {
        let want = expected[index * shape[1] + query]
        if let distance = got[query] {
          #expect(abs(distance - want) <= 1e-12, "row \(index), query \(query)")
          #expect((0...2).contains(distance))
        } else {
          #expect(want.isNaN, "row \(index), query \(query)")
        }
      }
    }
  }

  /// The same rows in the same order, but where the reference's distances differ by its own rounding only.
  @Test(arguments: Build.all, groups) func rankingsAgree(_ build: Build, _ group: String) throws {
    let golden = try Golden(file: "golden/training/cosine_golden.h5")
    let (shape, order) = try golden.doubles("\(group)/top_k_index")
    let (distanceShape, distances) = try golden.doubles("\(group)/cosine_distance")
    let (rows, queries) = (try Self.rows("\(group)/set"), try Self.rows("\(group)/query"))
    let vectors = QueryVectors(queries.flatMap(\.self), dimension: queries[0].count, kernels: build.kernels)
    var worker = SearchWorker(vectors, score: .cosine, top: shape[1])
    worker.search(rows.flatMap(\.self), count: rows.count, first: RowPosition(table: 0, row: 0)) { _ in
      WindowPlace(source: "", channel: 0, start: nil)
    }
    for (query, list) in worker.part.lists.enumerated() {
      let found = list.sorted
      #expect(found.count == shape[1])
      for (rank, entry) in found.enumerated() {
        let want = Int(order[query * shape[1] + rank])
        let wanted = distances[want * distanceShape[1] + query]
        #expect(abs(1 - entry.score - wanted) <= 1e-12)
        let gap = distances[entry.position.row * distanceShape[1] + query] - wanted
        #expect(entry.position.row == want || abs(gap) <= 1e-14, "query \(query), rank \(rank)")
      }
    }
  }
}
