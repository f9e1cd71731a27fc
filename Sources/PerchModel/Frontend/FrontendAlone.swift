import KernelTable
import PerchCore
import PerchTensor
import PerchWeights

/// The frontend of a model without its network, to try settings that are not known.
package struct FrontendAlone: Sendable {
  private let frontend: Frontend
  private let plan: MemoryPlan
  /// Frames and bands of the spectrogram.
  package var shape: [Int] { [frontend.frames, frontend.bands] }

  package init(_ source: some WeightSource, kernels: KernelTable = Kernels.active) throws(RunnerError) {
    var plan = MemoryPlan()
    let geometry = FrontendGeometry(source.settings.frontend, samples: source.settings.windowSamples)
    let input = StemInput(frames: geometry.frames, bands: source.settings.frontend.melBins, padding: .valid)
    frontend = try Frontend(source, placement: input.placement, kernels: kernels, plan: &plan)
    plan.require(.spectrogram, input.count)
    self.plan = plan
  }

  /// The spectrogram [frames, bands] of one window.
  package func spectrogram(_ window: Span<Float>) -> [Float] {
    let workspace = Workspace(plan)
    frontend.apply(window, workspace)
    return frontend.spectrogram(workspace)
  }
}
