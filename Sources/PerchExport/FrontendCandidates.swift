import PerchWeights

/// Frontends that the released perch_8 may have (history of google-research/perch, chirp/models/frontend.py
/// and chirp/config_utils.py). Its variables do not tell; the source's own outputs decide.
enum FrontendCandidates {
  /// Every combination of a frontend with activations that the graph allows.
  static func settings(_ base: ModelSettings, _ evidence: GraphEvidence) -> [ModelSettings] {
    all.flatMap { frontend in
      evidence.blockActivations.map { activation in
        var settings = base
        settings.frontend = frontend
        settings.backbone.blockActivation = activation
        settings.backbone.squeezeActivation = activation
        settings.backbone.stemActivation = evidence.outerActivation
        settings.backbone.headActivation = evidence.outerActivation
        settings.backbone.gate = evidence.gate
        return settings
      }
    }
  }

  static let all: [FrontendSettings] = {
    let a = frontend(
      .same, .hannSymmetric, bands: 128, 50...16000, power: 1, pcen(0.01, gain: 0.8, bias: 0.01, root: 4))
    let b = frontend(
      .centered, .hannPeriodic, bands: 128, 50...16000, power: 1, pcen(0.145, gain: 0.8, bias: 10, root: 4))
    let c = frontend(
      .centered, .hannPeriodic, bands: 160, 60...10000, power: 2, pcen(0.1, gain: 0.5, bias: 2, root: 2))
    var all: [FrontendSettings] = []
    for base in [a, b, c] {
      for kernel in PCENSettings.Kernel.allCases {
        for (framing, window) in [
          (FrontendSettings.Framing.same, FrontendSettings.Window.hannSymmetric), (.centered, .hannPeriodic),
        ] {
          var frontend = base
          (frontend.framing, frontend.window) = (framing, window)
          if case .pcen(var pcen) = frontend.scaling {
            pcen.kernel = kernel
            frontend.scaling = .pcen(pcen)
          }
          all.append(frontend)
          // Windows of 1024 and 2048 samples came with candidate C only.
          guard base == c else { continue }
          for length in [1024, 2048] {
            (frontend.windowLength, frontend.fftLength) = (length, length)
            all.append(frontend)
          }
        }
      }
    }
    return all
  }()

  private static func frontend(
    _ framing: FrontendSettings.Framing, _ window: FrontendSettings.Window, bands: Int,
    _ hertz: ClosedRange<Double>, power: Double, _ pcen: PCENSettings
  ) -> FrontendSettings {
    FrontendSettings(
      framing: framing, window: window, windowLength: 640, hopLength: 320, fftLength: 1024, power: power,
      melBins: bands, lowerHertz: hertz.lowerBound, upperHertz: hertz.upperBound, scaling: .pcen(pcen))
  }

  private static func pcen(_ smoothing: Double, gain: Double, bias: Double, root: Double) -> PCENSettings {
    PCENSettings(
      smoothing: smoothing, gain: gain, bias: bias, root: root, epsilon: 1e-6, convWidth: 256, kernel: .exact)
  }
}
