import PerchPipeline
import SystemPackage
import Testing

/// Patterns, shards and the seconds of a report.
@Suite struct BatchPartsTests {
  @Test(
    arguments: [
      ("a/b/*.wav", "a/b", "x.wav", true), ("a/b/*.wav", "a/b", "x.flac", false),
      ("a/b/*.wav", "a/b", "c/x.wav", false), ("a/**/*.wav", "a", "x.wav", true),
      ("a/**/*.wav", "a", "b/c/x.wav", true), ("a/**/c/*", "a", "b/b/c/x", true), ("a/**/c/*", "a", "b/x", false),
      ("/data/?.wav", "/data", "x.wav", true), ("/data/?.wav", "/data", "xy.wav", false),
      ("[a-c]x", "", "bx", true), ("[a-c]x", "", "dx", false), ("[!a-c]x", "", "dx", true),
      ("[]x", "", "[]x", true), ("[a", "", "[a", true), ("[a-]", "", "-", true), ("*a*b*c", "", "xaybzc", true),
      ("*a*b*c", "", "xaybz", false), ("*aab", "", "aaaab", true), ("plain.wav", "", "plain.wav", true),
      ("plain.wav", "", "plainxwav", false), ("*", "", "", false), ("a*/x", "", "ab/x", true),
    ])
  func patternsFitWhatTheySay(_ pattern: String, _ root: String, _ name: String, _ fits: Bool) {
    let pattern = PathPattern(pattern)
    #expect(pattern.root.string == root)
    #expect(pattern.fits(FilePath(name)) == fits)
  }

  /// A pattern that would take for ever with trials of every way: each `*` may only be tried once.
  @Test func patternsAreQuick() {
    let pattern = PathPattern(String(repeating: "*a", count: 40) + "*b")
    #expect(!pattern.fits(FilePath(String(repeating: "a", count: 200))))
  }

  @Test(arguments: ["0/1", "2/1", "1", "1/", "/2", "1/0", "a/b", "1/2/3", "-1/2", "1/100001", ""])
  func nonsenseIsNoShard(_ text: String) { #expect(Shard(text) == nil) }

  /// The parts of FNV-1a's published values: of "" cbf29ce484222325, "a" af63dc4c8601ec8c, "foobar"
  /// 85944171f73967e8.
  @Test(
    arguments: [
      ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8),
    ] as [(String, UInt64)])
  func partsFollowFromThePath(_ source: String, _ hash: UInt64) {
    for count in [1, 2, 3, 7, 1000] {
      let holders = (1...count).filter { Shard($0, of: count)?.holds(source) == true }
      #expect(holders == [Int(hash % UInt64(count)) + 1])
    }
  }

  /// Four parts of 10,000 names as recorders give them: each within five standard deviations (43) of a quarter.
  @Test func partsAreEven() {
    var counts = [0, 0, 0, 0]
    for site in 0..<10 {
      for minute in 0..<1000 {
        let source = "site\(site)/2026\(minute / 100)_\(minute % 100)0000.wav"
        for index in 1...4 where Shard(index, of: 4)?.holds(source) == true { counts[index - 1] += 1 }
      }
    }
    #expect(counts.reduce(0, +) == 10_000)
    #expect(counts.allSatisfy { abs($0 - 2500) < 217 }, "\(counts)")
  }

  @Test(
    arguments: [
      (0, "0.0"), (1, "0.000001"), (500_000, "0.5"), (12_000_000, "12.0"), (86_400_000_001, "86400.000001"),
      (1_250_000, "1.25"),
    ])
  func secondsAreDecimals(_ count: Int, _ text: String) {
    #expect(Microseconds(count).text == text)
    #expect(Microseconds(text) == Microseconds(count))
  }

  @Test(arguments: ["", "1", ".5", "1.", "-1.0", "1.0000000", "1e3", "+1.0", "1.5.0", "9999999999999.0", "1. 5"])
  func otherTextIsNoSeconds(_ text: String) { #expect(Microseconds(text) == nil) }

  @Test func aLineReadsBack() throws {
    let fields = [
      "a,b/\"q\".wav", "out/x.csv", "done", "0", "1.4", "3", "claims 10.0 s, holds 5.5 s", "10.0", "5.0",
      "tail 0.5; unreadable 4.5",
    ]
    let row = try #require(BatchRow(fields: fields))
    #expect(row.sound.losses.map(\.microseconds) == [500_000, 4_500_000])
    #expect(
      row.line
        == #""a,b/""q"".wav",out/x.csv,done,0,1.4,3,"claims 10.0 s, holds 5.5 s",10.0,5.0,tail 0.5; unreadable 4.5"#
        + "\n")
  }

  @Test(arguments: [
    (7, "9.9"), (8, "4.9"), (9, "tail 0.4; unreadable 4.5"), (9, "moths 5.0"), (2, "lost"), (5, "x"),
  ])
  func aLineThatDoesNotAddUpIsNone(_ field: Int, _ text: String) {
    var fields = ["a", "b", "done", "0", "1.4", "3", "", "10.0", "5.0", "tail 0.5; unreadable 4.5"]
    #expect(BatchRow(fields: fields) != nil)
    fields[field] = text
    #expect(BatchRow(fields: fields) == nil)
  }
}
