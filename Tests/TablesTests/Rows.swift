import PerchCore
import PerchTables
import SystemPackage
import Testing

/// Rows whose every bit follows from their number; `Readers/rule.py` states the same rule.
enum Rows {
  /// Arbitrary finite values, denormals and negative zeros among them: a multiplicative hash of row and
  /// place, taken as the bits of a float32 whose exponent is kept below that of infinity.
  static func embedding(_ row: Int, dimension: Int) -> [Float] {
    (0..<dimension).map { place in
      let mixed = UInt32(truncatingIfNeeded: row &* 7919 &+ place &* 104_729 &+ 12345) &* 2_654_435_761
      return Float(bitPattern: mixed & 0x7F80_0000 == 0x7F80_0000 ? mixed & 0xBFFF_FFFF : mixed)
    }
  }

  static func row(_ row: Int, dimension: Int, hasDistance: Bool = false) -> EmbeddingRow {
    let distance: Double? = hasDistance && row % 5 != 3 ? Double(row % 7) / 7 : nil
    return EmbeddingRow(
      source: "site, \"\(row % 3)\"/nächte.wav", channel: Int32(row % 2), start: Double(row / 2) * 2.5,
      end: Double(row / 2) * 2.5 + 5, embedding: embedding(row, dimension: dimension), distance: distance)
  }

  static var provenance: Provenance {
    var provenance = Provenance()
    provenance.set("format", "perch-runner embeddings 1")
    provenance.set("input", "C:\\new\nline: \"quoted\" – ä")
    provenance.set("empty", "")
    return provenance
  }

  /// Writes rows 0 to `count`.
  static func write(
    _ count: Int, dimension: Int, to path: FilePath, format: TableFormat, layout: EmbeddingLayout = .list,
    metadata: MetadataPlacement = .header, hasDistance: Bool = false
  ) throws {
    var writer = try EmbeddingTableWriter(
      path: path, format: format, layout: layout, metadata: metadata, dimension: dimension,
      distances: hasDistance ? ["distance"] : [])
    for index in 0..<count { try writer.append(row(index, dimension: dimension, hasDistance: hasDistance)) }
    try writer.finish(provenance)
  }

  static func read(_ path: FilePath) throws -> [EmbeddingRow] {
    var reader = try EmbeddingTableReader(path)
    var rows: [EmbeddingRow] = []
    while let row = try reader.next() { rows.append(row) }
    return rows
  }
}

/// Equal to the last bit: −0 is not 0.
func hasSameBits(_ a: [Float], _ b: [Float]) -> Bool { a.map(\.bitPattern) == b.map(\.bitPattern) }
