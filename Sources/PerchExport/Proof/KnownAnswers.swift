import Glibc
import PerchCore
import PerchModel
import PerchWeights

/// Answers of the released perch_v2 that somebody published, for inputs that a formula makes.
package enum KnownAnswers {
  /// First numbers and length of the embedding of the sweep by perch_v2.onnx (duane-edgington/
  /// perch2-pytorch-port, perch2_pytorch_verify.ipynb). Right implementations differ by 3e-7.
  package static let sweepEmbedding = [-0.02457621, -0.05932601, 0.02764371, 0.05296743, -0.10749788]
  package static let sweepNorm = 4.3358
  /// A difference that is certainly no rounding (published digits: 8 and 4 decimals).
  package static let embeddingLimit = 2e-5
  package static let normLimit = 2e-4
  /// Least, greatest and mean value of the sweep's log-mel spectrogram, computed in float64.
  package static let sweepStatistics = (
    least: -1.151292546497023, greatest: -0.1221581322084897, mean: -1.0841530237975794
  )

  /// The result of one known answer.
  package struct Result: Equatable, Sendable {
    package let name: String
    package let text: String
    package let passes: Bool
  }

  /// The spectrogram of silence: every value scalar · ln(floor + offset); 0 with PCEN.
  package static func silence(_ weights: some WeightSource) throws(RunnerError) -> Result {
    let frontend = try FrontendAlone(weights)
    let spectrogram = frontend.spectrogram(silent(weights).span)
    let expected: Double
    switch weights.settings.frontend.scaling {
    case .log(let floor, let offset, let scalar): expected = scalar * log(floor + offset)
    case .pcen, .none: expected = 0
    }
    let worst = spectrogram.reduce(0.0) { max($0, abs(Double($1) - expected)) }
    return Result(
      name: "spectrogram of silence", text: "every value \(expected), largest difference \(worst)",
      passes: worst <= 1e-6)
  }

  private static func silent(_ weights: some WeightSource) -> [Float] {
    [Float](repeating: 0, count: weights.settings.windowSamples)
  }

  /// The sweep's spectrogram by perch_v2's frontend; nil for another frontend.
  package static func sweepSpectrogram(_ weights: some WeightSource) throws(RunnerError) -> Result? {
    guard weights.settings.frontend == SeededModel.perchV2.settings(seed: 0).frontend,
      let window = ProbeWindows.window("sweep"), window.count == weights.settings.windowSamples
    else { return nil }
    let values = try FrontendAlone(weights).spectrogram(window.span).map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let differences = [
      abs((values.min() ?? 0) - sweepStatistics.least), abs((values.max() ?? 0) - sweepStatistics.greatest),
      abs(mean - sweepStatistics.mean),
    ]
    let worst = differences.max() ?? .infinity
    // A mel matrix stored as float32 moves the logarithm by up to 1e-6.
    return Result(
      name: "spectrogram of the sweep", text: "least, greatest and mean value within \(worst)",
      passes: worst <= 1e-5)
  }

  /// The sweep's embedding by the trained perch_v2.
  package static func sweepEmbedding(_ weights: some WeightSource) throws(RunnerError) -> Result {
    let name = "embedding of the sweep"
    guard let window = ProbeWindows.window("sweep"), window.count == weights.settings.windowSamples,
      weights.settings.embeddingSize >= sweepEmbedding.count
    else { return Result(name: name, text: "the model takes other windows", passes: false) }
    let model = try PerchModel(weights)
    var embedding = [Float](repeating: 0, count: model.settings.embeddingSize)
    var target = embedding.mutableSpan
    model.embed(window.span, model.makeWorkspace(), into: &target)
    let worst = zip(embedding, sweepEmbedding).reduce(0.0) { max($0, abs(Double($1.0) - $1.1)) }
    let norm = embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return Result(
      name: name, text: "first numbers within \(worst), length \(norm), published \(sweepNorm)",
      passes: worst <= embeddingLimit && abs(norm - sweepNorm) <= normLimit)
  }
}
