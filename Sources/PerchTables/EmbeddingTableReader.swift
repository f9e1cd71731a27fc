import PerchCore
import SystemPackage

/// Reads an embeddings table row by row: ours in every layout, those of perch-runner's Python versions,
/// Parquet or CSV, told apart by what is in the file. Memory does not grow with the number of rows,
/// but for tables of several recordings in half precision, where each recording is remembered.
package struct EmbeddingTableReader: Sendable {
  package let path: FilePath
  package let format: TableFormat
  /// What made the table, from its header or its sidecar; empty where it does not say.
  package let provenance: Provenance
  /// Values of each embedding; nil for a table without rows that does not say.
  package private(set) var dimension: Int?
  /// What users should know about the table, complete when all rows are read.
  package private(set) var notes: [Note] = []

  private var rows: any EmbeddingSource
  /// The first row, read to learn the dimension.
  private var first: EmbeddingRow?
  private var raw = RawEmbedding()
  private var offsets = HalfOffsets()
  private var rowNumber = 0
  /// Seconds of sound in the recording; nil where the table does not say.
  private let duration: Double?

  /// Length of a window in seconds, by which a row ends where its table does not say.
  private static let windowSeconds = 5.0

  /// Throws exit 3 when `path` is not a readable table of embeddings.
  package init(_ path: FilePath) throws(RunnerError) {
    do throws(TableFault) {
      try self.init(opening: path)
    } catch {
      throw RunnerError(error, table: path)
    }
  }

  private init(opening path: FilePath) throws(TableFault) {
    let opened = try OpenTable(path)
    self.path = path
    provenance = opened.provenance
    duration = opened.provenance["input_duration_seconds"].flatMap(Double.init)
    let claimed = opened.provenance["embedding_dim"].flatMap(Int.init)
    switch opened.content {
    case .csv(let reader):
      format = .csv
      rows = try CSVEmbeddings(reader, dimension: claimed)
      dimension = nil
    case .parquet(let parquet):
      format = .parquet
      let embeddings = try ParquetEmbeddings(parquet, dimension: claimed)
      rows = embeddings
      dimension = embeddings.dimension
    }
    first = try read()
    dimension = first?.embedding.count ?? dimension ?? claimed
  }

  /// The next row; nil at the end. Throws exit 3 when the table is damaged.
  package mutating func next() throws(RunnerError) -> EmbeddingRow? {
    if let row = first {
      first = nil
      return row
    }
    do throws(TableFault) {
      return try read()
    } catch {
      throw RunnerError(error, table: path)
    }
  }

  /// What a row says beside its vector.
  package struct Head: Sendable {
    package let source: String
    package let channel: Int32
    /// Seconds.
    package let start: Double
  }

  /// The same as `next` for readers of many rows: appends the vector to `values`. nil at the end.
  package mutating func next(appendingTo values: inout [Float]) throws(RunnerError) -> Head? {
    if let row = first {
      first = nil
      values += row.embedding
      return Head(source: row.source, channel: row.channel, start: row.start)
    }
    do throws(TableFault) {
      guard let (start, _) = try readRaw() else { return nil }
      values += raw.vector
      return Head(source: source, channel: raw.channel, start: start)
    } catch {
      throw RunnerError(error, table: path)
    }
  }

  private mutating func read() throws(TableFault) -> EmbeddingRow? {
    guard let (start, end) = try readRaw() else { return nil }
    return EmbeddingRow(
      source: source, channel: raw.channel, start: start, end: end, embedding: raw.vector, distance: raw.distance)
  }

  private var source: String {
    raw.source ?? provenance["input"] ?? path.lastComponent?.string ?? path.string
  }

  /// Reads the next row into `raw` and checks it; returns its start and end.
  private mutating func readRaw() throws(TableFault) -> (start: Double, end: Double)? {
    guard try rows.next(into: &raw) else { return nil }
    rowNumber += 1
    if let dimension, raw.vector.count != dimension {
      throw .row(rowNumber, "has an embedding of \(raw.vector.count) values, not \(dimension)")
    }
    if !raw.vector.allSatisfy(\.isFinite) { throw .row(rowNumber, "has an embedding that is not finite") }
    let start = restoredStart()
    let end = raw.end ?? min(start + EmbeddingTableReader.windowSeconds, duration ?? .infinity)
    guard start.isFinite, end.isFinite, raw.distance?.isFinite ?? true else {
      throw .row(rowNumber, "has a time or distance that is not finite")
    }
    return (start, end)
  }

  private mutating func restoredStart() -> Double {
    if !raw.hasHalfStart { return raw.start }
    let start = offsets.restore(raw)
    if start != raw.start && notes.isEmpty {
      notes.append(
        Note(.info, path.string, "offsets are in half precision; restored from the order of the rows"))
    }
    return start
  }
}

extension EmbeddingTableReader {
  /// Whether `path` is a table with columns of embeddings, judged by its header alone.
  package static func hasEmbeddings(_ path: FilePath) -> Bool {
    guard let opened = try? OpenTable(path) else { return true }  // its reader will say what is wrong
    let names =
      switch opened.content {
      case .csv(let reader): reader.names
      case .parquet(let parquet): parquet.columns.map(\.name)
      }
    return (try? EmbeddingColumns(names: names)) != nil
  }
}

/// A table whose format has been found by its content.
struct OpenTable {
  enum Content {
    case csv(CSVReader)
    case parquet(ParquetFile)
  }

  let content: Content
  let provenance: Provenance

  init(_ path: FilePath) throws(TableFault) {
    let file = try InputFile(path)
    let magic = try file.read(at: 0, upTo: Footer.magic.count)
    let header: Provenance
    if magic == Footer.magic || magic == Footer.encryptedMagic {
      let parquet = try ParquetFile(file)
      content = .parquet(parquet)
      header = parquet.provenance
    } else {
      let reader = try CSVReader(file)
      content = .csv(reader)
      header = reader.provenance
    }
    provenance = header.entries.isEmpty ? Sidecar.read(besides: path) ?? header : header
  }
}

extension Provenance {
  /// The provenance of any table of ours, from its header or its sidecar; empty where it has none.
  /// Throws exit 3 when the file is no table.
  package init(ofTable path: FilePath) throws(RunnerError) {
    do throws(TableFault) {
      self = try OpenTable(path).provenance
    } catch {
      throw RunnerError(error, table: path)
    }
  }
}

extension TableFormat {
  /// The format of a table of embeddings at `path`, by its first bytes; nil for every other file, so
  /// that an input may be a recording or a table.
  package static func ofEmbeddings(at path: FilePath) -> TableFormat? {
    guard let file = try? InputFile(path), let head = try? file.read(at: 0, upTo: 4096) else { return nil }
    if head.starts(with: Footer.magic) || head.starts(with: Footer.encryptedMagic) { return .parquet }
    // Sound files have zero bytes early; text has none.
    if head.isEmpty || head.contains(0) { return nil }
    guard let reader = try? CSVReader(file), (try? EmbeddingColumns(names: reader.names)) != nil else {
      return nil
    }
    return .csv
  }
}
