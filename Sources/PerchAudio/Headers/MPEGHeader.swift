/// MPEG audio frames (ISO/IEC 11172-3 2.4.1.3, 13818-3; version 2.5 is Fraunhofer's).
struct MPEGHeader: Equatable {
  let version: Int
  let layer: Int
  let rate: Int
  /// Bytes from this frame to the next.
  let length: Int

  /// Junk in front of the first frame is passed over up to this length.
  private static let searchedBytes = 65_536
  private static let headerBytes = 4

  /// Kilobits a second by version (1, else 2 and 2.5) and layer. Index 0 (free format) is not searched for.
  private static let bitrates: [[[Int]]] = [
    [
      [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
      [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
      [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ],
    [
      [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
      [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
      [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ],
  ]

  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count >= Self.headerBytes else { return nil }
    let word = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    let versionBits = word >> 19 & 3, layerBits = word >> 17 & 3
    let bitrateIndex = word >> 12 & 15, rateIndex = word >> 10 & 3
    guard word >> 21 == 0x7FF, versionBits != 1, layerBits != 0, 1...14 ~= bitrateIndex, rateIndex != 3
    else { return nil }
    version = versionBits
    layer = 4 - layerBits
    rate = [44_100, 48_000, 32_000][rateIndex] / (versionBits == 3 ? 1 : versionBits == 2 ? 2 : 4)
    let isFirst = versionBits == 3
    let bits = Self.bitrates[isFirst ? 0 : 1][layer - 1][bitrateIndex - 1] * 1000
    let padding = word >> 9 & 1
    switch layer {
    case 1: length = (12 * bits / rate + padding) * 4
    case 3 where !isFirst: length = 72 * bits / rate + padding
    default: length = 144 * bits / rate + padding
    }
  }

  private func matches(_ other: MPEGHeader) -> Bool {
    version == other.version && layer == other.layer && rate == other.rate
  }

  /// Offset of the first of three frames that follow each other, or of two up to the file's end.
  /// One header alone is 11 set bits and found in any data.
  static func firstFrame(in file: RecordingFile, from start: Int) throws(SoundFileError) -> Int? {
    let bytes = try file.bytes(at: start, count: searchedBytes)
    for offset in bytes.indices where bytes[offset] == 0xFF {
      guard let first = MPEGHeader(bytes[offset...]) else { continue }
      let second = start + offset + first.length
      guard let next = try header(in: file, at: second), next.matches(first) else { continue }
      let third = second + next.length
      if third >= file.size { return start + offset }
      if let last = try header(in: file, at: third), last.matches(first) { return start + offset }
    }
    return nil
  }

  private static func header(in file: RecordingFile, at offset: Int) throws(SoundFileError) -> MPEGHeader? {
    MPEGHeader(try file.bytes(at: offset, count: headerBytes)[...])
  }
}
