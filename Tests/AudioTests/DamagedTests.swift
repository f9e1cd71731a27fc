import Foundation
import PerchAudio
import PerchCore
import TestSupport
import Testing

/// FLAC bytes made from the recording of this repository.
enum FLAC {
  static let file = TestFiles.project.appending(path: "Tests/Recordings/birds_10s.flac")
  static let bytes = (try? [UInt8](Data(contentsOf: file))) ?? []

  /// STREAMINFO block with the given total of samples, not marked as the last.
  static func head(total: UInt64 = 324_263) -> [UInt8] {
    var head = Array(bytes[0..<42])
    head[4] = 0
    head[21] = head[21] & 0xF0 | UInt8(truncatingIfNeeded: total >> 32)
    for i in 0..<4 { head[22 + i] = UInt8(truncatingIfNeeded: total >> (8 * (3 - UInt64(i)))) }
    return head
  }

  /// The audio frames, after two metadata blocks.
  static var frames: [UInt8] {
    let second = 42
    let length = Int(bytes[second + 1]) << 16 | Int(bytes[second + 2]) << 8 | Int(bytes[second + 3])
    return Array(bytes[(second + 4 + length)...])
  }

  /// A comment block declared `spareBytes` longer than its contents.
  static func withComments(_ comments: [String], spareBytes: Int, total: UInt64 = 324_263) -> [UInt8] {
    var block = u32(5) + Array("Maker".utf8) + u32(comments.count)
    for comment in comments { block += u32(comment.utf8.count) + Array(comment.utf8) }
    block += [UInt8](repeating: 0, count: spareBytes)
    let length = block.count
    return head(total: total)
      + [0x84, UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255)] + block + frames
  }
}

@Suite struct DamagedTests {
  private let scratch = Scratch()
  private let again = "copy it again from the recorder, or leave it out"

  private func read(_ bytes: [UInt8], _ change: (inout ReadingSettings) -> Void = { _ in }) throws -> Reading {
    try Reading(scratch.write("a.wav", bytes), change)
  }

  private func expectLine(_ bytes: [UInt8], _ text: String, strict: Bool = false) throws {
    let path = try scratch.write("a.wav", bytes)
    let (line, exit) = try #require(errorLine(path) { $0.strict = strict })
    #expect(line == "error: \(path): \(text)")
    #expect(exit == .input)
  }

  // MARK: WAV sizes

  @Test func sizesThatLie() throws {
    let sound = WAV.tone(seconds: 5.5)
    let whole = try read(WAV(data: sound).bytes)
    let cases: [(WAV, [String])] = [
      (WAV(data: sound, declared: 640_000), ["claims 10.0 s, holds 5.5 s"]),
      (WAV(data: sound + [1], declared: 640_000), ["claims 10.0 s, holds 5.5 s"]),
      (WAV(data: sound, declared: 0), ["its header gives the audio no size; found 5.5 s"]),
      (WAV(data: sound, declared: 0xFFFF_FFFF, riffDeclared: 0), []),
      (WAV(data: sound, declared: 0x7FFF_FFFF), []),
      (WAV(data: sound, riffDeclared: 17), []),
      (WAV(data: sound, declared: sound.count + 44), []),
      (WAV(data: sound, after: WAV.chunk("data", WAV.tone(seconds: 1))), []),
      (WAV(data: sound, before: WAV.chunk("JUNK", [1, 2, 3])), []),
      (WAV(data: sound, before: Array("JUNK".utf8) + u32(3) + [1, 2, 3]), []),
      (
        WAV(data: sound, after: [UInt8](repeating: 0xF7, count: 1000)),
        ["1000 bytes after its 5.5 s of audio belong to no part of the file; they are not read"]
      ),
    ]
    for (wav, warnings) in cases {
      let reading = try read(wav.bytes)
      #expect(reading.warnings == warnings)
      #expect(reading.windows == whole.windows)
      #expect(reading.seconds == 5.5)
    }
    try expectLine(
      cases[0].0.bytes,
      "claims 10.0 s, holds 5.5 s; copy it again from the recorder, or leave out --strict to use what is there",
      strict: true)
  }

  @Test func dataBeforeFormat() throws {
    let sound = WAV.tone(seconds: 5)
    let wav = WAV(data: sound)
    let body = Array("WAVE".utf8) + WAV.chunk("data", sound) + WAV.chunk("fmt ", wav.format)
    let reading = try read(Array("RIFF".utf8) + u32(body.count) + body)
    #expect(reading.windows == (try read(wav.bytes).windows))
    #expect(reading.notes.isEmpty)
  }

  @Test func headersWithoutSound() throws {
    try expectLine(WAV(data: []).bytes, "holds no audio; \(again)")
    try expectLine(WAV(data: [], declared: 2_000_000_000).bytes, "holds no audio; \(again)")
    try expectLine(WAV(data: [], after: WAV.chunk("LIST", Array("INFO".utf8))).bytes, "holds no audio; \(again)")
    try expectLine(Array(WAV(data: []).bytes.prefix(36)), "its WAV header leads to no audio; \(again)")
    try expectLine(Array("RIFF".utf8) + u32(4) + Array("WAVE".utf8), "its WAV header leads to no audio; \(again)")
    try expectLine(FLAC.head() + [0x81, 0, 0, 0] + [UInt8](repeating: 0, count: 9000), "holds no audio; \(again)")
    try expectLine(FLAC.head() + [0x81, 0, 0, 0], "holds no audio; \(again)")
    try expectLine(Array(FLAC.bytes.prefix(20)), "its FLAC header is cut off; \(again)")
  }

  @Test func absurdFields() throws {
    let sound = WAV.tone(seconds: 2)
    try expectLine(WAV(channels: 0, data: sound).bytes, "its header says 0 channels, not 1 to 1024; \(again)")
    try expectLine(WAV(channels: 1025, data: sound).bytes, "its header says 1025 channels, not 1 to 1024; \(again)")
    for rate in [0, 999, 1_000_001, 4_000_000_000] {
      try expectLine(
        WAV(rate: rate, data: sound).bytes,
        "its header says \(rate) Hz, not 1000 to 1000000 Hz; resample it, or leave it out")
    }
    try expectLine(
      WAV(tag: 0x55, data: sound).bytes,
      "the decoder refuses it (WAV); convert it to FLAC, or copy it again from the recorder")
  }

  @Test func manyChannels() throws {
    let frame = (0..<1024).flatMap { u16($0 * 16) }
    let data = Array(repeatElement(frame, count: 2000)).flatMap { $0 }
    let path = try scratch.write("wide.wav", WAV(rate: 1000, channels: 1024, data: data).bytes)
    let reading = try Reading(path) {
      $0.channel = .index(1000)
      $0.normalization = .none
    }
    #expect(reading.seconds == 2)
    #expect(reading.windows.count == 1)
    // Constant input of 16000/32768, up-sampled 32 times: the filter leaves images of it at −60 dB.
    #expect(abs(reading.windows[0][80_000] - 16_000.0 / 32_768) < 1e-3)
  }

  @Test func absurdLongSizes() throws {
    let sound = WAV.tone(seconds: 5)
    let wav = WAV(data: sound)
    for size in [UInt64.max, UInt64(Int.max), 1 << 62] {
      let ds64 = WAV.chunk("ds64", u64(size) + u64(size) + u64(size) + u32(0))
      let bytes = Array("RF64".utf8) + u32(0xFFFF_FFFF) + Array("WAVE".utf8) + ds64 + WAV.chunk("fmt ", wav.format)
        + Array("data".utf8) + u32(0xFFFF_FFFF) + sound
      let reading = try read(bytes)
      #expect(reading.windows == (try read(wav.bytes).windows))
      #expect(reading.warnings.count == 1)
      #expect(reading.warnings[0].hasSuffix("holds 5.0 s"))
    }
  }

  /// A file with a hole: 4 GiB and 5 s, of which the header's 32 bits say 5 s.
  @Test func sizeThatRanOver() throws {
    let sound = WAV.tone(seconds: 5)
    let path = try scratch.write("big.wav", WAV(rate: 1_000_000, data: sound, declared: sound.count).bytes)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: UInt64(44 + sound.count) + 1 << 32)
    try handle.close()
    let reader = try WindowReader(path: path, settings: ReadingSettings())
    #expect(reader.notes.map(\.text) == ["its header's 32-bit size ran over at 4 GiB; found 2147.6 s"])
    #expect(reader.facts.claimedSeconds == (Double(1 << 31) + 160_000) / 1e6)
  }

  // MARK: FLAC

  @Test func flacHeadersThatLie() throws {
    let whole = try read(FLAC.bytes)
    #expect(whole.windows.count == 2)
    let cases: [([UInt8], [String])] = [
      (FLAC.withComments(["A=b"], spareBytes: 1), []),
      (FLAC.withComments([], spareBytes: 0, total: 0), []),
      (FLAC.withComments([], spareBytes: 1, total: 648_526), ["claims 20.3 s, holds 10.1 s"]),
      (FLAC.withComments([], spareBytes: 0, total: 160_000), ["claims 5.0 s, holds 10.1 s"]),
      (Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 5] + [0, 0, 0, 0, 0] + FLAC.bytes, []),
    ]
    for (bytes, warnings) in cases {
      let reading = try read(bytes)
      #expect(reading.windows == whole.windows)
      #expect(reading.warnings == warnings)
    }
  }

  @Test func flacDamagedInside() throws {
    let whole = try read(FLAC.bytes)
    var bytes = FLAC.bytes
    let middle = bytes.count * 2 / 3
    for i in middle..<middle + 40_000 { bytes[i] = 0 }
    let reading = try read(bytes)
    #expect(reading.windows[0] == whole.windows[0])
    #expect(reading.seconds > 5 && reading.seconds < 10)
    let tenths = "\((reading.seconds * 10).rounded() / 10)"
    #expect(reading.warnings == ["damaged at \(tenths) s: what follows is not read"])
    try expectLine(
      bytes,
      "damaged at \(tenths) s: what follows is not read; copy it again from the recorder, "
        + "or leave out --strict to use what is there",
      strict: true)
    let cut = try read(Array(FLAC.bytes.prefix(FLAC.bytes.count * 2 / 3)))
    #expect(cut.windows[0] == whole.windows[0])
    #expect(cut.warnings.count == 1)
  }

  /// Whatever byte is wrong, reading ends, with windows of finite samples or with one error.
  @Test(arguments: 0..<60) func flippedBytes(seed: Int) throws {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    func random(_ below: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(below))
    }
    let list = WAV.chunk("LIST", Array("INFO".utf8) + WAV.chunk("ICMT", [65]))
    var bytes = seed % 2 == 0
      ? WAV(data: WAV.tone(seconds: 2), before: list).bytes
      : Array(FLAC.bytes.prefix(60_000))
    for _ in 0..<3 { bytes[random(96)] = UInt8(random(256)) }
    do {
      let reading = try read(bytes)
      #expect(reading.windows.allSatisfy { $0.allSatisfy(\.isFinite) })
    } catch let error as RunnerError {
      #expect(error.exit == .input)
    }
  }

  // MARK: Samples

  @Test func samplesThatAreNotNumbers() throws {
    var sound = (0..<160_000).map { Float(sin(Double($0) / 10)) / 2 }
    sound[40_000] = .nan
    sound[50_000] = .infinity
    let bytes = WAV(tag: 3, bits: 32, data: WAV.floats(sound)).bytes
    let reading = try read(bytes)
    #expect(reading.windows[0].allSatisfy { $0.isFinite })
    #expect(reading.warnings == ["2 samples are not finite, the first at 1.3 s: read as 0"])
  }

  // MARK: Not recordings

  @Test func otherContent() throws {
    let give = "give a recording: WAV, FLAC, Ogg Vorbis, Opus, MP3 or AIFF"
    let convert = "convert it to FLAC, for example with ffmpeg"
    try expectLine([], "is empty; \(again)")
    try expectLine(Array("some notes\nof a day".utf8), "is text, not audio; \(give)")
    try expectLine(Array("<!DOCTYPE html><html><body>404".utf8), "is an HTML page, not audio; \(give)")
    try expectLine([0x89] + Array("PNG\r\n".utf8), "is a PNG image, not audio; \(give)")
    try expectLine(Array("PK".utf8) + [3, 4, 0, 0], "is a ZIP archive, not audio; \(give)")
    try expectLine([UInt8](repeating: 0, count: 5000), "is zeros, not audio; \(give)")
    try expectLine([0x81, 0x92, 0xA3, 0, 1], "is of an unknown format, not audio; \(give)")
    try expectLine([0, 0, 0, 32] + Array("ftypM4A ".utf8), "is MP4 (AAC or ALAC), which is not read; \(convert)")
    try expectLine(Array("RIFF".utf8) + u32(100) + Array("AVI LIST".utf8), "is an AVI film, not audio; \(give)")
  }

  @Test func notFiles() throws {
    let pipe = scratch.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let missing = scratch.path("missing.wav")
    try FileManager.default.createSymbolicLink(atPath: scratch.path("dangling"), withDestinationPath: missing)
    let loop = scratch.path("loop")
    try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
    let give = "give the file of a recording"
    let cases = [
      (missing, "no such file; check the path"),
      (scratch.path("dangling"), "is a link to a file that does not exist; check the link"),
      (scratch.path("loop"), "is a loop of links; check the link"),
      (scratch.folder.path, "is a folder, not a file; \(give)"),
      (pipe, "is a pipe, not a file; \(give)"),
      ("/dev/null", "is a device, not a file; \(give)"),
      ("/dev/zero", "is a device, not a file; \(give)"),
    ]
    for (path, text) in cases {
      let (line, exit) = try #require(errorLine(path))
      #expect(line == "error: \(path): \(text)")
      #expect(exit == .input)
    }
  }

  @Test(.enabled(if: getuid() != 0, "the superuser may read everything")) func unreadable() throws {
    let path = try scratch.write("locked.wav", WAV(data: WAV.tone(seconds: 2)).bytes)
    chmod(path, 0)
    #expect(errorLine(path)?.0 == "error: \(path): may not be read; ask for permission to read it")
  }

  @Test func readOnly() throws {
    let path = try scratch.write("locked.wav", WAV(data: WAV.tone(seconds: 2)).bytes)
    chmod(path, 0o400)
    #expect(try Reading(path).windows.count == 1)
  }

  /// A file that shrinks while it is read gives what is left, with a warning.
  @Test func shrinkingFile() throws {
    let path = try scratch.write("s.wav", WAV(data: WAV.tone(seconds: 60)).bytes)
    var reader = try WindowReader(path: path, settings: ReadingSettings())
    var window = [Float](repeating: 0, count: 160_000)
    var span = window.mutableSpan
    _ = try reader.next(into: &span)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: 640_044)
    var count = 1
    while let _ = try reader.next(into: &span) { count += 1 }
    #expect(count < 12)
    #expect(reader.notes.map(\.text).contains { $0.hasPrefix("claims 60.0 s, holds 1") })
  }
}
