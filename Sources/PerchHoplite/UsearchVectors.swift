import PerchCore
import SystemPackage

/// The vectors of a `usearch.index` file, by key, without its graph (unum-cloud/usearch, `index_dense.hpp` and
/// `index.hpp`, versions 2.x): a matrix in the order of slots, a header, and a node for each slot.
package struct UsearchVectors: Sendable {
  /// Values of a vector.
  package let dimension: Int
  /// Slot of each key that is not deleted.
  package let slots: [UInt64: Int]
  private let file: MappedFile
  private let isHalf: Bool

  /// Bytes before the matrix: numbers of rows and of bytes of a row.
  private static let matrixStart = 8
  private static let headerSize = 64
  private static let deletedKey = UInt64.max

  /// Numbers of the format.
  private enum Code {
    static let float32: UInt8 = 11
    static let float16: UInt8 = 12
    static let key64: UInt8 = 14
    static let slot32: UInt8 = 15
  }

  /// Throws what is wrong with the file.
  package init(_ path: FilePath) throws(HopliteFault) {
    do { file = try MappedFile(path) } catch { throw .unreadable(error) }
    var cursor = MappedCursor(file: file, offset: 0)
    let rows = Int(try cursor.next(UInt32.self))
    let rowBytes = Int(try cursor.next(UInt32.self))
    cursor.offset = Self.matrixStart + rows * rowBytes  // of two 32-bit numbers: no overflow
    let header = try Header(&cursor)
    guard header.keyKind == Code.key64, header.slotKind == Code.slot32 else {
      throw .unsupported("keys of \(header.keyKind) and slots of \(header.slotKind)")
    }
    guard !header.isMulti else { throw .unsupported("several vectors for one key") }
    switch header.scalar {
    case Code.float16: isHalf = true
    case Code.float32: isHalf = false
    default: throw .unsupported("numbers of kind \(header.scalar)")
    }
    let size = Int(try cursor.next(UInt64.self, below: 1 << 32))
    let wanted = header.dimension * (isHalf ? 2 : 4)
    guard header.dimension > 0, rowBytes == wanted, size == rows, header.present + header.deleted == rows else {
      throw .damaged("the numbers of rows, vectors and keys of usearch.index do not agree")
    }
    dimension = header.dimension
    slots = try Self.readKeys(&cursor, count: rows, present: header.present)
  }

  /// The vector in a slot, widened.
  package func vector(_ slot: Int) -> [Float] {
    let width = isHalf ? 2 : 4
    let start = Self.matrixStart + slot * dimension * width
    return (0..<dimension).map { index in
      let place = start + index * width
      return isHalf
        ? Float(Float16(bitPattern: file.number(at: place, as: UInt16.self) ?? 0))
        : Float(bitPattern: file.number(at: place, as: UInt32.self) ?? 0)
    }
  }

  private static func readKeys(
    _ cursor: inout MappedCursor, count: Int, present: Int
  ) throws(HopliteFault) -> [UInt64: Int] {
    let connectivity = Int(try cursor.next(UInt64.self, below: 1 << 16))
    let baseConnectivity = Int(try cursor.next(UInt64.self, below: 1 << 16))
    _ = try cursor.next(UInt64.self)  // highest level
    _ = try cursor.next(UInt64.self)  // slot where searches begin
    cursor.offset += 2 * count  // levels, which the nodes repeat
    var slots: [UInt64: Int] = [:]
    for slot in 0..<count {
      let key = try cursor.next(UInt64.self)
      let level = Int(try cursor.next(Int16.self))
      guard (0...64).contains(level) else { throw .damaged("a node of usearch.index has level \(level)") }
      cursor.offset += 4 + 4 * baseConnectivity + level * (4 + 4 * connectivity)
      guard cursor.offset <= cursor.file.size else { throw .truncated("usearch.index") }
      if key == deletedKey { continue }
      guard slots.updateValue(slot, forKey: key) == nil else {
        throw .damaged("usearch.index has key \(key) twice")
      }
    }
    guard slots.count == present else {
      throw .damaged("usearch.index has \(slots.count) keys and says \(present)")
    }
    return slots
  }

  private struct Header {
    let scalar: UInt8
    let keyKind: UInt8
    let slotKind: UInt8
    let present: Int
    let deleted: Int
    let dimension: Int
    let isMulti: Bool

    init(_ cursor: inout MappedCursor) throws(HopliteFault) {
      let start = cursor.offset
      for byte in "usearch".utf8 where try cursor.next(UInt8.self) != byte {
        // Where rows are counted in 64 bits, the header stands elsewhere.
        throw .damaged("usearch.index has no header where its rows end")
      }
      for _ in 0..<3 { _ = try cursor.next(UInt16.self) }  // version
      _ = try cursor.next(UInt8.self)  // metric
      scalar = try cursor.next(UInt8.self)
      keyKind = try cursor.next(UInt8.self)
      slotKind = try cursor.next(UInt8.self)
      present = Int(try cursor.next(UInt64.self, below: 1 << 32))
      deleted = Int(try cursor.next(UInt64.self, below: 1 << 32))
      dimension = Int(try cursor.next(UInt64.self, below: 1 << 20))
      isMulti = try cursor.next(UInt8.self) != 0
      cursor.offset = start + UsearchVectors.headerSize
    }
  }
}

/// A place in a mapped file; every step is checked against its end.
private struct MappedCursor {
  let file: MappedFile
  var offset: Int

  mutating func next<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type
  ) throws(HopliteFault) -> Number {
    guard let value = file.number(at: offset, as: type) else { throw .truncated("usearch.index") }
    offset += MemoryLayout<Number>.size
    return value
  }

  mutating func next(_ type: UInt64.Type, below limit: UInt64) throws(HopliteFault) -> UInt64 {
    let value = try next(type)
    guard value < limit else { throw .damaged("usearch.index claims \(value) of something") }
    return value
  }
}
