/// Text in HDF5: fields of fixed width, padded at the end.
enum HDF5Text {
  /// Width of the type that holds all `texts`; HDF5 has no type of width 0.
  static func width(of texts: [String]) -> Int { max(1, texts.lazy.map(\.utf8.count).max() ?? 1) }

  /// The fields of `texts`, one after the other, filled up with null bytes.
  static func fields(_ texts: [String]) -> [UInt8] {
    let width = width(of: texts)
    return texts.flatMap { Array($0.utf8) + [UInt8](repeating: 0, count: width - $0.utf8.count) }
  }

  /// The bytes of each of `count` fields without their padding.
  static func lines(_ bytes: [UInt8], count: Int, width: Int, spacePadded: Bool) -> [[UInt8]] {
    (0..<count).map { index in
      var field = bytes[index * width..<(index + 1) * width].prefix { $0 != 0 }
      while spacePadded, field.last == 0x20 { field.removeLast() }
      return Array(field)
    }
  }

  /// `lines` as strings, or nil where one is not UTF-8.
  static func strings(_ lines: [[UInt8]]) -> [String]? {
    var strings: [String] = []
    for line in lines {
      guard let text = String(validating: line, as: UTF8.self) else { return nil }
      strings.append(text)
    }
    return strings
  }
}
