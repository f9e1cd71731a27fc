import CPlatform
import KernelTable
import PerchRecognition
import PerchTensor
import TestSupport
import Testing

/// A build of the kernels that this machine runs.
struct Build: CustomTestStringConvertible, Sendable {
  let kernels: KernelTable
  var testDescription: String { kernels.build.rawValue }

  static let all = Kernels.available.map(Build.init)
}

/// Small generator with a seed (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The plainest search: every score in double, one loop, sorted.
struct PlainSearch {
  let rows: [[Float]]
  let score: SimilarityScore

  func best(_ top: Int, for query: [Float]) -> [(row: Int, score: Double)] {
    rows.indices.compactMap { row in
      var (dot, square, querySquare) = (0.0, 0.0, 0.0)
      for (a, b) in zip(rows[row], query) {
        dot += Double(a) * Double(b)
        square += Double(a) * Double(a)
        querySquare += Double(b) * Double(b)
      }
      guard dot.isFinite, square.isFinite else { return nil }
      if score == .dot { return (row, dot) }
      if square == 0 { return nil }
      return (row, min(1, max(-1, dot / (square * querySquare).squareRoot())))
    }
    .sorted { $0.score != $1.score ? $0.score > $1.score : $0.row < $1.row }
    .prefix(top).map { $0 }
  }
}

@Suite struct RowScanTests {
  /// Finds the best rows in `parts` of all rows, each by a worker of its own.
  private func search(
    _ rows: [[Float]], _ queries: [[Float]], _ score: SimilarityScore, top: Int, parts: Int, _ build: Build
  ) -> SearchPart {
    let dimension = queries[0].count
    let vectors = QueryVectors(queries.flatMap(\.self), dimension: dimension, kernels: build.kernels)
    var all = SearchPart(queries: queries.count, top: top)
    for part in (0..<parts).reversed() {
      let range = rows.count * part / parts..<rows.count * (part + 1) / parts
      var worker = SearchWorker(vectors, score: score, top: top)
      worker.search(
        rows[range].flatMap(\.self), count: range.count, first: RowPosition(table: 0, row: range.lowerBound)
      ) { WindowPlace(source: "\(range.lowerBound + $0)", channel: 0, start: nil) }
      all.merge(worker.part)
    }
    return all
  }

  struct Shape: CustomTestStringConvertible, Sendable {
    let rows: Int
    let dimension: Int
    let queries: Int
    var testDescription: String { "\(rows) × \(dimension), \(queries) queries" }
  }

  /// Around the chains of every build (8, 16, 32 and 64 numbers), and both ways of estimating.
  static let shapes =
    [1, 2, 4, 5, 33].flatMap { queries in
      [1, 3, 31, 65, 200].map { Shape(rows: 300, dimension: $0, queries: queries) }
    } + [Shape(rows: 700, dimension: 1536, queries: 1), Shape(rows: 700, dimension: 1536, queries: 17)]

  /// Whole numbers up to 2¹¹: products and their sums are exact in double, whatever the order, so scores must
  /// agree to the last bit; in float32 most are not, so that estimates alone would rank wrongly. Few different
  /// rows, so that many tie.
  @Test(arguments: Build.all, shapes)
  func findsWhatPlainLoopsFind(_ build: Build, _ shape: Shape) {
    var random = SplitMix(state: UInt64(shape.dimension * 100 + shape.queries))
    func vector() -> [Float] {
      (0..<shape.dimension).map { _ in Float(Int.random(in: -2048...2048, using: &random)) }
    }
    let base = vector()
    let queries = (0..<shape.queries).map { _ in vector() }
    let kinds: [[Float]] = (0..<shape.rows / 3).map { index in
      // Near ties: neighbours differ in one number by one.
      var row = index % 2 == 0 ? base : vector()
      row[index % shape.dimension] += 1
      return row
    }
    var rows = (0..<shape.rows).map { _ in kinds[Int.random(in: 0..<kinds.count, using: &random)] }
    rows[5] = [Float](repeating: 0, count: shape.dimension)
    rows[11] = [Float](repeating: .nan, count: shape.dimension)
    rows[17][0] = .infinity
    rows[23] = queries[0]
    rows[29] = rows[23].map { $0 * 0x1p60 }
    rows[37] = rows[23].map { $0 * 0x1p-70 }
    for score in SimilarityScore.allCases {
      let plain = PlainSearch(rows: rows, score: score)
      for parts in [1, 3] {
        let found = search(rows, queries, score, top: 20, parts: parts, build)
        let undefined = rows.count { row in
          !row.allSatisfy(\.isFinite) || (score == .cosine && row.allSatisfy { $0 == 0 })
        }
        #expect(found.undefinedRows == undefined)
        for (query, list) in zip(queries, found.lists) {
          let expected = plain.best(20, for: query)
          #expect(list.sorted.map(\.position.row) == expected.map(\.row))
          #expect(list.sorted.map(\.score) == expected.map(\.score))
          #expect(list.sorted.map(\.item.source) == expected.map { "\($0.row)" })
        }
      }
    }
  }

  @Test func fewerRowsThanAskedFor() {
    let found = search([[1, 0], [0, 1]], [[1, 0]], .cosine, top: 5, parts: 1, Build.all[0])
    #expect(found.lists[0].sorted.map(\.score) == [1, 0])
  }

  /// Every 16-bit float has one 32-bit float.
  @Test(arguments: Build.all) func halvesAreWidenedExactly(_ build: Build) {
    let halves = (0...UInt16.max).map { $0 }
    for count in [65536, 13] {
      var got = [Float](repeating: -1, count: count + 1)
      got.withUnsafeMutableBufferPointer { to in
        halves.withUnsafeBufferPointer { from in
          build.kernels.similarity.widenHalves(from.baseAddress!, count, to.baseAddress!)
        }
      }
      #expect(got[count] == -1)
      for index in 0..<count {
        let want = Float(Float16(bitPattern: halves[index]))
        #expect(got[index].bitPattern == want.bitPattern || (got[index].isNaN && want.isNaN), "\(index)")
      }
    }
  }

  /// Rows stored in 16 bits give the scores of the same rows in 32.
  @Test(arguments: Build.all, [1, 3, 20]) func halfRowsScoreAsTheyAre(_ build: Build, _ queryCount: Int) {
    var random = SplitMix(state: 9)
    let (count, dimension) = (150, 77)
    let halves = (0..<count * dimension).map { _ in Float16.random(in: -1...1, using: &random) }
    let queries = (0..<queryCount * dimension).map { _ in Float.random(in: -1...1, using: &random) }
    let vectors = QueryVectors(queries, dimension: dimension, kernels: build.kernels)
    var narrow = SearchWorker(vectors, score: .cosine, top: 10)
    var wide = SearchWorker(vectors, score: .cosine, top: 10)
    let place = { (_: Int) in WindowPlace(source: "", channel: 0, start: nil) }
    let first = RowPosition(table: 0, row: 0)
    narrow.search(halves.span.bytes, of: .float16, count: count, first: first, place: place)
    wide.search(halves.map { Float($0) }, count: count, first: first, place: place)
    for (a, b) in zip(narrow.part.lists, wide.part.lists) {
      #expect(a.sorted.count == 10)
      #expect(a.sorted.map(\.position) == b.sorted.map(\.position))
      #expect(a.sorted.map(\.score) == b.sorted.map(\.score))
    }
  }

  /// |estimate − sum| ≤ γ·Σ|aᵢbᵢ|: what the search relies on.
  @Test(arguments: Build.all, [0, 1, 2, 3, 5]) func estimatesKeepTheirBound(_ build: Build, _ queryCount: Int) {
    var random = SplitMix(state: 3)
    for dimension in [1, 7, 63, 64, 65, 1280, 1536] {
      let rows = (0..<4 * dimension).map { _ in Float.random(in: -1...1, using: &random) }
      let queries = (0..<max(1, queryCount) * dimension).map { _ in Float.random(in: -1...1, using: &random) }
      var dots = [Float](repeating: 0, count: max(1, 4 * queryCount))
      var squares = [Float](repeating: 0, count: 4)
      rows.withUnsafeBufferPointer { rows in
        queries.withUnsafeBufferPointer { queries in
          dots.withUnsafeMutableBufferPointer { dots in
            squares.withUnsafeMutableBufferPointer { squares in
              var arguments = RowEstimates(
                rows: rows.baseAddress!, row_count: 4, depth: dimension, half: 0, queries: queries.baseAddress!,
                query_count: queryCount, dots: dots.baseAddress!, squares: squares.baseAddress!)
              build.kernels.similarity.rowEstimates(&arguments)
            }
          }
        }
      }
      let error = Double(dimension + 2) * 0x1p-24
      let gamma = error / (1 - error)
      for row in 0..<4 {
        let a = rows[row * dimension..<(row + 1) * dimension].map(Double.init)
        let square = a.reduce(0) { $0 + $1 * $1 }
        #expect(abs(Double(squares[row]) - square) <= gamma * square)
        for query in 0..<queryCount {
          let b = queries[query * dimension..<(query + 1) * dimension].map(Double.init)
          let products = zip(a, b).map { $0 * $1 }
          let magnitude = products.reduce(0) { $0 + abs($1) }
          #expect(abs(Double(dots[row * queryCount + query]) - products.reduce(0, +)) <= gamma * magnitude)
        }
      }
    }
  }
}

@Suite struct TopListTests {
  @Test func keepsTheBestInWhateverOrder() {
    var random = SplitMix(state: 5)
    let offers = (0..<200).map { (score: Double($0 % 17), position: RowPosition(table: $0 % 3, row: $0)) }
    let expected = offers.sorted { $0.score != $1.score ? $0.score > $1.score : $0.position < $1.position }.prefix(
      30)
    for _ in 0..<5 {
      var lists = [TopList<Int>(capacity: 30), TopList<Int>(capacity: 30)]
      for (index, offer) in offers.shuffled(using: &random).enumerated() {
        lists[index % 2].offer(score: offer.score, position: offer.position) { offer.position.row }
      }
      lists[0].merge(lists[1])
      #expect(lists[0].sorted.map(\.position) == expected.map(\.position))
      #expect(lists[0].sorted.map(\.item) == expected.map(\.position.row))
    }
  }

  @Test func hasNoLimitWhileThereIsRoom() {
    var list = TopList<Void>(capacity: 2)
    list.offer(score: 3, position: RowPosition(table: 0, row: 0)) {}
    #expect(list.limit == -.infinity)
    list.offer(score: 1, position: RowPosition(table: 0, row: 1)) {}
    #expect(list.limit == 1)
  }
}
