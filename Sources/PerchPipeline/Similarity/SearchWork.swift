import PerchCore
import PerchRecognition
import PerchTables
import PerchTensor
import Synchronization

/// A search that several workers share. Each takes the next unit until none is left; what is found does not
/// depend on who took which.
struct SearchWork: Sendable {
  let inputs: SearchInputs
  let queries: [Query]
  let vectors: QueryVectors
  let score: SimilarityScore
  let top: Int
  let note: @Sendable (Note) -> Void

  /// What a worker takes at a time: a table, or some rows of a matrix.
  private struct Unit: Sendable {
    let table: Int
    let rows: Range<Int>
  }

  /// Bytes of a matrix that are taken at a time: many enough that memory is read in long runs.
  private static let unitBytes = 8 << 20
  /// Rows of a table that are compared at a time.
  private static let batchRows = 64

  /// - Throws: the error of the first unit that failed.
  nonisolated(nonsending) func run(workers: Int) async throws(RunnerError) -> SearchPart {
    let queue = UnitQueue(units())
    let results = await withTaskGroup(of: Result<SearchPart, RunnerError>.self) { group in
      for _ in 0..<max(1, min(workers, queue.units.count)) {
        group.addTask { Result { () throws(RunnerError) in try work(queue) } }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    if let (_, error) = queue.firstFailure { throw error }
    var all = SearchPart(queries: vectors.count, top: top)
    for result in results { all.merge(try result.get()) }
    return all
  }

  private func units() -> [Unit] {
    inputs.tables.enumerated().flatMap { index, table -> [Unit] in
      guard case .matrix(let matrix) = table.content else { return [Unit(table: index, rows: 0..<0)] }
      let step = max(1, Self.unitBytes / (matrix.columns * matrix.rowNumber.bytes))
      return stride(from: 0, to: matrix.rows, by: step).map {
        Unit(table: index, rows: $0..<min(matrix.rows, $0 + step))
      }
    }
  }

  private final class UnitQueue: Sendable {
    let units: [Unit]
    private let next = Atomic(0)
    private let failure = Mutex<(index: Int, error: RunnerError)?>(nil)

    init(_ units: [Unit]) { self.units = units }

    var firstFailure: (index: Int, error: RunnerError)? { failure.withLock(\.self) }

    /// The next unit; nil at the end, and once one has failed: all before that one have been taken.
    func take() -> (index: Int, unit: Unit)? {
      if firstFailure != nil { return nil }
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      return index < units.count ? (index, units[index]) : nil
    }

    func fail(_ index: Int, _ error: RunnerError) {
      failure.withLock { if $0.map({ index < $0.index }) ?? true { $0 = (index, error) } }
    }
  }

  private func work(_ queue: UnitQueue) throws(RunnerError) -> SearchPart {
    var worker = SearchWorker(vectors, score: score, top: top)
    while let (index, unit) = queue.take() {
      do throws(RunnerError) {
        if Task.isCancelled { throw .interrupted }
        let table = inputs.tables[unit.table]
        switch table.content {
        case .matrix(let matrix): search(matrix, table, unit, &worker)
        case .rows: try search(table, unit.table, &worker)
        }
      } catch {
        queue.fail(index, error)
      }
    }
    return worker.part
  }

  private func search(
    _ matrix: NumpyMatrix, _ table: SearchInputs.Table, _ unit: Unit, _ worker: inout SearchWorker
  ) {
    matrix.withRows(unit.rows) { bytes in
      worker.search(
        bytes, of: matrix.rowNumber, count: unit.rows.count,
        first: RowPosition(table: unit.table, row: unit.rows.lowerBound)
      ) { _ in WindowPlace(source: table.name, channel: 0, start: nil) }
    }
  }

  private func search(
    _ table: SearchInputs.Table, _ index: Int, _ worker: inout SearchWorker
  ) throws(RunnerError) {
    var reader = try EmbeddingTableReader(table.path)
    for query in queries.prefix(1) {
      try query.checkComparable(
        to: table.path.string, dimension: reader.dimension ?? vectors.dimension, model: reader.provenance["model"],
        modelDigest: reader.provenance["model_sha256"], note: note)
    }
    var values: [Float] = []
    values.reserveCapacity(Self.batchRows * vectors.dimension)
    var places: [WindowPlace] = []
    var first = 0
    var isAtEnd = false
    while !isAtEnd {
      if let place = try reader.next(appendingTo: &values) {
        places.append(WindowPlace(source: place.source, channel: place.channel, start: place.start))
      } else {
        isAtEnd = true
      }
      guard places.count == Self.batchRows || (isAtEnd && !places.isEmpty) else { continue }
      if Task.isCancelled { throw .interrupted }
      worker.search(values, count: places.count, first: RowPosition(table: index, row: first)) { places[$0] }
      first += places.count
      values.removeAll(keepingCapacity: true)
      places.removeAll(keepingCapacity: true)
    }
    reader.notes.forEach(note)
  }
}

extension NumpyMatrix {
  fileprivate var rowNumber: RowNumber {
    switch number {
    case .float32: .float32
    case .float16: .float16
    }
  }
}
