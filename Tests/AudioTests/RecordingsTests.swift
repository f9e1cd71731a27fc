import Foundation
import PerchAudio
import PerchCore
import TestSupport
import Testing

@Suite struct RecordingsTests {
  @Test func recordingOfTheRepository() throws {
    let reading = try Reading(TestFiles.project.appending(path: "Tests/Recordings/birds_10s.flac").path)
    #expect(reading.seconds == 324_263.0 / 32_000)
    #expect(reading.positions.map(\.startSeconds) == [0, 5])
    #expect(reading.positions.map(\.endSeconds) == [5, 10])
    #expect(reading.notes.isEmpty)
    for window in reading.windows {
      #expect(window.map(abs).max() == 0.25)
    }
  }

  @Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
  struct Shared {
    static let folder = TestFiles.shared?.appending(path: "audio") ?? TestFiles.project
    static let variants = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/variants")) ?? [])
      .filter { !$0.hasSuffix(".json") && $0 != "oggflac.oga" }.sorted()

    @Test func allVariantsAreThere() { #expect(Self.variants.count == 39) }

    /// Each is one clip of 5 s (`float_64.wav`: 2 s; ADPCM: whole blocks).
    @Test(arguments: variants) func oneWindow(name: String) throws {
      let reading = try Reading(Self.folder.path + "/variants/" + name)
      #expect(reading.windows.count == 1)
      #expect(reading.positions[0].validSamples == (name == "float_64.wav" ? 64_000 : 160_000))
      #expect(reading.windows[0].allSatisfy { $0.isFinite })
      #expect(reading.windows[0].map(abs).max() == 0.25)
    }

    @Test(arguments: [
      [
        "rate_32000.wav", "audiomoth_20151010_052034.WAV", "bext.wav", "flac_16.flac", "four_channels.flac",
        "guano_after_data.wav", "guano_before_data.wav", "junk_odd_chunk.wav", "stereo.wav",
      ],
      ["wavex_16.wav", "aiff_16.aiff", "au_16.au", "caf_16.caf", "rf64_16.wav", "w64_16.w64"],
    ])
    func sameSoundSameWindows(names: [String]) throws {
      let first = try Reading(Self.folder.path + "/variants/" + names[0]).windows
      for name in names.dropFirst() {
        #expect(try Reading(Self.folder.path + "/variants/" + name).windows == first, "\(name)")
      }
    }

    @Test(arguments: [
      ("1min.flac", 12), ("S4A03895_20190522_043000.wav", 2), ("audiomoth_comment.wav", 3),
      ("audiomoth_gps.wav", 1),
      ("birds_10s.wav", 2), ("great_plains_toad.flac", 9), ("rugr_drum.wav", 2),
      ("gympie_np_1192_333354_20151010_152034_30_0.wav", 6),
    ])
    func windowsOfRecordings(name: String, count: Int) throws {
      let reading = try Reading(Self.folder.path + "/recordings/" + name)
      #expect(reading.windows.count == count)
      #expect(reading.warnings.isEmpty)
    }

    @Test func oggFLACIsNamed() throws {
      let path = Self.folder.path + "/variants/oggflac.oga"
      let (line, exit) = try #require(errorLine(path))
      let text = "is FLAC inside Ogg, which is not read; convert it to FLAC, for example with ffmpeg"
      #expect(line == "error: \(path): \(text)")
      #expect(exit == .input)
    }

    @Test func joinedAndCutOgg() throws {
      let scratch = Scratch()
      let vorbis = [UInt8](try Data(contentsOf: Self.folder.appending(path: "variants/vorbis.ogg")))
      let opus = [UInt8](try Data(contentsOf: Self.folder.appending(path: "variants/opus.opus")))
      let joined = try scratch.write("joined.ogg", vorbis + opus)
      #expect(try Reading(joined).warnings == ["holds a second Ogg stream after the first, which alone is read"])
      let cut = try scratch.write("cut.opus", Array(opus.prefix(opus.count * 2 / 3)))
      let reading = try Reading(cut)
      #expect(reading.seconds > 1 && reading.seconds < 5)
      #expect(reading.warnings == ["ends before the mark of its end: the last part is missing"])
    }

    @Test func junkBeforeMP3() throws {
      let scratch = Scratch()
      let bytes = [UInt8](try Data(contentsOf: Self.folder.appending(path: "variants/lame_vbr.mp3")))
      let tag = Array("ID3".utf8) + [4, 0, 0, 0, 0, 1, 0] + [UInt8](repeating: 0, count: 128)
      let junk = [UInt8](repeating: 0x55, count: 777)
      let want = try Reading(scratch.write("plain.bin", bytes)).windows
      #expect(try Reading(scratch.write("tagged.bin", tag + bytes)).windows == want)
      #expect(try Reading(scratch.write("junk.bin", junk + bytes)).windows == want)
    }

    @Test(arguments: [
      ("variants/guano_before_data.wav", "2015-10-10T15:20:34+10:00", RecordingTime.Source.guano),
      ("variants/guano_after_data.wav", "2015-10-10T15:20:34+10:00", .guano),
      ("variants/bext.wav", "2015-10-10T15:20:34", .broadcastExtension),
      ("variants/audiomoth_20151010_052034.WAV", "2015-10-10T05:20:34Z", .audioMoth),
      ("recordings/audiomoth_comment.wav", "2020-04-04T10:25:00Z", .audioMoth),
      ("recordings/S4A03895_20190522_043000.wav", "2019-05-22T04:30:00", .fileName),
    ])
    func startTimes(name: String, text: String, source: RecordingTime.Source) throws {
      let time = try WindowReader(path: Self.folder.path + "/" + name, settings: ReadingSettings()).facts.startTime
      #expect(time?.text == text)
      #expect(time?.source == source)
    }
  }
}
