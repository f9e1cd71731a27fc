import PerchCore

/// One line of a CSV file as fields of bytes, quotes removed.
struct CSVRecord {
  /// Contents of all fields, one after the other.
  fileprivate(set) var bytes: [UInt8] = []
  /// Where each field ends in `bytes`.
  fileprivate(set) var ends: [Int] = []

  var count: Int { ends.count }

  subscript(index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

  /// The field as text; nil when it is not UTF-8.
  func text(_ index: Int) -> String? { String(validating: self[index], as: UTF8.self) }

  /// The field as text: UTF-8, or else Latin-1, in which every byte is a character.
  func anyText(_ index: Int) -> String {
    text(index) ?? String(String.UnicodeScalarView(self[index].map { Unicode.Scalar($0) }))
  }

  fileprivate mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }
}

/// Reads a CSV file record by record: RFC 4180, line ends LF or CRLF, leading `#` lines as metadata.
/// Holds one block and one record.
struct CSVReader {
  private(set) var provenance = Provenance()
  /// Fields of the header line.
  private(set) var names: [String] = []
  /// Records read so far, the header line not counted.
  private(set) var rowCount = 0

  private let file: InputFile
  private let separator: UInt8
  private let hasQuotes: Bool
  private var offset = 0
  private var block: [UInt8] = []
  private var position = 0

  private static let blockSize = 1 << 20
  /// A record beyond this is no table of ours: the widest known row has 1539 numbers.
  private static let maximumRecord = 1 << 24

  private static let quote = UInt8(ascii: "\"")
  static let comma = UInt8(ascii: ",")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// - Parameters:
  ///   - separator: what stands between two fields.
  ///   - hasQuotes: whether a field may be quoted; where not, a quote is a character like any other.
  init(_ file: InputFile, separator: UInt8 = comma, hasQuotes: Bool = true) throws(TableFault) {
    self.file = file
    self.separator = separator
    self.hasQuotes = hasQuotes
    try skipByteOrderMark()
    while try peek() == UInt8(ascii: "#") {
      if let (key, value) = CSVComment.parse(try commentLine()) { provenance.set(key, value) }
    }
    var header = CSVRecord()
    guard try read(into: &header) else { throw .notEmbeddings("is empty") }
    for index in 0..<header.count {
      guard let name = header.text(index) ?? (hasQuotes ? nil : header.anyText(index)) else {
        throw .notEmbeddings("is neither CSV nor Parquet")
      }
      names.append(name)
    }
  }

  /// Reads the next record, which must have a field for each name; false at the end of the file.
  mutating func next(into record: inout CSVRecord) throws(TableFault) -> Bool {
    guard try read(into: &record) else { return false }
    rowCount += 1
    if record.count != names.count {
      throw .row(rowCount, "has \(record.count) fields, the header line has \(names.count)")
    }
    return true
  }

  /// Reads the next record, however many fields it has; false at the end of the file.
  mutating func read(into record: inout CSVRecord) throws(TableFault) -> Bool {
    repeat {
      record.removeAll()
      guard try readLine(into: &record) else { return false }
    } while record.count == 1 && record.bytes.isEmpty  // an empty line
    return true
  }

  private mutating func readLine(into record: inout CSVRecord) throws(TableFault) -> Bool {
    guard try peek() != nil else { return false }
    var isQuoted = false
    while let byte = try take() {
      if record.bytes.count > CSVReader.maximumRecord {
        throw .malformed("a line is longer than \(CSVReader.maximumRecord) bytes")
      }
      if isQuoted {
        if byte != CSVReader.quote {
          record.bytes.append(byte)
        } else if try peek() == CSVReader.quote {
          record.bytes.append(byte)
          position += 1
        } else {
          isQuoted = false
        }
        continue
      }
      switch byte {
      case CSVReader.quote where hasQuotes: isQuoted = true
      case separator: record.ends.append(record.bytes.count)
      case CSVReader.carriageReturn where try peek() == CSVReader.lineFeed: break
      case CSVReader.lineFeed:
        record.ends.append(record.bytes.count)
        return true
      default: record.bytes.append(byte)
      }
    }
    if isQuoted { throw .truncated("a quoted field") }
    record.ends.append(record.bytes.count)
    return true
  }

  private mutating func commentLine() throws(TableFault) -> String {
    var line: [UInt8] = []
    while let byte = try take(), byte != CSVReader.lineFeed {
      line.append(byte)
      if line.count > CSVReader.maximumRecord { throw .notEmbeddings("is neither CSV nor Parquet") }
    }
    if line.last == CSVReader.carriageReturn { line.removeLast() }
    return String(decoding: line, as: UTF8.self)
  }

  private mutating func skipByteOrderMark() throws(TableFault) {
    _ = try peek()
    if block.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The next byte, left where it is; nil at the end of the file.
  private mutating func peek() throws(TableFault) -> UInt8? {
    if position == block.count {
      block = try file.read(at: offset, upTo: CSVReader.blockSize)
      offset += block.count
      position = 0
      if block.isEmpty { return nil }
    }
    return block[position]
  }

  private mutating func take() throws(TableFault) -> UInt8? {
    guard let byte = try peek() else { return nil }
    position += 1
    return byte
  }
}
