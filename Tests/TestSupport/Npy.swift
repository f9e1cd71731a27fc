import Foundation

/// A little-endian NumPy array file (format 1.0 to 3.0, C order), its values widened to Double:
/// exact for float32, float64, int16 and for int64 below 2⁵³.
package struct Npy {
  package let shape: [Int]
  package let values: [Double]

  package struct Unreadable: Error { package let reason: String }

  package init(_ url: URL) throws {
    let data = [UInt8](try Data(contentsOf: url))
    guard data.count > 12, data.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw Unreadable(reason: "not a NumPy file")
    }
    let lengthBytes = data[6] == 1 ? 2 : 4
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(data[8 + $1]) << (8 * $1) }
    let start = 8 + lengthBytes + length
    guard start <= data.count else { throw Unreadable(reason: "header is cut off") }
    let header = String(decoding: data[(8 + lengthBytes)..<start], as: UTF8.self)
    guard header.contains("'fortran_order': False"), let open = header.firstIndex(of: "("),
      let close = header[open...].firstIndex(of: ")")
    else { throw Unreadable(reason: "not in C order") }
    shape = header[header.index(after: open)..<close].split(separator: ",")
      .compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    let count = shape.reduce(1, *)
    let body = data[start...]
    func word(_ i: Int, _ width: Int) -> UInt64 {
      (0..<width).reduce(0) { $0 | UInt64(body[start + i * width + $1]) << (8 * UInt64($1)) }
    }
    func read(_ width: Int, _ value: (UInt64) -> Double) throws -> [Double] {
      guard body.count == count * width else { throw Unreadable(reason: "length does not fit the shape") }
      return (0..<count).map { value(word($0, width)) }
    }
    switch header {
    case _ where header.contains("'<f4'"):
      values = try read(4) { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) }
    case _ where header.contains("'<f8'"): values = try read(8) { Double(bitPattern: $0) }
    case _ where header.contains("'<i2'"):
      values = try read(2) { Double(Int16(truncatingIfNeeded: $0)) }
    case _ where header.contains("'<i8'"): values = try read(8) { Double(Int64(bitPattern: $0)) }
    default: throw Unreadable(reason: "number type")
    }
  }
}
