import Foundation
import PerchAudio
import PerchCore
import Testing

@Suite struct WindowReaderTests {
  private let scratch = Scratch()

  private func wav(seconds: Double, rate: Int = 32_000) throws -> String {
    try scratch.write("w.wav", WAV(rate: rate, data: WAV.tone(seconds: seconds, rate: rate)).bytes)
  }

  // MARK: Resampler

  static let chunks = [1, 7, 4096, Int.max]

  /// However the input is cut, the outputs have the same bits.
  @Test(arguments: [1_000, 8_000, 11_025, 22_050, 32_000, 44_100, 44_101, 48_000, 96_000, 250_000, 384_000])
  func chunkSizesChangeNothing(rate: Int) {
    let input = (0..<20_011).map { Float(sin(Double($0 * $0 % 7919))) }
    let bank = PolyphaseBank(from: SampleRate(hertz: rate), to: SampleRate(hertz: 32_000))
    let outputs = Self.chunks.map { size in
      var resampler = Resampler(bank)
      var output: [Float] = []
      var start = 0
      while start < input.count {
        let end = start + min(size, input.count - start)
        resampler.push(input.span.extracting(start..<end), into: &output)
        start = end
      }
      resampler.finish(into: &output)
      return output.map(\.bitPattern)
    }
    #expect(outputs[0].count == (input.count * 32_000 + rate - 1) / rate)
    for other in outputs.dropFirst() { #expect(other == outputs[0]) }
  }

  /// A tone far below both Nyquist frequencies keeps its level: the filter's ripple there is below 1e-3.
  @Test(arguments: [8_000, 22_050, 44_100, 48_000, 192_000, 1_000_000]) func toneKeepsItsLevel(rate: Int) {
    let input = (0..<rate).map { Float(sin(2 * Double.pi * 1000 * Double($0) / Double(rate))) }
    var resampler = Resampler(PolyphaseBank(from: SampleRate(hertz: rate), to: SampleRate(hertz: 32_000)))
    var output: [Float] = []
    resampler.push(input.span, into: &output)
    resampler.finish(into: &output)
    #expect(output.count == 32_000)
    for q in 1000..<31_000 {
      let want = sin(2 * Double.pi * 1000 * Double(q) / 32_000)
      #expect(abs(Double(output[q]) - want) < 2e-3)
      if abs(Double(output[q]) - want) >= 2e-3 { break }
    }
  }

  @Test func resamplingIsLinear() {
    let a = (0..<5000).map { Float(sin(Double($0) / 3)) / 2 }
    let b = (0..<5000).map { Float(cos(Double($0) / 11)) / 2 }
    func resampled(_ x: [Float]) -> [Float] {
      var resampler = Resampler(PolyphaseBank(from: SampleRate(hertz: 44_100), to: SampleRate(hertz: 32_000)))
      var y: [Float] = []
      resampler.push(x.span, into: &y)
      resampler.finish(into: &y)
      return y
    }
    let (ya, yb, sum) = (resampled(a), resampled(b), resampled(zip(a, b).map { $0 + $1 }))
    // Three results, each within 1e-6 of the exact one.
    #expect(sum.indices.allSatisfy { abs(sum[$0] - ya[$0] - yb[$0]) <= 3e-6 })
  }

  // MARK: Windows

  @Test func durationsOfTheContract() throws {
    for (seconds, count) in [(1.0, 1), (4.99, 1), (7.4, 2), (60.5, 12), (61, 13), (63, 13), (66, 14), (106.9, 22)] {
      #expect(try Reading(wav(seconds: seconds), keepingSound: false).positions.count == count, "\(seconds)")
    }
  }

  @Test func shorterThanOneSecond() throws {
    let path = try wav(seconds: 0.5)
    let (line, exit) = try #require(errorLine(path))
    #expect(line == "error: \(path): shorter than 1 s (0.5 s); leave it out")
    #expect(exit == .input)
    let reading = try Reading(path) { $0.compat = .reference }
    #expect(reading.positions.isEmpty)
    #expect(reading.warnings == ["shorter than 1 s (0.5 s): no window"])
  }

  @Test func endsShowTheSound() throws {
    let reading = try Reading(wav(seconds: 7.4))
    #expect(reading.positions.map(\.endSeconds) == [5, 7.4])
    #expect(reading.positions[1].leftPadding == 41_600)
    #expect(reading.positions[1].validSamples == 76_800)
  }

  /// Starts are whole samples, however uneven the hop, and never a running sum.
  @Test func startsAreRounded() throws {
    let hop = try #require(WindowHop(seconds: 1.0 / 3))
    let reading = try Reading(wav(seconds: 30), keepingSound: false) { $0.hop = hop }
    #expect(reading.positions.count == 76)
    for (k, position) in reading.positions.enumerated() {
      #expect(position.start.value == Int((Double(k) * 32_000 / 3).rounded()))
    }
    let tenth = try #require(WindowHop(seconds: 0.1))
    #expect(try Reading(wav(seconds: 6), keepingSound: false) { $0.hop = tenth }.positions[3].startSeconds == 0.3)
  }

  @Test func hopOfOneSample() throws {
    let hop = try #require(WindowHop(seconds: 1.0 / 32_000))
    let ramp = (0..<160_005).map { Float($0) / 160_005 }
    let path = try scratch.write("ramp.wav", WAV(tag: 3, bits: 32, data: WAV.floats(ramp)).bytes)
    let reading = try Reading(path) {
      $0.hop = hop
      $0.normalization = .none
    }
    #expect(reading.windows.count == 6)
    for (k, window) in reading.windows.enumerated() { #expect(window == Array(ramp[k..<k + 160_000])) }
  }

  @Test func hopsThatLeaveGaps() throws {
    let ramp = (0..<1_000_000).map { Float($0) / 1_000_000 }
    let path = try scratch.write("ramp.wav", WAV(tag: 3, bits: 32, data: WAV.floats(ramp)).bytes)
    let reading = try Reading(path) {
      $0.hop = WindowHop(seconds: 12) ?? .window
      $0.normalization = .none
    }
    #expect(reading.positions.map(\.start.value) == [0, 384_000, 768_000])
    #expect(reading.windows[2] == Array(ramp[768_000..<928_000]))
  }

  @Test func hopsThatAreNone() {
    for seconds in [0, -1, 1e-6, .infinity, .nan, 1e10] { #expect(WindowHop(seconds: seconds) == nil) }
  }

  /// Left 0.5 and right −0.25, alternating, of 6 s.
  private func stereo() throws -> String {
    let frames = (0..<192_000).flatMap { [Float($0 % 2), Float($0 % 2) * -0.5] }
    return try scratch.write("stereo.wav", WAV(channels: 2, tag: 3, bits: 32, data: WAV.floats(frames)).bytes)
  }

  @Test func channelChoices() throws {
    func read(_ choice: ChannelChoice) throws -> Reading {
      try Reading(stereo()) {
        $0.channel = choice
        $0.normalization = .none
        $0.hop = WindowHop(seconds: 0.5) ?? .window
      }
    }
    let first = try read(.first)
    #expect(first.notes.map(\.text) == ["has 2 channels: channel 0 is used"])
    #expect(first.windows[0][1] == 1)
    #expect(try read(.index(1)).windows[0][1] == -0.5)
    #expect(try read(.mean).windows[0][1] == 0.25)
    let all = try read(.all)
    #expect(all.positions.map(\.channel) == [0, 1, 0, 1, 0, 1])
    #expect(all.positions.map(\.start.value) == [0, 0, 16_000, 16_000, 32_000, 32_000])
    #expect(all.windows[3][1] == -0.5)
    #expect(all.notes.isEmpty)
    let path = try stereo()
    let (line, exit) = try #require(errorLine(path) { $0.channel = .index(2) })
    #expect(line == "error: \(path): has 2 channels, and no channel 2; count channels from 0")
    #expect(exit == .input)
  }

  @Test func peakAlone() throws {
    let path = try stereo()
    let window = try Reading(path) { $0.normalization = .peak }.windows[0]
    #expect(window[0] == 0 && window[1] == 0.25)
  }

  @Test func silenceIsCounted() throws {
    let path = try scratch.write("quiet.wav", WAV(data: [UInt8](repeating: 0, count: 640_000)).bytes)
    let reading = try Reading(path)
    #expect(reading.windows.allSatisfy { $0.allSatisfy { $0 == 0 } })
    #expect(reading.warnings == ["2 windows are silent: all get the embedding of zeros"])
  }

  @Test func lowRatesAreNoted() throws {
    #expect(try Reading(wav(seconds: 5, rate: 8000)).warnings == [
      "sampled at 8000 Hz: the model hears nothing above 4000 Hz"
    ])
    #expect(try Reading(wav(seconds: 5, rate: 16_000)).warnings.isEmpty)
  }
}
