import CPlatform
import KernelTable

/// Means of all channels → dense, activation → dense, gate: one factor a channel.
package struct SqueezeExcitation: Sendable {
  private let reduce: Dense
  private let expand: Dense

  package init(reduce: Dense, expand: Dense) {
    self.reduce = reduce
    self.expand = expand
  }

  /// In the order in which they are read.
  var weights: [Storage<Float>] { [reduce.layer.matrix.storage, expand.layer.matrix.storage] }

  func require(_ plan: inout MemoryPlan) {
    plan.require(.squeezed, reduce.paddedOutputs)
    plan.require(.factors, expand.paddedOutputs)
  }

  /// Sums over `pixels` in the region `channelSums` → factors in the region `factors`.
  func factors(_ workspace: Workspace, pixels: Int) {
    let means = unsafe workspace.pointer(.channelSums)
    let factor = 1 / Float(pixels)
    for channel in 0..<reduce.inputs { unsafe means[channel] *= factor }
    reduce.apply(workspace, from: .channelSums, to: .squeezed)
    expand.apply(workspace, from: .squeezed, to: .factors)
  }
}

/// y = activation(x·W + bias) for one vector.
package struct Dense: Sendable {
  let layer: PointwiseConvolution
  package var paddedOutputs: Int { layer.paddedOutputs }
  var inputs: Int { layer.matrix.depth }

  /// - Parameters:
  ///   - weights: [inputs, outputs].
  ///   - bias: [outputs].
  package init(
    weights: [Float], bias: [Float], inputs: Int, outputs: Int, activation: LayerActivation,
    kernels: KernelTable
  ) {
    layer = PointwiseConvolution(
      weights: weights, bias: bias, inputs: inputs, outputs: outputs, activation: activation, kernels: kernels)
  }

  /// Vector of one region to another.
  package func apply(_ workspace: Workspace, from: Region, to: Region) {
    layer.apply(workspace, from: from, to: to, pixels: 1)
  }
}
