import PerchAudio
import PerchCore
import TestSupport
import Testing

@Suite(.enabled(if: Vectors.areThere, "needs the shared reference data, and Python with numpy and h5py"))
struct GoldenTests {
  static let rates = [
    8000, 11025, 16000, 22000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 192_000, 250_000, 256_000, 384_000,
  ]
  static let target = SampleRate(hertz: 32_000)

  private func resample(_ input: [Float], rate: Int) -> [Float] {
    var resampler = Resampler(PolyphaseBank(from: SampleRate(hertz: rate), to: Self.target))
    var output: [Float] = []
    resampler.push(input.span, into: &output)
    resampler.finish(into: &output)
    return output
  }

  /// Inputs are within ±1: Float taps and eight Float sums are off by less than 1e-6 (the scalar Float
  /// sum of scipy by up to 6e-7).
  @Test(arguments: rates, ["real", "chirp"])
  func resamplesLikeTheReference(rate: Int, kind: String) throws {
    let input = try Vectors.array("\(rate)_\(kind)_input").values.map { Float($0 / 32_768) }
    let want = try Vectors.array("\(rate)_\(kind)_output").values
    let got = resample(input, rate: rate)
    #expect(got.count == want.count)
    let worst = zip(got, want).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
    #expect(worst <= (rate == 32_000 ? 0 : 1e-6))
  }

  @Test func everyRateOfTheVectorsIsTested() throws {
    #expect(try Vectors.array("rates").values.map { Int($0) }.sorted() == Self.rates)
  }

  /// The vectors' shards are 2 s long; ours are cut by the reader.
  @Test func shardsAreResampledAlone() throws {
    let input = try Vectors.array("shard_edge_input_i16").values
    let whole = try Vectors.array("shard_edge_whole_f64").values
    let parts = try Vectors.array("shard_edge_per_shard_f64").values
    let scratch = Scratch()
    let path = try scratch.write("edge.wav", WAV(rate: 44_100, data: WAV.integers(input)).bytes)
    let one = try Reading(path) { $0.normalization = .none }
    #expect(zip(one.windows[0], whole).allSatisfy { abs(Double($0) - $1) <= 1e-6 })
    let shards = try Reading(path) {
      $0.normalization = .none
      $0.compat = .reference
      $0.shardSeconds = 2
    }
    #expect(shards.positions.map(\.start.value) == [0, 64_000, 128_000])
    let sound = zip(shards.windows, shards.positions).flatMap { window, place in
      window[place.leftPadding..<place.leftPadding + place.validSamples]
    }
    #expect(sound.count == parts.count)
    #expect(zip(sound, parts).allSatisfy { abs(Double($0) - $1) <= 1e-6 })
  }

  @Test(arguments: [
    "real_0", "real_1", "dc_plus_tone", "quiet_noise", "one_click", "clipped", "over_full_scale", "padded_4.99s",
    "silence", "constant_0.5",
  ])
  func normalizesLikeTheReference(name: String) throws {
    let input = try Vectors.array("normalise_\(name)_input").values.map { Float($0) }
    let want = try Vectors.array("normalise_\(name)_output").values
    let scratch = Scratch()
    let path = try scratch.write("window.wav", WAV(tag: 3, bits: 32, data: WAV.floats(input)).bytes)
    let reading = try Reading(path)
    // The reference's mean is a Float: under a mean of 0.7 and a tone of 0.001 its rounding shows.
    let bar = name == "dc_plus_tone" ? 3e-6 : 1e-6
    #expect(zip(reading.windows[0], want).allSatisfy { abs(Double($0) - $1) <= bar })
    let isSilent = name == "silence" || name == "constant_0.5"
    #expect(reading.warnings == (isSilent ? ["1 window is silent: all get the embedding of zeros"] : []))
  }

  @Test(arguments: [22_050, 32_000, 44_100, 48_000])
  func framesLikeTheTables(rate: Int) throws {
    let cases = try Vectors.array("framing_cases")
    let rows = try Vectors.array("framing_rows").values
    let scratch = Scratch()
    var tested = 0
    var path = "", written = -1
    for c in stride(from: 0, to: cases.values.count, by: 6) where Int(cases.values[c]) == rate {
      let row = cases.values[c..<c + 6].map { $0 }
      let frames = Int(row[1])
      if frames != written {
        let silence = [UInt8](repeating: 128, count: frames)
        path = try scratch.write("frames.wav", WAV(rate: rate, bits: 8, data: silence).bytes)
        written = frames
      }
      var got: [[Double]] = []
      do {
        got = try Reading(path, keepingSound: false) {
          $0.normalization = .none
          $0.hop = WindowHop(seconds: row[2]) ?? .window
          $0.compat = row[3] == 0 ? .reference : .none
          $0.tail = row[3] == 1 ? .drop : .pad
        }.positions.map { [$0.startSeconds, Double($0.leftPadding), Double($0.validSamples)] }
      } catch {
        #expect(error.cause.hasPrefix("shorter than 1 s") && row[3] != 0)
      }
      let want = (Int(row[4])..<Int(row[4] + row[5])).map { Array(rows[$0 * 3..<$0 * 3 + 3]) }
      #expect(got == want, "\(rate) Hz, \(frames) frames, hop \(row[2]), kind \(row[3])")
      tested += 1
    }
    #expect(tested == 17 * 3 * 3)
  }
}
