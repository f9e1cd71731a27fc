import Foundation
import PerchCore
import PerchTables
import Testing

/// Tables of the older programs, with their faults.
struct OldTableTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func payload(_ values: [Float]) -> String {
    Base64.text(values.flatMap { value in withUnsafeBytes(of: value.bitPattern) { Array($0) } })
  }

  private func payload(_ values: [Float16]) -> String {
    Base64.text(values.flatMap { value in withUnsafeBytes(of: value.bitPattern) { Array($0) } })
  }

  private func vector(_ row: Int) -> [Float] { (0..<1280).map { Float(($0 + row) % 256) / 1024 } }

  @Test func shiftedRowsAreRepaired() throws {
    var text = "channel,offset,embeddings\n"
    // A third of a unit is in no 16-bit number, so the offsets are exact.
    let vectors = (0..<3).map { row in vector(row).map { $0 + 1 / 3 } }
    for row in 0..<3 { text += "a.wav,1,\(payload([Float(row) * 5 + 2050] + vectors[row]))\n" }
    let rows = try Rows.read(try folder.write(text.utf8, to: "old.csv"))
    #expect(rows.map(\.source) == ["a.wav", "a.wav", "a.wav"])
    #expect(rows.map(\.channel) == [1, 1, 1])
    #expect(rows.map(\.start) == [2050, 2055, 2060])
    #expect(rows.map(\.end) == [2055, 2060, 2065])
    #expect(rows.map(\.embedding) == vectors)
  }

  @Test(arguments: [false, true]) func halfOffsetsAreRestored(isPayloadHalf: Bool) throws {
    // Past 65 520 s an offset is infinite: row 13 200 is at 66 000 s.
    let count = 13_201
    // Written in pieces: another test of this process watches its memory.
    let path = try folder.write("channel,offset,embeddings\n".utf8, to: "old.csv")
    let file = try FileHandle(forWritingTo: URL(filePath: path.string))
    try file.seekToEnd()
    for row in 0..<count {
      let offset = Float16(Float(row) * 5)
      let vector = vector(1)
      let text = isPayloadHalf ? payload([offset] + vector.map { Float16($0) }) : payload([Float(offset)] + vector)
      try file.write(contentsOf: Data("a.wav,0,\(text)\n".utf8))
    }
    try file.close()
    var reader = try EmbeddingTableReader(path)
    var starts: [Double] = []
    while let row = try reader.next() { starts.append(row.start) }
    #expect(starts == (0..<count).map { Double($0) * 5 })
    let note = "offsets are in half precision; restored from the order of the rows"
    #expect(reader.notes == [Note(.info, reader.path.string, note)])
  }

  @Test func plainOldRowsAreTakenAsTheyAre() throws {
    let text = "channel,offset,embeddings\r\n0,0.0,\(payload(vector(0)))\r\n0,5.0,\(payload(vector(1)))\r\n"
    let rows = try Rows.read(try folder.write(text.utf8, to: "night.csv"))
    #expect(rows.map(\.source) == ["night.csv", "night.csv"])
    #expect(rows.map(\.start) == [0, 5] && rows.map(\.embedding) == [vector(0), vector(1)])
  }

  @Test func halfPayloadIsToldByItsLength() throws {
    let values = vector(3).map { Float16($0) }
    let text = "source,channel,offset,embeddings\na,0,0,\(payload(values))\n"
    #expect(try Rows.read(try folder.write(text.utf8, to: "a.csv")).map(\.embedding) == [vector(3)])
    let told = "# embedding_dim: 3\nsource,channel,offset,embeddings\na,0,0,\(payload([1, 2, 3] as [Float16]))\n"
    #expect(try Rows.read(try folder.write(told.utf8, to: "b.csv")).map(\.embedding) == [[1, 2, 3]])
  }

  @Test func marksAndQuotesOfOtherWriters() throws {
    let text =
      "\u{FEFF}# note\n# a: 1\n\"source\",channel,\"offset\",f0000,f0001\r\n\r\n"
      + "\"#x \"\"y\"\"\nz\",2,0.5,1e-3,-0\r\n"
    var reader = try EmbeddingTableReader(try folder.write(text.utf8, to: "a.csv"))
    let row = try #require(try reader.next())
    #expect(row.source == "#x \"y\"\nz" && row.channel == 2 && row.start == 0.5 && row.end == 5.5)
    #expect(hasSameBits(row.embedding, [1e-3, -0.0]))
    #expect(reader.provenance.entries.map(\.key) == ["a"] && reader.provenance["a"] == "1")
    #expect(try reader.next() == nil)
  }
}

extension Base64 {
  fileprivate static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    encode(bytes, into: &text)
    return String(decoding: text, as: UTF8.self)
  }
}

struct Base64Tests {
  /// RFC 4648, section 10, and the two last digits of the alphabet.
  private static let vectors: [(String, String)] = [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"), ("~~?", "fn4/"), ("~~>", "fn4+"),
  ]

  @Test(arguments: vectors) func bothWays(plain: String, text: String) {
    #expect(Base64.text(Array(plain.utf8)) == text)
    #expect(Base64.decode(Array(text.utf8)[...]) == Array(plain.utf8))
  }

  @Test(arguments: [
    "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm9v====", "=", "====", "Z===", "Zg==Zg==",
    "Zm9_", "Zm9-", "Zm9é",
  ]) func refusesOtherForms(text: String) { #expect(Base64.decode(Array(text.utf8)[...]) == nil) }
}
