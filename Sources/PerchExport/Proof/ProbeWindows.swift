import Glibc
import PerchWeights

/// The four windows on which models are compared: made from formulas, equal on every machine, so that a
/// source model run elsewhere can be compared without a file of sound.
package enum ProbeWindows {
  package static let names = ["silence", "impulse", "sweep", "noise"]
  package static let samples = 160_000

  package static func window(_ name: String) -> [Float]? {
    switch name {
    case "silence": [Float](repeating: 0, count: samples)
    case "impulse": impulse
    case "sweep": sweep
    case "noise": noise
    default: nil
    }
  }

  /// 1 in the middle.
  private static var impulse: [Float] {
    var window = [Float](repeating: 0, count: samples)
    window[samples / 2] = 1
    return window
  }

  /// 0.002 sin(2π (500 t + 350 t²)) in float32, then scaled to a peak of 0.25 in double: 500 to 4000 Hz
  /// (duane-edgington/perch2-pytorch-port, perch2_pytorch_verify.ipynb, which publishes the answer).
  private static var sweep: [Float] {
    let quiet = (0..<samples).map { index in
      let t = Double(index) / 32000
      return Double(Float(0.002 * sin(2 * Double.pi * (500 * t + 350 * t * t))))
    }
    let scale = 0.25 / quiet.reduce(0) { max($0, abs($1)) }
    return quiet.map { Float($0 * scale) }
  }

  /// Uniform in ±0.25, from the generator of the seeded weights.
  private static var noise: [Float] {
    SeededWeights.integers("golden/white_noise", count: samples).map { Float(0.25 * (Double($0) * 0x1p-23)) }
  }
}
