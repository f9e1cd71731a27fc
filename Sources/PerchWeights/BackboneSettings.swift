package enum Activation: String, Sendable, CaseIterable {
  case relu, swish
  case hardSwish = "hard_swish"
}

/// The last function of squeeze-and-excitation.
package enum Gate: String, Sendable, CaseIterable {
  case sigmoid
  case hardSigmoid = "hard_sigmoid"
}

package enum StemPadding: String, Sendable, CaseIterable { case valid, same }

/// A run of blocks of equal kind. The first may change size and width; the others add their input.
package struct StageSettings: Equatable, Sendable {
  package var blocks: Int
  /// Side of the depthwise kernels; odd.
  package var kernelSize: Int
  /// Of the first block: 1 or 2.
  package var stride: Int
  /// Channels inside a block per channel of its input.
  package var expandRatio: Int
  /// Width of the squeeze per channel of the block's input.
  package var seRatio: Double
  /// Output channels.
  package var features: Int

  package init(blocks: Int, kernelSize: Int, stride: Int, expandRatio: Int, seRatio: Double, features: Int) {
    self.blocks = blocks
    self.kernelSize = kernelSize
    self.stride = stride
    self.expandRatio = expandRatio
    self.seRatio = seRatio
    self.features = features
  }
}

/// One MBConv block, worked out from its stage.
package struct BlockSettings: Equatable, Sendable {
  /// Path of its group, as in `backbone/stage2/block1`.
  package var name: String
  package var inputFeatures: Int
  package var expandedFeatures: Int
  package var squeezeFeatures: Int
  package var outputFeatures: Int
  package var kernelSize: Int
  package var stride: Int
  /// Whether the input is added to the output.
  package var skips: Bool

  package init(
    name: String, inputFeatures: Int, expandedFeatures: Int, squeezeFeatures: Int, outputFeatures: Int,
    kernelSize: Int, stride: Int, skips: Bool
  ) {
    self.name = name
    self.inputFeatures = inputFeatures
    self.expandedFeatures = expandedFeatures
    self.squeezeFeatures = squeezeFeatures
    self.outputFeatures = outputFeatures
    self.kernelSize = kernelSize
    self.stride = stride
    self.skips = skips
  }

  /// Whether the block begins with an expanding convolution.
  package var expands: Bool { expandedFeatures != inputFeatures }
}

/// An EfficientNet (Tan and Le 2019, arXiv:1905.11946).
package struct BackboneSettings: Equatable, Sendable {
  /// Name of the size, as in `b1`. It and the two coefficients inform only.
  package var variant: String
  package var widthCoefficient: Double?
  package var depthCoefficient: Double?
  package var stemPadding: StemPadding
  package var batchNormEpsilon: Double
  package var stemActivation: Activation
  package var blockActivation: Activation
  package var squeezeActivation: Activation
  package var gate: Gate
  package var headActivation: Activation
  /// Output channels of the stem.
  package var stemFeatures: Int
  package var stages: [StageSettings]

  package init(
    variant: String, widthCoefficient: Double?, depthCoefficient: Double?, stemPadding: StemPadding,
    batchNormEpsilon: Double, stemActivation: Activation, blockActivation: Activation,
    squeezeActivation: Activation, gate: Gate, headActivation: Activation, stemFeatures: Int,
    stages: [StageSettings]
  ) {
    self.variant = variant
    self.widthCoefficient = widthCoefficient
    self.depthCoefficient = depthCoefficient
    self.stemPadding = stemPadding
    self.batchNormEpsilon = batchNormEpsilon
    self.stemActivation = stemActivation
    self.blockActivation = blockActivation
    self.squeezeActivation = squeezeActivation
    self.gate = gate
    self.headActivation = headActivation
    self.stemFeatures = stemFeatures
    self.stages = stages
  }

  /// All blocks in network order.
  package var blocks: [BlockSettings] {
    var input = stemFeatures
    var blocks: [BlockSettings] = []
    for (stageIndex, stage) in stages.enumerated() {
      for index in 0..<stage.blocks {
        blocks.append(
          BlockSettings(
            name: "backbone/stage\(stageIndex + 1)/block\(index + 1)",
            inputFeatures: input, expandedFeatures: input * stage.expandRatio,
            squeezeFeatures: Int(Double(input) * stage.seRatio), outputFeatures: stage.features,
            kernelSize: stage.kernelSize, stride: index == 0 ? stage.stride : 1, skips: index > 0))
        input = stage.features
      }
    }
    return blocks
  }
}
