import PerchCore

/// A column of a Parquet schema that holds values: where it hangs and how it is stored.
struct ParquetColumn {
  /// Name of the table's column it belongs to: the first of its path.
  let name: String
  let type: PhysicalType
  let fixedLength: Int
  let annotation: SchemaElement.Annotation
  /// Position among the chunks of a row group.
  let index: Int
  /// Definition level of a value that is there.
  let maximumDefinition: Int
  /// 1 within a list, else 0.
  let maximumRepetition: Int
  /// Definition level from which on an element of the list exists; 0 outside lists.
  let elementDefinition: Int

  /// Whether each row has one value, or none: neither list nor part of a structure.
  var isFlat: Bool { maximumRepetition == 0 }

  var isHalfPrecision: Bool { type == .fixedBytes && fixedLength == 2 }
}

/// The footer of a Parquet file, checked as far as can be without reading pages.
struct ParquetFile: Sendable {
  let file: InputFile
  let columns: [ParquetColumn]
  let rowCount: Int
  let rowGroups: [RowGroup]
  let provenance: Provenance
  /// Offset of the footer: pages end before it.
  private let footerStart: Int

  private static let prefix = "perch_runner."

  init(_ file: InputFile) throws(TableFault) {
    let magicSize = Footer.magic.count
    let head = try file.read(at: 0, upTo: magicSize)
    if head == Footer.encryptedMagic { throw .unsupported("encryption") }
    if head != Footer.magic { throw .notEmbeddings("is neither CSV nor Parquet") }
    if file.size < 2 * magicSize + 4 { throw .truncated("the Parquet footer") }
    var tail = ByteCursor(
      try file.read(at: file.size - magicSize - 4, count: magicSize + 4, of: "the Parquet footer"))
    let length = Int(try tail.number(UInt32.self))
    if Array(tail.rest) != Footer.magic || length > file.size - 2 * magicSize - 4 {
      throw .truncated("the Parquet footer")
    }
    footerStart = file.size - magicSize - 4 - length
    let footer = try Footer(try file.read(at: footerStart, count: length, of: "the Parquet footer"))
    if footer.isEncrypted { throw .unsupported("encryption") }

    self.file = file
    columns = try ParquetFile.columns(of: footer.schema)
    rowCount = footer.rowCount
    rowGroups = footer.rowGroups
    var provenance = Provenance()
    for (key, value) in footer.keyValues where key.hasPrefix(ParquetFile.prefix) {
      provenance.set(String(key.dropFirst(ParquetFile.prefix.count)), value)
    }
    self.provenance = provenance
    try checkCounts()
  }

  /// The chunk of `column` in a row group, within the file.
  func chunk(of column: ParquetColumn, in group: RowGroup) throws(TableFault) -> ColumnChunk {
    let chunk = group.chunks[column.index]
    if chunk.isElsewhere { throw .unsupported("column \(column.name) in another file") }
    if chunk.isEncrypted { throw .unsupported("encryption") }
    if chunk.type != column.type.rawValue { throw .malformed("column \(column.name) has two types") }
    if chunk.start < Footer.magic.count || chunk.compressedSize < 0
      || chunk.start > footerStart || chunk.compressedSize > footerStart - chunk.start
    {
      throw .malformed("column \(column.name) lies outside the file")
    }
    return chunk
  }

  private func checkCounts() throws(TableFault) {
    var total = 0
    for group in rowGroups {
      if group.rowCount < 0 || group.chunks.count != columns.count {
        throw .malformed("a row group does not fit the schema")
      }
      for column in columns where column.isFlat && group.chunks[column.index].valueCount != group.rowCount {
        throw .malformed("column \(column.name) has another number of values than rows")
      }
      total = try sum(total, group.rowCount)
    }
    if total != rowCount { throw .malformed("the row groups have another number of rows than the table") }
  }

  // MARK: - Schema

  private static func columns(of schema: [SchemaElement]) throws(TableFault) -> [ParquetColumn] {
    guard let root = schema.first, root.type == nil else { throw .malformed("the schema has no root") }
    var walk = SchemaWalk(rest: schema.dropFirst())
    for _ in 0..<max(0, root.childCount) {
      try walk.node(top: nil, definition: 0, repetition: 0, element: 0, depth: 0)
    }
    if !walk.rest.isEmpty { throw .malformed("the schema has more nodes than its tree") }
    return walk.columns
  }
}

/// Turns the schema's depth-first list into columns with their levels.
private struct SchemaWalk {
  var rest: ArraySlice<SchemaElement>
  var columns: [ParquetColumn] = []

  private static let maximumDepth = 16

  init(rest: ArraySlice<SchemaElement>) { self.rest = rest }

  mutating func node(
    top: String?, definition: Int, repetition: Int, element: Int, depth: Int
  ) throws(TableFault) {
    guard let node = rest.popFirst() else { throw .malformed("the schema has fewer nodes than its tree") }
    if depth > SchemaWalk.maximumDepth { throw .malformed("the schema is nested too deeply") }
    let definition = definition + (node.repetition == .required ? 0 : 1)
    let repetition = repetition + (node.repetition == .repeated ? 1 : 0)
    let element = node.repetition == .repeated ? definition : element
    let top = top ?? node.name
    guard let type = node.type else {
      for _ in 0..<max(0, node.childCount) {
        try self.node(
          top: top, definition: definition, repetition: repetition, element: element, depth: depth + 1)
      }
      return
    }
    if node.fixedLength < 0 { throw .malformed("column \(top) has values of negative length") }
    columns.append(
      ParquetColumn(
        name: top, type: type, fixedLength: node.fixedLength, annotation: node.annotation,
        index: columns.count, maximumDefinition: definition, maximumRepetition: repetition,
        elementDefinition: element))
  }
}
