import PerchCore
import SystemPackage

/// One window of a recording with its embedding.
package struct EmbeddingRow: Equatable, Sendable {
  package let source: String
  package let channel: Int32
  /// Seconds from the start of the recording to that of the window.
  package let start: Double
  /// Seconds to the end of the window, or of the recording within it.
  package let end: Double
  package let embedding: [Float]
  /// Cosine distance to a query; nil where the table has none.
  package let distance: Double?

  package init(
    source: String, channel: Int32, start: Double, end: Double, embedding: [Float], distance: Double? = nil
  ) {
    self.source = source
    self.channel = channel
    self.start = start
    self.end = end
    self.embedding = embedding
    self.distance = distance
  }
}

/// Which columns an embeddings table has.
package enum EmbeddingLayout: String, CaseIterable, Sendable {
  /// Our own: `source`, `channel`, `source_separation_channel`, `start`, `end`, `embedding`.
  case list
  /// `source`, `channel`, `offset`, then `f0000`, `f0001`, …: one column for each number.
  case columns
  /// `source`, `channel`, `offset`, `embeddings`: the vector as Base64 text.
  case serialized

  /// The columns, in order; those of distances are last.
  package func columns(dimension: Int, hasEmbeddings: Bool = true, distances: [String] = []) -> [Column] {
    place + (hasEmbeddings ? vector(dimension) : []) + distances.map { Column($0, .double, isNullable: true) }
  }

  private var place: [Column] {
    switch self {
    case .list:
      [
        Column("source", .text, isRepetitive: true), Column("channel", .int32), Column("source_separation_channel", .int32),
        Column("start", .double), Column("end", .double),
      ]
    // Nullable, as pandas writes them: tables of the two programs can then be put together.
    case .columns, .serialized:
      [
        Column("source", .text, isNullable: true, isRepetitive: true), Column("channel", .int64, isNullable: true),
        Column("offset", .double, isNullable: true),
      ]
    }
  }

  private func vector(_ dimension: Int) -> [Column] {
    switch self {
    case .list: [Column("embedding", .floats)]
    case .columns: (0..<dimension).map { Column(EmbeddingLayout.featureName($0), .float, isNullable: true) }
    case .serialized: [Column("embeddings", .text, isNullable: true)]
    }
  }

  /// `f` and the index with at least four digits.
  private static func featureName(_ index: Int) -> String {
    let digits = String(index)
    return "f" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

/// Writes an embeddings table row by row. The caller gives the rows in order of `start`, then `channel`.
package struct EmbeddingTableWriter: ~Copyable {
  private let path: FilePath
  private let layout: EmbeddingLayout
  private let dimension: Int
  private let hasEmbeddings: Bool
  private let distances: [String]
  private var table: TableWriter

  /// - Parameters:
  ///   - dimension: values of each embedding.
  ///   - hasEmbeddings: false leaves the vectors out.
  ///   - distances: names of columns of distances, the table's last.
  /// - Throws: exit 6 when `path` cannot be written.
  package init(
    path: FilePath, format: TableFormat, layout: EmbeddingLayout = .list,
    metadata: MetadataPlacement = .header, dimension: Int, hasEmbeddings: Bool = true, distances: [String] = []
  ) throws(RunnerError) {
    self.path = path
    self.layout = layout
    self.dimension = dimension
    self.hasEmbeddings = hasEmbeddings
    self.distances = distances
    table = try TableWriter(
      path: path,
      columns: layout.columns(dimension: dimension, hasEmbeddings: hasEmbeddings, distances: distances),
      format: format, metadata: metadata)
  }

  /// Writes a row. Times are in seconds; `distance` is nil where it is not defined.
  ///
  /// Throws exit 6 when the disk is full, exit 1 for values that no table may hold.
  package mutating func append(
    source: String, channel: Int32, start: Double, end: Double, embedding: [Float], distance: Double? = nil
  ) throws(RunnerError) {
    try append(
      EmbeddingRow(source: source, channel: channel, start: start, end: end, embedding: embedding),
      distances: distances.isEmpty ? [] : [distance])
  }

  package mutating func append(_ row: EmbeddingRow) throws(RunnerError) {
    try append(row, distances: distances.isEmpty ? [] : [row.distance])
  }

  /// - Parameter distances: one for each column of them; what `row` says of a distance is not looked at.
  package mutating func append(_ row: EmbeddingRow, distances: [Double?]) throws(RunnerError) {
    guard row.embedding.count == dimension else {
      let text = "an embedding has \(row.embedding.count) values, not \(dimension)"
      throw RunnerError(.unwritable(text), table: path)
    }
    var cells: [Cell] = [.text(row.source)]
    switch layout {
    case .list: cells += [.int32(row.channel), .int32(0), .double(row.start), .double(row.end)]
    case .columns, .serialized: cells += [.int64(Int64(row.channel)), .double(row.start)]
    }
    if hasEmbeddings {
      switch layout {
      case .list: cells.append(.floats(row.embedding))
      case .columns: cells += row.embedding.map { .float($0) }
      case .serialized: cells.append(.text(try serialized(row.embedding)))
      }
    }
    cells += distances.map { $0.map { .double($0) } ?? .null }
    try table.append(cells)
  }

  /// Ends the table and gives it its final name.
  package consuming func finish(_ provenance: Provenance) throws(RunnerError) {
    try table.finish(provenance)
  }

  private func serialized(_ embedding: [Float]) throws(RunnerError) -> String {
    // As text it would pass the writer's check of numbers.
    if let fault = Cell.floats(embedding).fault(in: Column("embeddings", .floats)) {
      throw RunnerError(fault, table: path)
    }
    var bytes: [UInt8] = []
    bytes.append(bytesOf: embedding)
    var text: [UInt8] = []
    Base64.encode(bytes, into: &text)
    return String(decoding: text, as: UTF8.self)
  }
}
