import PerchCore

/// The models that exist as seeded weights: complete networks of the released sizes whose numbers come
/// from a recipe instead of training. They prove arithmetic and measure speed; results mean nothing.
package enum SeededModel: String, Sendable, CaseIterable {
  case perch8 = "perch_8"
  /// perch_8 with the settings that the released perch_8 most likely has.
  case perch8C = "perch_8_c"
  case perchV2 = "perch_v2"

  /// Heads in output order with their numbers of classes.
  package var classes: [(head: String, count: Int)] {
    switch self {
    case .perch8: [("label", 10932), ("genus", 2333), ("family", 249), ("order", 41)]
    case .perch8C: [("label", 64)]
    case .perchV2: [("label", 14795)]
    }
  }

  /// Settings of the model, with other numbers of classes where `classes` is given.
  package func settings(seed: UInt64, classes: [(head: String, count: Int)]? = nil) -> ModelSettings {
    ModelSettings(
      name: rawValue, sampleRate: SampleRate(hertz: 32000), windowSamples: 160_000, targetPeak: 0.25,
      embeddingSize: roundedFeatures(1280), origin: .seeded(seed), verified: false,
      provenance: WeightProvenance(
        source: "SplitMix64 / FNV-1a recipe, no training", sourceSHA256: "", license: "CC0-1.0",
        creator: "perch-runner \(programVersion)"),
      frontend: frontend, backbone: backbone,
      heads: (classes ?? self.classes).enumerated().map { order, head in
        HeadSettings(
          name: head.head, kind: headKind, classes: head.count, order: order, logitSlope: 1,
          logitIntercept: 0)
      })
  }

  private var headKind: HeadSettings.Kind {
    switch self {
    case .perch8, .perch8C: .dense
    case .perchV2:
      .protoPNet(prototypes: 4, normEpsilon: 1e-5, nonNegativeKernel: true, prototypesNormalized: false)
    }
  }

  private var frontend: FrontendSettings {
    var settings = FrontendSettings(
      framing: .same, window: .hannSymmetric, windowLength: 640, hopLength: 320, fftLength: 1024,
      power: 1, melBins: 128, lowerHertz: 60, upperHertz: 16000,
      scaling: .log(floor: 1e-5, offset: 0, scalar: 0.1))
    switch self {
    case .perchV2: break
    case .perch8:
      settings.lowerHertz = 50
      settings.scaling = .pcen(
        PCENSettings(
          smoothing: 0.01, gain: 0.8, bias: 0.01, root: 4, epsilon: 1e-6, convWidth: 256, kernel: .exact))
    case .perch8C:
      (settings.framing, settings.window) = (.centered, .hannPeriodic)
      (settings.power, settings.melBins, settings.upperHertz) = (2, 160, 10000)
      settings.scaling = .pcen(
        PCENSettings(
          smoothing: 0.1, gain: 0.5, bias: 2, root: 2, epsilon: 1e-6, convWidth: 256, kernel: .legacy))
    }
    return settings
  }

  // MARK: EfficientNet

  private var size: (variant: String, width: Double, depth: Double) {
    switch self {
    case .perch8, .perch8C: ("b1", 1.0, 1.1)
    case .perchV2: ("b3", 1.2, 1.4)
    }
  }

  private var backbone: BackboneSettings {
    let inner: Activation = self == .perch8 ? .relu : .swish
    return BackboneSettings(
      variant: size.variant, widthCoefficient: size.width, depthCoefficient: size.depth,
      stemPadding: .valid, batchNormEpsilon: 1e-5, stemActivation: .swish, blockActivation: inner,
      squeezeActivation: inner, gate: .sigmoid, headActivation: .swish, stemFeatures: roundedFeatures(32),
      stages: Self.b0Stages.map { stage in
        var stage = stage
        stage.blocks = Int((size.depth * Double(stage.blocks)).rounded(.up))
        stage.features = roundedFeatures(stage.features)
        return stage
      })
  }

  /// Widths are scaled, then rounded to a multiple of 8 that is not under 90 % of the scaled width
  /// (google-research/perch, `chirp/models/efficientnet.py`).
  private func roundedFeatures(_ features: Int) -> Int {
    let scaled = Double(features) * size.width
    let rounded = max(8, Int(scaled + 4) / 8 * 8)
    return Double(rounded) < 0.9 * scaled ? rounded + 8 : rounded
  }

  /// Stages of EfficientNet-B0 (Tan and Le 2019, table 1).
  private static let b0Stages = [
    (1, 16, 3, 1, 1), (2, 24, 3, 2, 6), (2, 40, 5, 2, 6), (3, 80, 3, 2, 6), (3, 112, 5, 1, 6),
    (4, 192, 5, 2, 6), (1, 320, 3, 1, 6),
  ].map { (blocks, features, kernel, stride, expand) in
    StageSettings(
      blocks: blocks, kernelSize: kernel, stride: stride, expandRatio: expand, seRatio: 0.25,
      features: features)
  }

  /// One exponent per batch normalisation in network order: the base-2 logarithm, rounded, of the
  /// root mean square of its input on eight real recordings.
  var normExponents: [Int] {
    switch self {
    case .perch8:
      [
        -4, -1, -1, 0, -2, 0, -1, -2, 1, -1, -2, 1, -1, -2, 1, -1, -1, 0, -1, -2, 0, -1, -1, 0, -1, -1, 0,
        -1, -2, 0, -1, -1, 0, -1, -1, 0, 0, -2, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0, 0, -2, 0, -1, -1, 0,
        -1, -1, 0, -1, -1, 0, 0, -2, 1, -1, -2, 0, -1, -1, 0,
      ]
    case .perch8C:
      [
        -11, -3, -2, 0, -2, 0, 0, -2, 0, -1, -1, 0, -1, -1, 0, 0, -2, 0, -1, -1, 0, 0, -2, 0, -1, -1, 0,
        -1, -1, 0, -1, -1, 0, -1, -1, 0, 0, -2, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0,
        -1, -1, 0, -1, -1, 0, 0, -2, 1, -1, -2, 0, -1, -1, 0,
      ]
    case .perchV2:
      [
        -4, -1, -2, 0, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0,
        -1, -2, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0, 0, -2, 0, -1, -2, 0, -1, -1, 0, -1, -1, 0, 0, -2, 0,
        0, -2, 0, -1, -2, 0, -1, -1, 0, -1, -1, 1, -2, -1, 1, -1, -2, 1, -1, -2, 0, -1, -1, 0,
      ]
    }
  }
}
