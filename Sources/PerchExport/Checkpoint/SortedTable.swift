import PerchCore

/// The index of a checkpoint: a table of LevelDB (github.com/google/leveldb, doc/table_format.md) with keys
/// in rising byte order, whose last 48 bytes say where its parts are.
enum SortedTable {
  private static let magic: UInt64 = 0xDB47_7524_8B80_FB57
  private static let footerSize = 48
  /// Type byte and checksum after each block.
  private static let trailerSize = 5
  private static let fileLimit = 1 << 28
  private static let blockLimit = 1 << 26
  private static let keyLimit = 1 << 10
  private static let entryLimit = 1 << 16

  typealias Entry = (key: [UInt8], value: ByteRange)

  /// Every entry of the file, all checksums checked.
  static func entries(_ file: ByteSource) throws(ExportFault) -> [Entry] {
    do {
      return try read(file)
    } catch  where error.reason == .corrupt || error.reason == .truncated {
      throw ExportFault(.indexCorrupt, "the index of variables is damaged: \(error.cause)")
    }
  }

  private static func read(_ file: ByteSource) throws(ExportFault) -> [Entry] {
    guard file.count >= footerSize, file.count <= fileLimit else {
      throw ExportFault(.corrupt, "it has \(file.count) bytes")
    }
    let table = ByteSource(try file.bytes(0..<file.count))
    var footer = ByteCursor(ByteRange(table, file.count - footerSize..<file.count))
    var trailer = ByteCursor(ByteRange(table, file.count - 8..<file.count))
    guard try trailer.number(8) == magic else {
      throw ExportFault(.corrupt, "its last bytes are not those of an index")
    }
    _ = try handle(&footer)
    let top = try block(handle(&footer), of: table)
    var entries: [Entry] = []
    for (_, value) in try parse(top, before: nil, atMost: entryLimit) {
      var cursor = ByteCursor(value)
      let block = try block(handle(&cursor), of: table)
      entries += try parse(block, before: entries.last?.key, atMost: entryLimit - entries.count)
    }
    return entries
  }

  private static func handle(_ cursor: inout ByteCursor) throws(ExportFault) -> (offset: UInt64, size: UInt64) {
    (try cursor.variableInteger(), try cursor.variableInteger())
  }

  private static func block(
    _ handle: (offset: UInt64, size: UInt64), of table: ByteSource
  ) throws(ExportFault) -> ByteSource {
    var cursor = ByteCursor(ByteRange(table))
    _ = try cursor.take(handle.offset)
    let contents = try cursor.take(handle.size)
    let kind = try cursor.byte()
    let stored = UInt32(try cursor.number(4))
    let bytes = try contents.bytes()
    guard CRC32C.masked(of: bytes + [kind]) == stored else { throw ExportFault(.corrupt, "a checksum is wrong") }
    switch kind {
    case 0: return ByteSource(bytes)
    case 1:
      do { return ByteSource(try Snappy.decompress(bytes[...], limit: blockLimit)) } catch {
        throw ExportFault(.corrupt, "a compressed block cannot be unpacked")
      }
    default: throw ExportFault(.corrupt, "a block has compression \(kind)")
    }
  }

  /// Entries of a block: each key shares a first part with the one before it. An array of places to start
  /// from, which nobody needs who reads them all, stands at the end.
  private static func parse(
    _ block: ByteSource, before: [UInt8]?, atMost limit: Int
  ) throws(ExportFault) -> [Entry] {
    guard block.count >= 4 else { throw ExportFault(.corrupt, "a block is too short") }
    var count = ByteCursor(ByteRange(block, block.count - 4..<block.count))
    let restarts = try count.number(4)
    guard 4 * (restarts + 1) <= UInt64(block.count) else { throw ExportFault(.corrupt, "a block has no end") }
    var cursor = ByteCursor(ByteRange(block, 0..<block.count - 4 * Int(restarts + 1)))
    var entries: [Entry] = []
    var last = before
    var key: [UInt8] = []
    while cursor.remaining > 0 {
      let shared = try cursor.variableInteger()
      let rest = try cursor.variableInteger()
      let size = try cursor.variableInteger()
      guard shared <= UInt64(key.count) else { throw ExportFault(.corrupt, "a key continues no other") }
      key = Array(key.prefix(Int(shared))) + (try cursor.take(rest).bytes(limit: keyLimit))
      guard key.count <= keyLimit, entries.count < limit else { throw ExportFault(.corrupt, "it is too large") }
      if let last, !last.lexicographicallyPrecedes(key) { throw ExportFault(.corrupt, "its keys are not in order") }
      entries.append((key, try cursor.take(size)))
      last = key
    }
    return entries
  }
}
