/// Protocol buffers, written for tests.
enum Wire {
  static func variable(_ value: Int) -> [UInt8] {
    var rest = UInt64(bitPattern: Int64(value))
    var bytes: [UInt8] = []
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// A number field; 0 is left out, as the format asks for.
  static func number(_ field: Int, _ value: Int) -> [UInt8] {
    value == 0 ? [] : variable(field << 3) + variable(value)
  }

  static func bytes(_ field: Int, _ bytes: [UInt8]) -> [UInt8] {
    variable(field << 3 | 2) + variable(bytes.count) + bytes
  }

  static func text(_ field: Int, _ text: String) -> [UInt8] { bytes(field, Array(text.utf8)) }

  static func fixed32(_ field: Int, _ value: UInt32) -> [UInt8] { variable(field << 3 | 5) + little(value) }

  static func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  static func floats(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
}

/// CRC-32C, byte by byte.
enum Castagnoli {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
  }

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { $0 >> 8 ^ table[Int(($0 ^ UInt32($1)) & 255)] }
  }

  static func masked(_ bytes: [UInt8]) -> UInt32 {
    let crc = checksum(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }
}
