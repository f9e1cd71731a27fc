import SystemPackage

/// The names of a head's classes, from the file that came with the model.
struct LabelFile: Sendable {
  let names: [String]
  let warnings: [ExportWarning]

  /// - Parameters:
  ///   - header: what the first line should say.
  ///   - isReleasedStyle: perch_v2's file has CR LF line ends and names in byte order.
  init(_ path: FilePath, header: String, isReleasedStyle: Bool) throws(ExportFault) {
    let file = path.lastComponent?.string ?? path.string
    let source = try ByteSource(file: path, missing: .labelsMissing)
    guard source.count <= 1 << 26 else { throw ExportFault(.labelsEncoding, "\(file) is too large for labels") }
    let bytes = try source.bytes(0..<source.count)
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw ExportFault(.labelsEncoding, "\(file) is not UTF-8")
    }
    let (feed, back) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    var lines = bytes.split(separator: feed, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    let texts = lines.map { String(decoding: $0.last == back ? $0.dropLast() : $0, as: UTF8.self) }
    guard let first = texts.first, texts.count > 1 else {
      throw ExportFault(.labelsEmpty, "\(file) holds no labels")
    }
    names = Array(texts.dropFirst())
    var warnings: [ExportWarning] = []
    if isReleasedStyle, bytes.last != feed || lines.contains(where: { $0.last != back }) {
      warnings.append(
        ExportWarning(.lineEnds, "\(file): not all lines end with CR LF, as those of the released file do"))
    }
    if first != header {
      warnings.append(ExportWarning(.labelsHeader, "\(file): the first line is \"\(first)\", not \"\(header)\""))
    }
    try Self.check(names, file)
    if isReleasedStyle, !zip(names, names.dropFirst()).allSatisfy({ $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      warnings.append(ExportWarning(.labelsOrder, "\(file): the labels are not in alphabetical order"))
    }
    self.warnings = warnings
  }

  private static func check(_ names: [String], _ file: String) throws(ExportFault) {
    var seen: [String: Int] = [:]
    for (index, name) in names.enumerated() {
      guard name.contains(where: { !$0.isWhitespace }) else {
        throw ExportFault(.labelsEmpty, "\(file): line \(index + 2) is empty")
      }
      if let before = seen.updateValue(index, forKey: name) {
        throw ExportFault(
          .labelsDuplicate, "\(file): \"\(name)\" stands in line \(before + 2) and in line \(index + 2)")
      }
    }
  }
}
