import KernelTable

/// A function between layers. Formulas: Sources/PerchKernels/Activation.swift.
package enum LayerActivation: Sendable {
  case identity, relu, swish, hardSwish, sigmoid, hardSigmoid

  var code: Int32 {
    switch self {
    case .identity: ActivationCode.none
    case .relu: ActivationCode.relu
    case .swish: ActivationCode.swish
    case .hardSwish: ActivationCode.hardSwish
    case .sigmoid: ActivationCode.sigmoid
    case .hardSigmoid: ActivationCode.hardSigmoid
    }
  }
}
