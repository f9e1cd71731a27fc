import PerchCore

/// What a column may be read as.
protocol ColumnElement: Sendable {
  /// The next plain value of a column. Throws when the column's type cannot be read so.
  static func plain(_ cursor: inout ByteCursor, of column: ParquetColumn) throws(TableFault) -> Self
}

/// Reads the values of one column of one row group, page by page. Holds one page and one dictionary.
struct ColumnReader<Element: ColumnElement> {
  private let column: ParquetColumn
  private let file: InputFile
  private let codec: Codec
  /// Where the next page begins, and where the chunk ends.
  private var position: Int
  private let end: Int

  private var dictionary: [Element] = []
  /// Entries of the page at hand that are still to come; each has levels, and a value if it is there.
  private var entriesLeft = 0
  private var repetitions = RunDecoder.zeros
  private var definitions = RunDecoder.zeros
  private var values = PageValues.plain
  private var plain = ByteCursor([])
  private var runs = RunDecoder.zeros

  /// How the values of a page are stored.
  private enum PageValues { case plain, dictionary }

  /// A page beyond this is damage: writers aim at 1 MiB.
  private static var maximumPage: Int { 1 << 29 }
  /// So is a list: embeddings have some thousand values. A run of equal values costs a file a few bytes
  /// but a list all of them.
  private static var maximumList: Int { 1 << 20 }

  init(_ column: ParquetColumn, of group: RowGroup, in parquet: ParquetFile) throws(TableFault) {
    let chunk = try parquet.chunk(of: column, in: group)
    self.column = column
    file = parquet.file
    codec = try Codec(checking: chunk.codec)
    position = chunk.start
    end = chunk.start + chunk.compressedSize
  }

  /// The value of the next row; nil when it is null.
  mutating func next() throws(TableFault) -> Element? {
    if entriesLeft == 0 { try loadPage() }
    entriesLeft -= 1
    return try definitions.next() == UInt32(column.maximumDefinition) ? try value() : nil
  }

  /// Writes the values of the next `count` rows to `target` at `start`, `start + step` and so on: much faster
  /// than one after the other. Returns how many; fewer than `count` when the next one is null.
  mutating func next(
    _ count: Int, into target: inout MutableSpan<Element>, from start: Int, step: Int
  ) throws(TableFault) -> Int {
    var at = start
    var left = count
    while left > 0 {
      if entriesLeft == 0 { try loadPage() }
      try definitions.fill()
      if definitions.value != UInt32(column.maximumDefinition) { return count - left }
      let part = min(left, entriesLeft, definitions.left)
      definitions.skip(part)
      entriesLeft -= part
      left -= part
      for _ in 0..<part {
        target[at] = try value()
        at += step
      }
    }
    return count
  }

  private mutating func value() throws(TableFault) -> Element {
    switch values {
    case .plain: return try Element.plain(&plain, of: column)
    case .dictionary:
      let index = try runs.next()
      if index >= UInt32(dictionary.count) {
        throw .malformed("column \(column.name) refers to a value that is not in its dictionary")
      }
      return dictionary[Int(index)]
    }
  }

  // MARK: - Pages

  /// Loads the next data page that has entries.
  private mutating func loadPage() throws(TableFault) {
    while entriesLeft == 0 {
      if position >= end { throw .truncated("column \(column.name)") }
      let header = try readHeader()
      if header.compressedSize > end - position { throw .truncated("column \(column.name)") }
      if max(header.compressedSize, header.uncompressedSize) > ColumnReader.maximumPage {
        throw .unsupported("a page of \(header.uncompressedSize) bytes")
      }
      let start = position
      position += header.compressedSize
      switch header.kind {
      case .other: continue
      case .dictionary(let count, let encoding): try readDictionary(header, at: start, count, encoding)
      case .data(let page): try readData(header, at: start, page)
      }
    }
  }

  /// Reads the header at `position`, whose length nothing tells, and moves behind it.
  private mutating func readHeader() throws(TableFault) -> PageHeader {
    // Most take 30 bytes; those with the smallest and largest value of a text column take more.
    var count = 256
    while true {
      let bytes = try file.read(at: position, upTo: min(count, end - position))
      do throws(TableFault) {
        var reader = ThriftReader(bytes)
        let header = try PageHeader(&reader)
        position += reader.position
        return header
      } catch .truncated where bytes.count == count {
        count *= 8
      }
    }
  }

  private func readBody(at start: Int, _ count: Int) throws(TableFault) -> [UInt8] {
    try file.read(at: start, count: count, of: "column \(column.name)")
  }

  private func decompress(_ body: ByteCursor, size: Int) throws(TableFault) -> [UInt8] {
    switch codec {
    case .snappy:
      do { return try Snappy.decompress(body.rest, size: size) } catch {
        switch error {
        case .truncated: throw .truncated("a value")
        case .malformed(let text): throw .malformed(text)
        }
      }
    case .none:
      if body.remaining != size { throw .malformed("a page has another size than its header says") }
      return Array(body.rest)
    }
  }

  private mutating func readDictionary(
    _ header: PageHeader, at start: Int, _ count: Int, _ encoding: Int
  ) throws(TableFault) {
    switch try PageEncoding(checking: encoding) {
    case .plain, .plainDictionary: break
    default: throw .unsupported("a dictionary with encoding \(PageEncoding.name(encoding))")
    }
    let body = ByteCursor(try readBody(at: start, header.compressedSize))
    var cursor = ByteCursor(try decompress(body, size: header.uncompressedSize))
    // Every value takes a byte or more, so a false count cannot take memory.
    if count > cursor.remaining { throw .truncated("the dictionary of column \(column.name)") }
    dictionary.removeAll()
    for _ in 0..<count { dictionary.append(try Element.plain(&cursor, of: column)) }
  }

  private mutating func readData(
    _ header: PageHeader, at start: Int, _ page: PageHeader.DataPage
  ) throws(TableFault) {
    var body = ByteCursor(try readBody(at: start, header.compressedSize))
    if page.isSecondVersion {
      repetitions = try levels(try body.take(page.repetitionLength), maximum: column.maximumRepetition)
      definitions = try levels(try body.take(page.definitionLength), maximum: column.maximumDefinition)
      let size = header.uncompressedSize - page.repetitionLength - page.definitionLength
      if size < 0 { throw .malformed("a page has another size than its header says") }
      // A page of nulls only may leave out even the compressed form of nothing.
      if page.isCompressed && !(size == 0 && body.remaining == 0) {
        body = ByteCursor(try decompress(body, size: size))
      }
    } else {
      body = ByteCursor(try decompress(body, size: header.uncompressedSize))
      repetitions = try levels(from: &body, page.repetitionEncoding, maximum: column.maximumRepetition)
      definitions = try levels(from: &body, page.definitionEncoding, maximum: column.maximumDefinition)
    }
    try readValues(body, page)
    entriesLeft = page.valueCount
  }

  /// Levels of a page of the first version, whose length precedes them.
  private func levels(
    from body: inout ByteCursor, _ encoding: Int, maximum: Int
  ) throws(TableFault) -> RunDecoder {
    if maximum == 0 { return .zeros }
    if encoding != PageEncoding.runs.rawValue {
      throw .unsupported("levels with encoding \(PageEncoding.name(encoding))")
    }
    let length = Int(try body.number(UInt32.self))
    return try levels(try body.take(length), maximum: maximum)
  }

  private func levels(_ bytes: ByteCursor, maximum: Int) throws(TableFault) -> RunDecoder {
    maximum == 0 ? .zeros : try RunDecoder(bytes, width: Int.bitWidth - maximum.leadingZeroBitCount)
  }

  private mutating func readValues(_ body: ByteCursor, _ page: PageHeader.DataPage) throws(TableFault) {
    var body = body
    switch try PageEncoding(checking: page.encoding) {
    case .plain:
      values = .plain
      plain = body
    case .plainDictionary, .dictionary:
      values = .dictionary
      // A page of nulls only has no indices, and then perhaps no width either.
      let width = body.remaining == 0 ? 0 : Int(try body.byte())
      runs = try RunDecoder(body, width: width)
    // Truth values only; no column that is read here holds any.
    case .runs: throw .malformed("column \(column.name) holds truth values")
    case .byteStreamSplit:
      guard let width = column.type.width(fixed: column.fixedLength), width > 0 else {
        throw .unsupported("encoding BYTE_STREAM_SPLIT of values of varying length")
      }
      values = .plain
      plain = ByteCursor(ColumnReader.joined(body.rest, width: width))
    }
  }

  /// The plain form of BYTE_STREAM_SPLIT, which keeps first bytes, second bytes and so on apart.
  private static func joined(_ split: ArraySlice<UInt8>, width: Int) -> [UInt8] {
    let count = split.count / width
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * width)
    for index in 0..<count {
      for place in 0..<width { bytes.append(split[split.startIndex + place * count + index]) }
    }
    return bytes
  }
}

// MARK: - Lists

extension ColumnReader where Element == Float {
  /// Replaces `list` by the list of the next row; false when it is null or empty.
  ///
  /// Takes runs of entries whose levels are equal at once, which for lists without nulls is one run.
  mutating func nextList(into list: inout [Float]) throws(TableFault) -> Bool {
    list.removeAll(keepingCapacity: true)
    if entriesLeft == 0 { try loadPage() }
    try repetitions.fill()
    if repetitions.value != 0 { throw .malformed("a row of column \(column.name) begins within a list") }
    try takeEntries(1, into: &list)
    while try continuesList() {
      try repetitions.fill()
      if repetitions.value == 0 { break }
      try takeEntries(min(repetitions.left, entriesLeft), into: &list)
    }
    return !list.isEmpty
  }

  /// Whether there is another entry. A list may go on in the next page of the first version.
  private mutating func continuesList() throws(TableFault) -> Bool {
    if entriesLeft > 0 { return true }
    if position >= end { return false }
    do {
      try loadPage()
    } catch .truncated where entriesLeft == 0 && position >= end {
      return false  // only pages without entries were left
    }
    return true
  }

  /// Takes `count` entries, of the run of repetition levels at hand.
  private mutating func takeEntries(_ count: Int, into list: inout [Float]) throws(TableFault) {
    repetitions.skip(count)
    var left = count
    while left > 0 {
      try definitions.fill()
      let part = min(left, definitions.left)
      let level = Int(definitions.value)
      definitions.skip(part)
      entriesLeft -= part
      left -= part
      if list.count + part > ColumnReader.maximumList {
        throw .malformed("column \(column.name) has an endless list")
      }
      if level < column.elementDefinition { continue }  // a null or empty list
      if level < column.maximumDefinition { throw .malformed("column \(column.name) has a null in a list") }
      if values == .plain && column.type == .float {
        try plain.floats(part, into: &list)
      } else {
        for _ in 0..<part { list.append(try value()) }
      }
    }
  }
}
