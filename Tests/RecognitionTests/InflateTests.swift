import Foundation
import PerchRecognition
import Testing

/// Deflate against streams that zlib made: `zlib.compressobj(level, DEFLATED, -15, 9, strategy)`.
@Suite struct InflateTests {
  static let calls = Array((0..<40).map { "koala \($0 * $0 % 97) calls at \($0); " }.joined().utf8)
  static let cases: [(String, [UInt8])] = [
    // Level 9: a code of its own.
    (
      "TdJLCkMhDIXhrbiEa+KTrkY6vEIH7f5pKXjyTw8a8yXer7VXutJz7f1O65OuR7r/WY4sn6xEZiebkbnutgjLCa1GWE/oONn0DGr2EzY8"
        + "Pk440OVUTXQujuF6DlBHKlI3pEIxFMo5Jqkaz4o1MYAsl7NdwTpWkiXLqGuiVVQw0SYma6IVrlC0CYXJVlhXtskKslX0a7INhKI1"
        + "jMFEM2zCRRuo4KJVtOCiGYbjog3+T9EawB6fEZ25aJlng4bxetiY/mxf", calls
    ),
    // Strategy 4: the fixed code, with copies that overlap themselves.
    ("S0xKTkRCCtn5iTmJAA==", Array("abcabcabcabcabc koala".utf8)),
    // Level 0: stored.
    ("AQYA+f9zdG9yZWQ=", Array("stored".utf8)),
  ]

  private static func bytes(_ text: String) throws -> [UInt8] { [UInt8](try #require(Data(base64Encoded: text))) }

  @Test(arguments: cases) func gives(text: String, want: [UInt8]) throws {
    #expect(Inflate.decode(try Self.bytes(text)[...], size: want.count) == want)
  }

  @Test(arguments: cases) func refusesAnotherSizeAndCuts(text: String, want: [UInt8]) throws {
    let bytes = try Self.bytes(text)
    #expect(Inflate.decode(bytes[...], size: want.count - 1) == nil)
    #expect(Inflate.decode(bytes[...], size: want.count + 1) == nil)
    for count in 0..<bytes.count - 1 { #expect(Inflate.decode(bytes[..<count], size: want.count) == nil) }
  }

  /// Random bytes end in nil or in output of the size asked for, and never in a trap.
  @Test func noiseIsNoTrap() {
    var state: UInt64 = 1
    var refused = 0
    for _ in 0..<20_000 {
      let noise = (0..<48).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
      }
      if let output = Inflate.decode(noise[...], size: 1000) { #expect(output.count == 1000) } else { refused += 1 }
    }
    #expect(refused > 19_000)
  }
}
