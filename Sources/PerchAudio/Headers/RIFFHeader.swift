/// WAV, and its 64-bit forms RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088).
struct RIFFHeader {
  private let file: RecordingFile
  private let is64: Bool
  private var format: WaveFormat?
  private var data: (start: Int, declared: Int)?
  private var extent: DataExtent?
  /// Data size of the `ds64` chunk.
  private var longSize: Int?
  private var tags = RecorderTags()

  /// More chunks than any recorder writes: the end of a walk through a file of nothing but headers.
  private static let chunkLimit = 4096

  static func layout(of file: RecordingFile) throws(SoundFileError) -> SoundLayout {
    let magic = try file.bytes(at: 0, count: 4)
    var header = RIFFHeader(file: file, is64: !magic.has("RIFF"))
    try header.walk()
    guard let data = header.data else { throw .badHeader("its WAV header leads to no audio") }
    guard let format = header.format else { throw .badHeader("its WAV header does not say its format") }
    if header.extent == nil { header.extent = try header.measure(data.start, data.declared, format) }
    guard let extent = header.extent, format.whole(extent.length) > 0 else { throw .noAudio }
    return format.layout(
      "WAV", data: data.start..<data.start + extent.length, extent.flaw.map { [$0] } ?? [], header.tags)
  }

  private init(file: RecordingFile, is64: Bool) {
    self.file = file
    self.is64 = is64
  }

  private mutating func walk() throws(SoundFileError) {
    var position = 12
    for _ in 0..<Self.chunkLimit {
      guard let chunk = try chunk(at: position) else { return }
      guard let next = try take(chunk) else { return }
      position = try chunkStart(near: next)
    }
  }

  private struct Chunk {
    let name: [UInt8]
    let body: Int
    let size: Int
  }

  private func chunk(at position: Int) throws(SoundFileError) -> Chunk? {
    let head = try file.bytes(at: position, count: 8)
    guard head.count == 8, let size = head.littleEndian(at: 4, 4) else { return nil }
    return Chunk(name: Array(head[..<4]), body: position + 8, size: Int(size))
  }

  /// Keeps what a chunk says. Returns its end, or nil where no chunk can follow.
  private mutating func take(_ chunk: Chunk) throws(SoundFileError) -> Int? {
    let file = file
    func body(_ limit: Int) throws(SoundFileError) -> [UInt8] {
      try file.bytes(at: chunk.body, count: min(chunk.size, limit))
    }
    if chunk.name.has("data") { return try takeData(chunk) }
    if chunk.name.has("fmt ") && format == nil {
      guard chunk.size <= WaveFormat.longestBody else {
        throw .badHeader("its `fmt ` chunk claims \(chunk.size) bytes")
      }
      format = try WaveFormat(try body(WaveFormat.longestBody))
    } else if chunk.name.has("ds64") {
      longSize = try body(28).littleEndian(at: 8, 8).map(clamped)
    } else if chunk.name.has("guan") {
      tags.guano = try body(RecorderTags.limit).text()
    } else if chunk.name.has("bext") {
      tags.broadcastExtension = try body(RecorderTags.limit)
    } else if chunk.name.has("LIST") {
      let list = try body(RecorderTags.limit)
      tags.comment = tags.comment ?? Self.comment(inList: list)
    }
    return chunk.body + chunk.size
  }

  /// The first `data` chunk is the recording; a second one is passed over.
  private mutating func takeData(_ chunk: Chunk) throws(SoundFileError) -> Int? {
    guard data == nil else { return chunk.body + chunk.size }
    let usesLongSize = is64 && chunk.size == 0xFFFF_FFFF
    let declared = usesLongSize ? longSize ?? chunk.size : chunk.size
    data = (chunk.body, declared)
    guard let format else {
      // Data before its format: the size must be believed to find that.
      let (end, overflow) = chunk.body.addingReportingOverflow(declared)
      return overflow ? nil : end
    }
    let extent = try measure(chunk.body, declared, format)
    self.extent = extent
    return extent.asDeclared ? chunk.body + extent.length : nil
  }

  private func measure(_ start: Int, _ declared: Int, _ format: WaveFormat) throws(SoundFileError) -> DataExtent {
    try DataExtent(
      declared: declared, available: max(0, file.size - start), headerBytes: start, format: format
    ) {
      (length) throws(SoundFileError) in
      let position = try chunkStart(near: start + length)
      guard let next = try chunk(at: position) else { return false }
      return Self.isName(next.name) && next.size <= file.size - next.body
    }
  }

  /// Chunks begin at even offsets; some writers leave the pad byte out.
  private func chunkStart(near end: Int) throws(SoundFileError) -> Int {
    guard end % 2 == 1 else { return end }
    let names = try file.bytes(at: end, count: 5)
    let padded = Array(names.dropFirst())
    let unpadded = Array(names.prefix(4))
    if Self.isKnown(unpadded) && !Self.isKnown(padded) { return end }
    return Self.isName(unpadded) && !Self.isName(padded) ? end : end + 1
  }

  private static func isName(_ name: [UInt8]) -> Bool {
    name.count == 4 && name.allSatisfy { 0x20...0x7E ~= $0 }
  }

  private static func isKnown(_ name: [UInt8]) -> Bool {
    let known = ["data", "fmt ", "LIST", "bext", "guan", "wamd", "iXML", "fact", "cue ", "id3 ", "ID3 ", "JUNK"]
    return known.contains { name.has($0) }
  }

  /// The `ICMT` text of a LIST chunk of type INFO.
  private static func comment(inList list: [UInt8]) -> String? {
    guard list.has("INFO") else { return nil }
    var position = 4
    while let size = list.littleEndian(at: position + 4, 4) {
      let body = position + 8
      let end = body + Int(size)
      if list.has("ICMT", at: position) { return list.text(body..<end) }
      position = end + end % 2
    }
    return nil
  }
}
