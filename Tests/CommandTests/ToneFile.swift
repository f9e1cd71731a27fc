import Foundation

/// Recordings made for tests: 16-bit WAV with a tone and some noise, the same bytes every time.
enum ToneFile {
  /// - Parameters:
  ///   - seconds: length.
  ///   - rate: hertz.
  static func wav(seconds: Double, rate: Int = 32_000, channels: Int = 1) -> Data {
    let frames = Int((seconds * Double(rate)).rounded())
    let bytes = frames * channels * 2
    var data = Data("RIFF".utf8)
    append(UInt32(36 + bytes), to: &data)
    data += Data("WAVEfmt ".utf8)
    append(UInt32(16), to: &data)
    append(UInt16(1), to: &data)
    append(UInt16(channels), to: &data)
    append(UInt32(rate), to: &data)
    append(UInt32(rate * channels * 2), to: &data)
    append(UInt16(channels * 2), to: &data)
    append(UInt16(16), to: &data)
    data += Data("data".utf8)
    append(UInt32(bytes), to: &data)
    var noise: UInt32 = 1
    for frame in 0..<frames {
      // Linear congruential noise, constants of Numerical Recipes.
      noise = noise &* 1_664_525 &+ 1_013_904_223
      let tone = 8000 * sin(2 * .pi * (400 + 20 * Double(frame / rate)) * Double(frame) / Double(rate))
      for channel in 0..<channels {
        append(Int16(tone / Double(channel + 1)) + Int16(noise >> 22), to: &data)
      }
    }
    return data
  }

  private static func append<Number: FixedWidthInteger>(_ number: Number, to data: inout Data) {
    withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
  }
}
