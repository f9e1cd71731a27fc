import PerchCore
import PerchTensor
import PerchWeights

/// Batch norm at inference, y = (x − mean)·γ/√(variance + ε) + β, taken into the convolution before it.
struct BatchNorm {
  /// One factor and one summand a channel, in double: they are rounded once, with the weights.
  let scale: [Double]
  let shift: [Double]

  /// - Parameter path: group with gamma, beta, mean and variance.
  init(
    _ source: some WeightSource, _ path: String, channels: Int
  ) throws(RunnerError) {
    let gamma = try source.tensor("\(path)/gamma", shape: [channels])
    let beta = try source.tensor("\(path)/beta", shape: [channels])
    let mean = try source.tensor("\(path)/mean", shape: [channels])
    let variance = try source.tensor("\(path)/variance", shape: [channels])
    let epsilon = source.settings.backbone.batchNormEpsilon
    let scale = (0..<channels).map { Double(gamma[$0]) / (Double(variance[$0]) + epsilon).squareRoot() }
    self.scale = scale
    shift = (0..<channels).map { Double(beta[$0]) - Double(mean[$0]) * scale[$0] }
  }

  var bias: [Float] { shift.map(Float.init) }

  /// Kernel with the output channel last, each channel times its factor. Done in the kernel's own memory: all
  /// weights pass through here at every start.
  func fold(_ kernel: consuming [Float]) -> [Float] {
    let channels = scale.count
    var folded = kernel
    var values = folded.mutableSpan
    for start in stride(from: 0, to: values.count, by: channels) {
      for channel in 0..<channels {
        values[start + channel] = Float(Double(values[start + channel]) * scale[channel])
      }
    }
    return folded
  }
}

/// A kernel and its batch norm as one.
struct FoldedConvolution {
  let weights: [Float]
  let bias: [Float]

  /// - Parameters:
  ///   - convolution: group with `kernel` of `shape`, output channels last.
  ///   - norm: group of the batch norm after it.
  init(
    _ source: some WeightSource, convolution: String, norm: String, shape: [Int]
  ) throws(RunnerError) {
    let batchNorm = try BatchNorm(source, norm, channels: shape[shape.count - 1])
    weights = batchNorm.fold(try source.tensor("\(convolution)/kernel", shape: shape))
    bias = batchNorm.bias
  }
}

extension Activation {
  var layer: LayerActivation {
    switch self {
    case .relu: .relu
    case .swish: .swish
    case .hardSwish: .hardSwish
    }
  }
}

extension Gate {
  var layer: LayerActivation {
    switch self {
    case .sigmoid: .sigmoid
    case .hardSigmoid: .hardSigmoid
    }
  }
}
