import PerchAudio
import PerchCore
import Testing

@Suite struct StartTimeTests {
  private func time(_ name: String, before: [UInt8] = []) throws -> RecordingTime? {
    let scratch = Scratch()
    let file = try scratch.write(name, WAV(data: WAV.tone(seconds: 1), before: before).bytes)
    return try WindowReader(path: file, settings: ReadingSettings()).facts.startTime
  }

  @Test(arguments: [
    ("20151010T152034Z_site_12.wav", "2015-10-10T15:20:34Z"),
    ("20151010T152034+1000_Gympie NP_12.wav", "2015-10-10T15:20:34+10:00"),
    ("20151010T152034-03:30_x.wav", "2015-10-10T15:20:34-03:30"),
    ("SM4_20190522_043000.wav", "2019-05-22T04:30:00"),
    ("SM4_20190522_043000_123.wav", "2019-05-22T04:30:00"),
    ("20190607_095935+1000_REC [-27.1+152.9].wav", "2019-06-07T09:59:35+10:00"),
    ("20190607_ 95935_REC.wav", "2019-06-07T09:59:35"),
    ("2019-05-22T04-30-00.wav", "2019-05-22T04:30:00"),
    ("a_2019-05-22_04-30-00.wav", "2019-05-22T04:30:00"),
    ("5CE4F1A2.WAV", "2019-05-22T06:52:18Z"),
    ("20200229_000000.wav", "2020-02-29T00:00:00"),
  ])
  func fileNames(name: String, text: String) throws {
    let found = try time(name)
    #expect(found?.text == text)
    #expect(found?.source == .fileName)
  }

  @Test(arguments: [
    "20210231_999999.wav", "20210229_120000.wav", "20211301_120000.wav", "20210101_240000.wav",
    "120210101_120000.wav", "20210101_1200001.wav", "night.wav", "00000001.WAV", "FFFFFFFF.WAV", "5CE4F1A2x.WAV",
  ])
  func notTimes(name: String) throws { #expect(try time(name) == nil) }

  @Test(arguments: [
    ("2015-10-10 15:20:34", "2015-10-10T15:20:34"), ("2015-10-10T15:20:34.125Z", "2015-10-10T15:20:34.125Z"),
    ("2015-10-10T15:20:34+1000", "2015-10-10T15:20:34+10:00"),
    ("2015-10-10T15:20:34-03", "2015-10-10T15:20:34-03:00"),
  ])
  func guano(stamp: String, text: String) throws {
    let chunk = WAV.chunk("guan", Array("GUANO|Version: 1.0\nMake: X\nTimestamp: \(stamp)\nNote:\n".utf8))
    let found = try time("20010101_000000.wav", before: chunk)
    #expect(found?.text == text)
    #expect(found?.source == .guano)
  }

  @Test func unreadableGuanoGivesWayToTheName() throws {
    let chunk = WAV.chunk("guan", Array("GUANO|Version: 1.0\nTimestamp: yesterday\n".utf8))
    #expect(try time("20010101_000000.wav", before: chunk)?.source == .fileName)
  }

  @Test(arguments: [
    ("(UTC)", "2020-04-03T10:25:00Z"), ("(UTC+10)", "2020-04-03T10:25:00+10:00"),
    ("(UTC-3:30)", "2020-04-03T10:25:00-03:30"), ("by", "2020-04-03T10:25:00Z"),
  ])
  func audioMoth(zone: String, text: String) throws {
    let by = "by AudioMoth 0123456789ABCDEF at gain setting 2"
    let comment = Array("Recorded at 10:25:00 03/04/2020 \(zone) \(by)".utf8)
    let chunk = WAV.chunk("LIST", Array("INFO".utf8) + WAV.chunk("ICMT", comment))
    #expect(try time("x.wav", before: chunk)?.text == text)
  }

  @Test func frontierLabs() throws {
    let flac = FLAC.withComments(["RecordingStart=2021-03-04T05:06:07+10:00", "SensorUid=12 \r\n"], spareBytes: 0)
    let scratch = Scratch()
    let file = try scratch.write("x.flac", flac)
    let found = try WindowReader(path: file, settings: ReadingSettings()).facts.startTime
    #expect(found?.text == "2021-03-04T05:06:07+10:00")
    #expect(found?.source == .frontierLabs)
  }
}
