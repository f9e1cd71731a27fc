import Foundation
import PerchCore
import PerchWeights
import SystemPackage
import Testing

/// Files cut short or with changed bytes either open and pass or are refused: nothing else happens.
struct DamageTests {
  /// Bytes of the tiny file and a place for its damaged copies.
  private let folder: TemporaryFolder
  private let bytes: [UInt8]
  private var copy: FilePath { folder.path("copy.h5") }

  init() throws {
    folder = try TemporaryFolder()
    try TinyFile().write(to: folder.path("whole.h5"))
    bytes = Array(try Data(contentsOf: folder.url.appending(path: "whole.h5")))
  }

  /// The error that a damaged copy gives, or nil where every check passes.
  private func outcome(_ damaged: [UInt8]) throws -> RunnerError? {
    try Data(damaged).write(to: URL(filePath: copy.string))
    do throws(RunnerError) {
      try WeightFile(path: copy, heads: .all).validateAll()
      return nil
    } catch { return error }
  }

  @Test func everyTruncationIsRefused() throws {
    for length in stride(from: 0, to: bytes.count, by: 97) {
      let error = try outcome(Array(bytes[..<length]))
      #expect(error?.exit == .weights, "\(length) bytes")
      if length >= 48 {
        #expect(error?.cause == "ends after \(length) of \(bytes.count) bytes (truncated copy)")
      }
    }
  }

  /// One byte changed at a time, all over the file; the step is prime, so that all fields are met.
  @Test(arguments: [UInt8(0xFF), 0x01, 0x80]) func flippedBytesNeverCrash(_ mask: UInt8) throws {
    var refused = 0
    for position in stride(from: Int(mask % 7), to: bytes.count, by: 199) {
      var damaged = bytes
      damaged[position] ^= mask
      let clock = ContinuousClock(), begin = clock.now
      let result = try outcome(damaged)
      let spent = begin.duration(to: clock.now)
      if spent > .milliseconds(100) { print("SLOW", mask, position, bytes.count, spent, result?.cause ?? "fine") }
      if let error = result {
        refused += 1
        #expect(error.exit == .weights && error.subject == copy.string)
      }
    }
    #expect(refused > 0)
  }
}
