import PerchCore

/// Parquet in row groups of bounded size: plain pages of the first version, no compression, columns
/// required unless nullable, dictionaries for texts that repeat, vectors as three-level lists.
///
/// Embeddings are noise in their lower bits, so compression would cost time and save nothing.
struct ParquetEncoder: TableEncoder {
  private var builders: [ChunkBuilder]
  private var footer = Footer()
  private var rowsInGroup = 0
  /// Bytes written so far.
  private var position = 0

  /// Bytes of a row group. What a reader must hold of a table with few columns, and of what a killed
  /// run loses nothing: the file has no name before its end.
  private static let groupSize = 4 << 20
  private static let rowsBetweenChecks = 64

  init(_ columns: [Column]) {
    builders = columns.map { ChunkBuilder($0) }
    footer.schema = ParquetEncoder.schema(of: columns)
  }

  mutating func append(_ row: [Cell], to file: inout AtomicFile) throws(RunnerError) {
    for index in row.indices { builders[index].append(row[index]) }
    rowsInGroup += 1
    if rowsInGroup % ParquetEncoder.rowsBetweenChecks != 0 { return }
    if builders.reduce(0, { $0 + $1.byteCount }) >= ParquetEncoder.groupSize { try writeGroup(to: &file) }
  }

  mutating func finish(_ provenance: Provenance?, to file: inout AtomicFile) throws(RunnerError) -> [UInt8] {
    if rowsInGroup > 0 { try writeGroup(to: &file) }
    if position == 0 { try write(Footer.magic, to: &file) }
    footer.keyValues = (provenance?.entries ?? []).map { ("perch_runner.\($0.key)", $0.value) }
    // The form that readers look for when they work around the faults of a writer's old versions.
    let bytes = footer.bytes(createdBy: "perch-runner version \(programVersion)")
    try write(bytes, to: &file)
    var end: [UInt8] = []
    end.append(bytesOf: UInt32(bytes.count))
    try write(end + Footer.magic, to: &file)
    return []
  }

  private mutating func write(_ bytes: [UInt8], to file: inout AtomicFile) throws(RunnerError) {
    try file.write(bytes)
    position += bytes.count
  }

  private mutating func writeGroup(to file: inout AtomicFile) throws(RunnerError) {
    if position == 0 { try write(Footer.magic, to: &file) }
    var group = RowGroup()
    group.rowCount = rowsInGroup
    for index in builders.indices {
      let (parts, chunk) = builders[index].finish(at: position)
      for part in parts { try write(part, to: &file) }
      group.chunks.append(chunk)
      group.byteCount += chunk.compressedSize
    }
    footer.rowGroups.append(group)
    footer.rowCount += rowsInGroup
    rowsInGroup = 0
  }

  private static func schema(of columns: [Column]) -> [SchemaElement] {
    var schema = [SchemaElement(name: "schema", childCount: columns.count)]
    for column in columns {
      let repetition: Repetition = column.isNullable ? .optional : .required
      var leaf = SchemaElement(name: column.name, type: column.type.physical, repetition: repetition)
      if column.type == .text { leaf.annotation = .text }
      if column.type == .floats {
        leaf.name = "element"
        leaf.repetition = .required
        schema.append(
          SchemaElement(name: column.name, repetition: repetition, childCount: 1, annotation: .list))
        schema.append(SchemaElement(name: "list", repetition: .repeated, childCount: 1))
      }
      schema.append(leaf)
    }
    return schema
  }
}

extension ColumnType {
  fileprivate var physical: PhysicalType {
    switch self {
    case .text: .bytes
    case .int32: .int32
    case .int64: .int64
    case .float, .floats: .float
    case .double: .double
    }
  }
}

/// Collects one column of one row group as pages.
private struct ChunkBuilder {
  private let column: Column
  /// Definition level of a value that is there.
  private let maximumDefinition: Int

  /// Finished pages, with their headers; each on its own, since one array that grows would be copied and take
  /// up to three times the memory.
  private var pages: [[UInt8]] = []
  private var pageBytes = 0
  private var valueCount = 0

  /// The page being filled: levels, and plain values or indices into the dictionary.
  private var repetitions = RunEncoder()
  private var definitions = RunEncoder()
  private var values: [UInt8] = []
  private var indices = RunEncoder()
  private var entries = 0

  private var dictionary: [String: UInt32] = [:]
  private var dictionaryBytes: [UInt8] = []

  private static let pageSize = 1 << 20

  init(_ column: Column) {
    self.column = column
    maximumDefinition = (column.isNullable ? 1 : 0) + (column.type == .floats ? 1 : 0)
  }

  var byteCount: Int { pageBytes + values.count + indices.byteCount + dictionaryBytes.count }

  private var usesDictionary: Bool { column.isRepetitive && column.type == .text }

  /// Appends a cell whose type the caller has checked.
  mutating func append(_ cell: Cell) {
    if case .floats(let list) = cell {
      append(list)
    } else {
      entries += 1
      definitions.append(cell == .null ? 0 : UInt32(maximumDefinition))
      if column.type == .floats { repetitions.append(0) }
    }
    switch cell {
    case .null, .floats: break
    case .text(let value): append(value)
    case .int32(let value): values.append(bytesOf: value)
    case .int64(let value): values.append(bytesOf: value)
    case .float(let value): values.append(bytesOf: value)
    case .double(let value): values.append(bytesOf: value)
    }
    if values.count >= ChunkBuilder.pageSize { endPage() }
  }

  private mutating func append(_ list: [Float]) {
    repetitions.append(0)
    repetitions.append(1, count: max(0, list.count - 1))
    // An empty list is an entry without a value.
    definitions.append(UInt32(list.isEmpty ? maximumDefinition - 1 : maximumDefinition), count: max(1, list.count))
    entries += max(1, list.count)
    values.append(bytesOf: list)
  }

  private mutating func append(_ text: String) {
    if !usesDictionary {
      ChunkBuilder.append(text, to: &values)
    } else if let index = dictionary[text] {
      indices.append(index)
    } else {
      let index = UInt32(dictionary.count)
      dictionary[text] = index
      ChunkBuilder.append(text, to: &dictionaryBytes)
      indices.append(index)
    }
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(bytesOf: UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  private mutating func endPage() {
    var body: [UInt8] = []
    if column.type == .floats { ChunkBuilder.append(repetitions.bytes(width: 1), withLengthTo: &body) }
    if maximumDefinition > 0 {
      let width = Int.bitWidth - maximumDefinition.leadingZeroBitCount
      ChunkBuilder.append(definitions.bytes(width: width), withLengthTo: &body)
    }
    if usesDictionary {
      // Bits of the largest index; at least one, since some readers refuse a width of 0.
      let width = max(1, Int.bitWidth - (dictionary.count - 1).leadingZeroBitCount)
      body.append(UInt8(width))
      body += indices.bytes(width: width)
    } else {
      body += values
    }
    var page = PageHeader.DataPage()
    page.valueCount = entries
    page.encoding = (usesDictionary ? PageEncoding.dictionary : .plain).rawValue
    let header = PageHeader(kind: .data(page), uncompressedSize: body.count, compressedSize: body.count)
    pages.append(header.bytes())
    pages.append(body)
    pageBytes += pages.suffix(2).reduce(0) { $0 + $1.count }
    valueCount += entries

    entries = 0
    values.removeAll(keepingCapacity: true)
    repetitions.removeAll()
    definitions.removeAll()
    indices.removeAll()
  }

  private static func append(_ levels: [UInt8], withLengthTo body: inout [UInt8]) {
    body.append(bytesOf: UInt32(levels.count))
    body += levels
  }

  /// The chunk's bytes, in parts, and its entry in the footer, for a chunk that begins at `position`.
  /// Empties this.
  mutating func finish(at position: Int) -> (parts: [[UInt8]], chunk: ColumnChunk) {
    if entries > 0 { endPage() }
    var chunk = ColumnChunk()
    chunk.type = column.type.physical.rawValue
    chunk.encodings = [PageEncoding.plain.rawValue, PageEncoding.runs.rawValue]
    chunk.pathInSchema = column.type == .floats ? [column.name, "list", "element"] : [column.name]
    chunk.valueCount = valueCount
    chunk.dataPageOffset = position
    var head: [UInt8] = []
    if usesDictionary {
      let size = dictionaryBytes.count
      let kind = PageHeader.Kind.dictionary(
        valueCount: dictionary.count, encoding: PageEncoding.plain.rawValue)
      head = PageHeader(kind: kind, uncompressedSize: size, compressedSize: size).bytes() + dictionaryBytes
      chunk.encodings.append(PageEncoding.dictionary.rawValue)
      chunk.dictionaryPageOffset = position
      chunk.dataPageOffset = position + head.count
    }
    chunk.uncompressedSize = head.count + pageBytes
    chunk.compressedSize = chunk.uncompressedSize

    let parts = [head] + pages
    pages = []
    pageBytes = 0
    valueCount = 0
    dictionary.removeAll(keepingCapacity: true)
    dictionaryBytes.removeAll(keepingCapacity: true)
    return (parts, chunk)
  }
}
