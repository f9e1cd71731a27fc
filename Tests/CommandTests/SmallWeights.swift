import PerchCore
import PerchWeights
import SystemPackage

/// A network with the frontend, the kinds of blocks and the activations of perch_8 and few channels: a window
/// costs a fiftieth, so that an emulated processor computes it in seconds.
struct SmallWeights: WeightSource {
  let settings: ModelSettings
  var digest: FileDigest { FileDigest(known: "small") }

  init() {
    var settings = SeededModel.perch8.settings(seed: 1, classes: [])
    settings.name = "small"
    settings.embeddingSize = 72
    settings.origin = .trained
    settings.backbone.variant = "small"
    settings.backbone.blockActivation = .swish
    settings.backbone.stemFeatures = 8
    settings.backbone.stages = [(3, 1, 1, 8), (5, 2, 3, 8), (3, 2, 3, 16), (5, 1, 3, 24), (3, 2, 6, 40)].map {
      StageSettings(
        blocks: $0.3 == 16 ? 2 : 1, kernelSize: $0.0, stride: $0.1, expandRatio: $0.2, seRatio: 0.25,
        features: $0.3)
    }
    self.settings = settings
  }

  func write(to path: String) throws(RunnerError) { try WeightFileWriter.write(self, to: FilePath(path)) }

  func tensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float] {
    let count = shape.reduce(1, *)
    switch path.split(separator: "/").last {
    // Twice, since swish halves what is small: the embedding shall depend on the sound, not on the biases alone.
    case "gamma": return [Float](repeating: 2, count: count)
    case "variance": return [Float](repeating: 1, count: count)
    case "mean": return [Float](repeating: 0, count: count)
    case "beta", "bias": return [Float](repeating: 0.125, count: count)
    default:
      // Uniform, of variance 1 / fan-in, a different stream for each path.
      let scale = (3 / Float(count / (shape.last ?? 1))).squareRoot()
      var state = path.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
      return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return scale * Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
      }
    }
  }

  func optionalTensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float]? { nil }

  func classNames(head: String) throws(RunnerError) -> [String] { [] }
}
