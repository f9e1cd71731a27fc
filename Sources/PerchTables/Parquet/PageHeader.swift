/// What stands before each page of a column.
struct PageHeader {
  enum Kind {
    case data(DataPage)
    case dictionary(valueCount: Int, encoding: Int)
    /// An index page, or a kind that a later version of the format added.
    case other
  }

  /// Pages of both versions. The second says how long its levels are and does not compress them.
  struct DataPage {
    var valueCount = 0
    var encoding = 0
    var definitionEncoding = PageEncoding.runs.rawValue
    var repetitionEncoding = PageEncoding.runs.rawValue
    var definitionLength = 0
    var repetitionLength = 0
    var isCompressed = true
    var isSecondVersion = false
  }

  var kind = Kind.other
  var uncompressedSize = 0
  var compressedSize = 0

  /// Numbers of page kinds.
  private enum Code {
    static let data = 0
    static let dictionary = 2
    static let dataSecondVersion = 3
  }
}

extension PageHeader {
  func bytes() -> [UInt8] {
    var writer = ThriftWriter()
    writer.structure { writer in
      switch kind {
      case .data(let page):
        writer.int32(1, Code.data)
        writer.int32(2, uncompressedSize)
        writer.int32(3, compressedSize)
        writer.structure(5) { writer in
          writer.int32(1, page.valueCount)
          writer.int32(2, page.encoding)
          writer.int32(3, page.definitionEncoding)
          writer.int32(4, page.repetitionEncoding)
        }
      case .dictionary(let valueCount, let encoding):
        writer.int32(1, Code.dictionary)
        writer.int32(2, uncompressedSize)
        writer.int32(3, compressedSize)
        writer.structure(7) { writer in
          writer.int32(1, valueCount)
          writer.int32(2, encoding)
        }
      case .other: preconditionFailure("only data and dictionary pages are written")
      }
    }
    return writer.bytes
  }

  init(_ reader: inout ThriftReader) throws(TableFault) {
    var header = PageHeader()
    var code = -1
    var data = DataPage()
    var dictionary = DataPage()
    try reader.structure { (reader, field) throws(TableFault) in
      switch field.number {
      case 1: code = try reader.integer(field)
      case 2: header.uncompressedSize = try reader.integer(field)
      case 3: header.compressedSize = try reader.integer(field)
      case 5: data = try DataPage(firstVersion: &reader, field)
      case 7: dictionary = try DataPage(firstVersion: &reader, field)
      case 8: data = try DataPage(secondVersion: &reader, field)
      default: try reader.skip(field)
      }
    }
    switch code {
    case Code.data, Code.dataSecondVersion:
      if data.isSecondVersion != (code == Code.dataSecondVersion) {
        throw .malformed("a page has the header of another kind")
      }
      header.kind = .data(data)
    case Code.dictionary:
      header.kind = .dictionary(valueCount: dictionary.valueCount, encoding: dictionary.encoding)
    default: break
    }
    let counts = [
      header.uncompressedSize, header.compressedSize, data.valueCount, dictionary.valueCount,
      data.definitionLength, data.repetitionLength,
    ]
    if counts.contains(where: { $0 < 0 }) { throw .malformed("a page has a negative size") }
    self = header
  }
}

extension PageHeader.DataPage {
  /// A dictionary page has the first two of these fields, and a third that says whether it is sorted.
  fileprivate init(firstVersion reader: inout ThriftReader, _ field: ThriftReader.Field) throws(TableFault) {
    var page = PageHeader.DataPage()
    try reader.structure(field) { (reader, field) throws(TableFault) in
      switch field.number {
      case 1: page.valueCount = try reader.integer(field)
      case 2: page.encoding = try reader.integer(field)
      case 3 where field.type == .true || field.type == .false: try reader.skip(field)
      case 3: page.definitionEncoding = try reader.integer(field)
      case 4: page.repetitionEncoding = try reader.integer(field)
      default: try reader.skip(field)
      }
    }
    self = page
  }

  fileprivate init(secondVersion reader: inout ThriftReader, _ field: ThriftReader.Field) throws(TableFault) {
    var page = PageHeader.DataPage()
    page.isSecondVersion = true
    try reader.structure(field) { (reader, field) throws(TableFault) in
      switch field.number {
      case 1: page.valueCount = try reader.integer(field)
      case 4: page.encoding = try reader.integer(field)
      case 5: page.definitionLength = try reader.integer(field)
      case 6: page.repetitionLength = try reader.integer(field)
      case 7: page.isCompressed = try reader.flag(field)
      default: try reader.skip(field)
      }
    }
    self = page
  }
}
