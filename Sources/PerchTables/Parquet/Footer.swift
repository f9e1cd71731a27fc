// Parquet's own names and numbers: github.com/apache/parquet-format, src/main/thrift/parquet.thrift.

/// How a column's values are stored.
enum PhysicalType: Int {
  case boolean = 0
  case int32, int64, int96, float, double, bytes, fixedBytes

  /// Bytes of one plain value; nil where it varies.
  func width(fixed: Int) -> Int? {
    switch self {
    case .boolean, .bytes: nil
    case .int32, .float: 4
    case .int64, .double: 8
    case .int96: 12
    case .fixedBytes: fixed
    }
  }
}

enum Repetition: Int {
  case required = 0
  case optional, repeated
}

enum PageEncoding: Int {
  case plain = 0
  case plainDictionary = 2
  case runs = 3
  case dictionary = 8
  case byteStreamSplit = 9

  /// The format's name of an encoding, known to this program or not.
  static func name(_ code: Int) -> String {
    let names = [
      "PLAIN", "GROUP_VAR_INT", "PLAIN_DICTIONARY", "RLE", "BIT_PACKED", "DELTA_BINARY_PACKED",
      "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "RLE_DICTIONARY", "BYTE_STREAM_SPLIT",
    ]
    return names.indices.contains(code) ? names[code] : "number \(code)"
  }

  init(checking code: Int) throws(TableFault) {
    guard let encoding = PageEncoding(rawValue: code) else {
      throw .unsupported("encoding \(PageEncoding.name(code))")
    }
    self = encoding
  }
}

enum Codec: Int {
  case none = 0
  case snappy

  init(checking code: Int) throws(TableFault) {
    let names = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"]
    guard let codec = Codec(rawValue: code) else {
      throw .unsupported("compression \(names.indices.contains(code) ? names[code] : "number \(code)")")
    }
    self = codec
  }
}

/// One node of the schema tree, which the footer lists depth first.
struct SchemaElement {
  var name = ""
  /// nil for a group.
  var type: PhysicalType?
  var fixedLength = 0
  var repetition = Repetition.required
  var childCount = 0
  var annotation = Annotation.none

  /// What the values mean. The raw values are those of `LogicalType`.
  enum Annotation: Int {
    case none = 0
    case text = 1
    case list = 3
    case float16 = 15

    /// The older form of the same, which readers from before 2018 look for.
    var convertedType: Int? {
      switch self {
      case .text: 0
      case .list: 3
      case .none, .float16: nil
      }
    }
  }
}

/// Where the values of one column of one row group are.
struct ColumnChunk {
  var type = 0
  var encodings: [Int] = []
  var pathInSchema: [String] = []
  var codec = 0
  var valueCount = 0
  var uncompressedSize = 0
  var compressedSize = 0
  var dataPageOffset = 0
  var dictionaryPageOffset: Int?
  var isElsewhere = false
  var isEncrypted = false

  /// Offset of the first page.
  var start: Int {
    if let dictionary = dictionaryPageOffset, dictionary > 0 { return min(dictionary, dataPageOffset) }
    return dataPageOffset
  }
}

struct RowGroup {
  var chunks: [ColumnChunk] = []
  var byteCount = 0
  var rowCount = 0
}

/// The footer: what columns there are, where their pages are, and keys with values.
struct Footer {
  var schema: [SchemaElement] = []
  var rowCount = 0
  var rowGroups: [RowGroup] = []
  var keyValues: [(key: String, value: String)] = []
  var isEncrypted = false

  /// Bytes that begin and end a file.
  static let magic = Array("PAR1".utf8)
  static let encryptedMagic = Array("PARE".utf8)
}

// MARK: - Writing

extension Footer {
  func bytes(createdBy program: String) -> [UInt8] {
    var writer = ThriftWriter()
    writer.structure { writer in
      writer.int32(1, 2)
      writer.list(2, schema) { $1.write(to: &$0) }
      writer.int64(3, rowCount)
      writer.list(4, rowGroups) { $1.write(to: &$0) }
      if !keyValues.isEmpty {
        writer.list(5, keyValues) { writer, entry in
          writer.text(1, entry.key)
          writer.text(2, entry.value)
        }
      }
      writer.text(6, program)
    }
    return writer.bytes
  }
}

extension SchemaElement {
  fileprivate func write(to writer: inout ThriftWriter) {
    if let type { writer.int32(1, type.rawValue) }
    if type == .fixedBytes { writer.int32(2, fixedLength) }
    writer.int32(3, repetition.rawValue)
    writer.text(4, name)
    if type == nil { writer.int32(5, childCount) }
    if let converted = annotation.convertedType { writer.int32(6, converted) }
    if annotation != .none {
      writer.structure(10) { $0.structure(annotation.rawValue) { _ in } }
    }
  }
}

extension RowGroup {
  fileprivate func write(to writer: inout ThriftWriter) {
    writer.list(1, chunks) { writer, chunk in
      writer.int64(2, chunk.start)
      writer.structure(3) { chunk.write(to: &$0) }
    }
    writer.int64(2, byteCount)
    writer.int64(3, rowCount)
    if let first = chunks.first { writer.int64(5, first.start) }
    writer.int64(6, byteCount)
  }
}

extension ColumnChunk {
  fileprivate func write(to writer: inout ThriftWriter) {
    writer.int32(1, type)
    writer.list(2, int32s: encodings)
    writer.list(3, texts: pathInSchema)
    writer.int32(4, codec)
    writer.int64(5, valueCount)
    writer.int64(6, uncompressedSize)
    writer.int64(7, compressedSize)
    writer.int64(9, dataPageOffset)
    if let dictionaryPageOffset { writer.int64(11, dictionaryPageOffset) }
  }
}

// MARK: - Reading

extension Footer {
  init(_ bytes: [UInt8]) throws(TableFault) {
    var footer = Footer()
    var reader = ThriftReader(bytes)
    try reader.structure { (reader, field) throws(TableFault) in
      switch field.number {
      case 2:
        try reader.list(field, of: .structure) { (reader) throws(TableFault) in
          footer.schema.append(try SchemaElement(&reader))
        }
      case 3: footer.rowCount = try reader.integer(field)
      case 4:
        try reader.list(field, of: .structure) { (reader) throws(TableFault) in
          footer.rowGroups.append(try RowGroup(&reader))
        }
      case 5:
        try reader.list(field, of: .structure) { (reader) throws(TableFault) in
          footer.keyValues.append(try Footer.keyValue(&reader))
        }
      case 8:
        footer.isEncrypted = true
        try reader.skip(field)
      default: try reader.skip(field)
      }
    }
    self = footer
  }

  private static func keyValue(_ reader: inout ThriftReader) throws(TableFault) -> (key: String, value: String) {
    var entry = (key: "", value: "")
    try reader.structure { (reader, field) throws(TableFault) in
      switch field.number {
      case 1: entry.key = try reader.text(field)
      case 2: entry.value = try reader.text(field)
      default: try reader.skip(field)
      }
    }
    return entry
  }
}

extension SchemaElement {
  fileprivate init(_ reader: inout ThriftReader) throws(TableFault) {
    var element = SchemaElement()
    try reader.structure { (reader, field) throws(TableFault) in
      switch field.number {
      case 1:
        guard let type = PhysicalType(rawValue: try reader.integer(field)) else {
          throw .malformed("a column has an unknown type")
        }
        element.type = type
      case 2: element.fixedLength = try reader.integer(field)
      case 3:
        guard let repetition = Repetition(rawValue: try reader.integer(field)) else {
          throw .malformed("a column has an unknown repetition")
        }
        element.repetition = repetition
      case 4: element.name = try reader.text(field)
      case 5: element.childCount = try reader.integer(field)
      case 6:
        let converted = try reader.integer(field)
        if element.annotation == .none, converted == 0 || converted == 3 {
          element.annotation = converted == 0 ? .text : .list
        }
      case 10:
        try reader.structure(field) { (reader, field) throws(TableFault) in
          if let annotation = Annotation(rawValue: field.number) { element.annotation = annotation }
          try reader.skip(field)
        }
      default: try reader.skip(field)
      }
    }
    self = element
  }
}

extension RowGroup {
  fileprivate init(_ reader: inout ThriftReader) throws(TableFault) {
    var group = RowGroup()
    try reader.structure { (reader, field) throws(TableFault) in
      switch field.number {
      case 1:
        try reader.list(field, of: .structure) { (reader) throws(TableFault) in
          group.chunks.append(try ColumnChunk(&reader))
        }
      case 2: group.byteCount = try reader.integer(field)
      case 3: group.rowCount = try reader.integer(field)
      default: try reader.skip(field)
      }
    }
    self = group
  }
}

extension ColumnChunk {
  fileprivate init(_ reader: inout ThriftReader) throws(TableFault) {
    var chunk = ColumnChunk()
    try reader.structure { (reader, field) throws(TableFault) in
      switch field.number {
      case 1:
        chunk.isElsewhere = true
        try reader.skip(field)
      case 3:
        try reader.structure(field) { (reader, field) throws(TableFault) in
          try chunk.readMetadata(&reader, field)
        }
      case 8, 9:
        chunk.isEncrypted = true
        try reader.skip(field)
      default: try reader.skip(field)
      }
    }
    self = chunk
  }

  private mutating func readMetadata(
    _ reader: inout ThriftReader, _ field: ThriftReader.Field
  ) throws(TableFault) {
    switch field.number {
    case 1: type = try reader.integer(field)
    case 4: codec = try reader.integer(field)
    case 5: valueCount = try reader.integer(field)
    case 6: uncompressedSize = try reader.integer(field)
    case 7: compressedSize = try reader.integer(field)
    case 9: dataPageOffset = try reader.integer(field)
    case 11: dictionaryPageOffset = try reader.integer(field)
    // Encodings are those of the pages, and the path is that of the schema.
    default: try reader.skip(field)
    }
  }
}
