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

  func require(_ plan: inout MemoryPlan) {
    plan.require(.squeezed, reduce.paddedOutputs)
    plan.require(.factors, expand.paddedOutputs)
  }

  /// Sums over `pixels` in the region `channelSums` → factors in the region `factors`.
  func factors(_ workspace: Workspace, pixels: Int) {
    let means = unsafe workspace.pointer(.channelSums)
    let factor = 1 / Float(pixels)
    for channel in 0..<reduce.inputs { unsafe means[channel] *= factor }
    unsafe reduce.apply(means, to: workspace.pointer(.squeezed))
    unsafe expand.apply(workspace.pointer(.squeezed), to: workspace.pointer(.factors))
  }
}

/// y = activation(x·W + bias) for one vector.
package struct Dense: Sendable {
  let inputs: Int
  package let paddedOutputs: Int
  private let weights: Storage<Float>
  private let bias: Storage<Float>
  private let activation: LayerActivation
  private let kernels: KernelTable

  /// - Parameters:
  ///   - weights: [inputs, outputs].
  ///   - bias: [outputs].
  package init(
    weights: [Float], bias: [Float], inputs: Int, outputs: Int, activation: LayerActivation,
    kernels: KernelTable
  ) {
    precondition(weights.count == inputs * outputs, "as many numbers as the shape says")
    self.inputs = inputs
    paddedOutputs = outputs.roundedUp(to: kernels.channelBlock)
    self.weights = Storage(count: inputs * paddedOutputs)
    for i in 0..<inputs {
      for j in 0..<outputs { self.weights[i * paddedOutputs + j] = weights[i * outputs + j] }
    }
    self.bias = Storage(bias.padded(to: paddedOutputs))
    self.activation = activation
    self.kernels = kernels
  }

  /// Vector of one region to another.
  package func apply(_ workspace: Workspace, from: Region, to: Region) {
    unsafe apply(workspace.pointer(from), to: workspace.pointer(to))
  }

  func apply(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>) {
    var arguments = unsafe DenseLayer(
      x: x, weights: UnsafePointer(weights.base), bias: UnsafePointer(bias.base), y: y, inputs: inputs,
      outputs: paddedOutputs, activation: activation.code)
    unsafe kernels.denseLayer(&arguments)
  }
}
