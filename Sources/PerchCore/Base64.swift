/// Base64 with the standard alphabet and padding (RFC 4648, section 4), on one line.
package enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Value of each digit; 64 for every other byte.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 64, count: 256)
    for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
    return values
  }()

  /// Appends the text of `bytes`.
  package static func encode(_ bytes: [UInt8], into text: inout [UInt8]) {
    let digits = digits
    text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
    var index = 0
    while index + 2 < bytes.count {
      let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
      text.append(digits[Int(group >> 18)])
      text.append(digits[Int(group >> 12 & 63)])
      text.append(digits[Int(group >> 6 & 63)])
      text.append(digits[Int(group & 63)])
      index += 3
    }
    let left = bytes.count - index
    if left == 0 { return }
    let group = UInt32(bytes[index]) << 16 | (left == 2 ? UInt32(bytes[index + 1]) << 8 : 0)
    text.append(digits[Int(group >> 18)])
    text.append(digits[Int(group >> 12 & 63)])
    text.append(left == 2 ? digits[Int(group >> 6 & 63)] : UInt8(ascii: "="))
    text.append(UInt8(ascii: "="))
  }

  /// The bytes of `text`, or nil unless it is what `encode` writes: no blank, no missing or early
  /// padding, no bit set that no byte uses.
  package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    if text.isEmpty { return [] }
    if text.count % 4 != 0 { return nil }
    let values = values
    let padding = UInt8(ascii: "=")
    let isPadded = text[text.endIndex - 1] == padding
    let padded = isPadded ? (text[text.endIndex - 2] == padding ? 2 : 1) : 0
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var index = text.startIndex
    let whole = text.endIndex - (padded == 0 ? 0 : 4)
    var bad: UInt8 = 0
    while index < whole {
      let a = values[Int(text[index])]
      let b = values[Int(text[index + 1])]
      let c = values[Int(text[index + 2])]
      let d = values[Int(text[index + 3])]
      bad |= a | b | c | d
      bytes.append(a << 2 | b >> 4)
      bytes.append(b << 4 | c >> 2)
      bytes.append(c << 6 | d)
      index += 4
    }
    if padded > 0 {
      let a = values[Int(text[index])]
      let b = values[Int(text[index + 1])]
      let c = padded == 1 ? values[Int(text[index + 2])] : 0
      bad |= a | b | c
      let unused = padded == 1 ? c & 3 : b & 15
      if unused != 0 { return nil }
      bytes.append(a << 2 | b >> 4)
      if padded == 1 { bytes.append(b << 4 | c >> 2) }
    }
    return bad >= 64 ? nil : bytes
  }
}
