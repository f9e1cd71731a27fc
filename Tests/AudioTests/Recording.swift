import Foundation
import PerchAudio
import PerchCore
import TestSupport

/// Files written for one test; removed with it.
final class Scratch {
  let folder: URL

  init() {
    folder = FileManager.default.temporaryDirectory.appending(path: "perch-\(UUID().uuidString)")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: folder.appending(path: name))
    return path(name)
  }
}

/// Bytes of WAV files, with every field open to lies.
struct WAV {
  var rate = 32_000
  var channels = 1
  /// 1 integers, 3 floats.
  var tag = 1
  var bits = 16
  var data: [UInt8] = []
  var declared: Int?
  var riffDeclared: Int?
  var before: [UInt8] = []
  var after: [UInt8] = []

  var format: [UInt8] {
    let block = channels * bits / 8
    return u16(tag) + u16(channels) + u32(rate) + u32(rate * block) + u16(block) + u16(bits)
  }

  var bytes: [UInt8] {
    let body = Array("WAVE".utf8) + Self.chunk("fmt ", format) + before + Array("data".utf8)
      + u32(declared ?? data.count) + data + after
    return Array("RIFF".utf8) + u32(riffDeclared ?? body.count) + body
  }

  static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
    Array(name.utf8) + u32(body.count) + body + (body.count % 2 == 1 ? [0] : [])
  }

  /// 16-bit tone of 1 kHz at half scale.
  static func tone(seconds: Double, rate: Int = 32_000) -> [UInt8] {
    (0..<Int(seconds * Double(rate))).flatMap { n in
      u16(Int(16_384 * sin(2 * .pi * 1000 * Double(n) / Double(rate))))
    }
  }

  static func integers(_ samples: [Double]) -> [UInt8] { samples.flatMap { u16(Int($0)) } }

  static func floats(_ samples: [Float]) -> [UInt8] { samples.flatMap { u32(Int($0.bitPattern)) } }
}

func u16(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)] }
func u32(_ value: Int) -> [UInt8] { u16(value) + u16(value >> 16) }
func u64(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

/// All that a reader gave.
struct Reading {
  var windows: [[Float]] = []
  var positions: [WindowPosition] = []
  var notes: [Note] = []
  var seconds = 0.0

  var warnings: [String] { notes.filter { $0.level == .warning }.map(\.text) }

  init(
    _ path: String, keepingSound: Bool = true, _ change: (inout ReadingSettings) -> Void = { _ in }
  ) throws(RunnerError) {
    var settings = ReadingSettings()
    change(&settings)
    var reader = try WindowReader(path: path, settings: settings)
    var window = [Float](repeating: .nan, count: settings.windowSamples)
    while true {
      var span = window.mutableSpan
      guard let position = try reader.next(into: &span) else { break }
      positions.append(position)
      if keepingSound { windows.append(window) }
    }
    notes = reader.notes
    seconds = reader.secondsDecoded
  }
}

/// The line that the reading ends with, or nil where it succeeds.
func errorLine(_ path: String, _ change: (inout ReadingSettings) -> Void = { _ in }) -> (String, ExitCode)? {
  do {
    _ = try Reading(path, keepingSound: false, change)
    return nil
  } catch {
    return (error.description, error.exit)
  }
}
