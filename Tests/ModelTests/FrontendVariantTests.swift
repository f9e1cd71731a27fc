import KernelTable
import PerchCore
import PerchModel
import PerchTensor
import PerchWeights
import TestSupport
import Testing

/// Every frontend that a released file may have, as a matter of settings alone.
@Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
struct FrontendVariantTests {
  static let names: [String] = {
    guard TestFiles.hasShared, let golden = try? Golden(file: "golden/kernels.h5") else { return [] }
    return (try? golden.groups(under: "frontend")) ?? []
  }()

  @Test(arguments: names) func variant(_ name: String) throws {
    let golden = try Golden(file: "golden/kernels.h5")
    let path = "frontend/\(name)"
    let settings = try Self.settings(golden, path)
    let window = try GoldenWindows.read()[golden.int("input_window", of: path)]
    let want = try golden.doubles("\(path)/output_f64").values
    // Outputs are stored rounded to float32; of tiny spectrograms the relative bar of perch_8_c holds.
    let bar = settings.power == 2 ? max(1e-5 * want.rms, 1e-8) : 1e-6
    for kernels in Kernels.available {
      let model = try PerchModel(OtherFrontend(frontend: settings), kernels: kernels)
      let got = model.spectrogram(window.samples.span, model.makeWorkspace())
      #expect(got.count == want.count)
      #expect(maximumError(got, want) <= bar, "\(kernels.build)")
    }
  }

  @Test func thereAreVariants() { #expect(Self.names.count >= 10) }

  private static func settings(_ golden: Golden, _ path: String) throws -> FrontendSettings {
    let real = { (name: String) in try golden.double(name, of: path) }
    let int = { (name: String) in try golden.int(name, of: path) }
    let scaling: FrontendSettings.Scaling
    switch try golden.string("scaling", of: path) {
    case "pcen":
      let legacy =
        try golden.has(attribute: "pcen_kernel", of: path) && golden.string("pcen_kernel", of: path) == "legacy"
      scaling = .pcen(
        PCENSettings(
          smoothing: try real("pcen_smoothing"), gain: try real("pcen_gain"), bias: try real("pcen_bias"),
          root: try real("pcen_root"), epsilon: try real("pcen_epsilon"), convWidth: try int("pcen_conv_width"),
          kernel: legacy ? .legacy : .exact))
    case "log":
      scaling = .log(floor: try real("log_floor"), offset: try real("log_offset"), scalar: try real("log_scalar"))
    default: scaling = .none
    }
    return FrontendSettings(
      framing: try #require(.init(rawValue: golden.string("framing", of: path))),
      window: try #require(.init(rawValue: golden.string("window", of: path))),
      windowLength: try int("window_length"), hopLength: try int("hop_length"), fftLength: try int("fft_length"),
      power: try real("power"), melBins: try int("mel_bins"), lowerHertz: try real("lower_hz"),
      upperHertz: try real("upper_hz"), scaling: scaling)
  }
}

/// perch_8's seeded network behind another frontend; nothing is stored, so everything follows from settings.
private struct OtherFrontend: WeightSource {
  private let base = SeededWeights(.perch8, classes: [])
  var settings: ModelSettings
  var digest: FileDigest { base.digest }

  init(frontend: FrontendSettings) {
    settings = base.settings
    settings.frontend = frontend
  }

  func tensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float] { try base.tensor(path, shape: shape) }
  func optionalTensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float]? { nil }
  func classNames(head: String) throws(RunnerError) -> [String] { [] }
}
