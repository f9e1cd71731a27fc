/// A dataset that a model needs: where it stands and which shape it must have.
package struct TensorEntry: Equatable, Sendable {
  package enum Role: Sendable {
    /// Convolution kernels are height (time), width (frequency), in, out; dense kernels in, out.
    case convolution, dense, bias
    case gamma, beta, mean, variance
    /// Of a ProtoPNet head: [classes, prototypes, embedding] and [classes, prototypes].
    case prototypes, classKernel
    /// What the frontend computes itself where the file has none.
    case frontend
  }

  package let path: String
  package let shape: [Int]
  package let role: Role

  /// Number of elements.
  package var count: Int { shape.reduce(1, *) }
  /// Whether a file of storage type float16 holds it in half precision.
  package var mayBeHalf: Bool { role == .convolution || role == .dense || role == .prototypes }
}

extension BackboneSettings {
  /// Every dataset below `backbone/`, in network order. `embeddingSize` is the width of the last
  /// convolution.
  package func tensors(embeddingSize: Int) -> [TensorEntry] {
    var entries = convolution("backbone/stem/conv", [3, 3, 1, stemFeatures], norm: "backbone/stem/bn")
    for block in blocks { entries += block.tensors }
    let width = stages.last?.features ?? stemFeatures
    return entries + convolution("backbone/head/conv", [1, 1, width, embeddingSize], norm: "backbone/head/bn")
  }
}

extension BlockSettings {
  package var tensors: [TensorEntry] {
    var entries: [TensorEntry] = []
    if expands {
      let shape = [1, 1, inputFeatures, expandedFeatures]
      entries += convolution("\(name)/expand_conv", shape, norm: "\(name)/expand_bn")
    }
    let depthwise = [kernelSize, kernelSize, 1, expandedFeatures]
    entries += convolution("\(name)/depthwise_conv", depthwise, norm: "\(name)/depthwise_bn")
    entries += dense("\(name)/se_reduce", expandedFeatures, squeezeFeatures)
    entries += dense("\(name)/se_expand", squeezeFeatures, expandedFeatures)
    let project = [1, 1, expandedFeatures, outputFeatures]
    return entries + convolution("\(name)/project_conv", project, norm: "\(name)/project_bn")
  }
}

extension HeadSettings {
  /// Path of the dataset of class names.
  package var classNamesPath: String { "heads/\(name)/class_names" }

  package func tensors(embeddingSize: Int) -> [TensorEntry] {
    let path = "heads/\(name)"
    switch kind {
    case .dense: return dense(path, embeddingSize, classes)
    case .protoPNet(let prototypes, _, _, _):
      return [
        TensorEntry(
          path: "\(path)/prototypes", shape: [classes, prototypes, embeddingSize], role: .prototypes),
        TensorEntry(path: "\(path)/class_kernel", shape: [classes, prototypes], role: .classKernel),
        TensorEntry(path: "\(path)/bias", shape: [classes], role: .bias),
      ]
    }
  }
}

extension ModelSettings {
  /// Every required dataset of real numbers, in network order.
  package var tensors: [TensorEntry] {
    backbone.tensors(embeddingSize: embeddingSize)
      + heads.flatMap { $0.tensors(embeddingSize: embeddingSize) }
  }
}

extension FrontendSettings {
  /// Datasets that may stand below `frontend/` and then replace what the settings say.
  package var optionalTensors: [TensorEntry] {
    var entries = [
      TensorEntry(path: "frontend/window", shape: [windowLength], role: .frontend),
      TensorEntry(path: "frontend/mel_weights", shape: [spectrumBins, melBins], role: .frontend),
    ]
    if case .pcen = scaling {
      entries.append(TensorEntry(path: "frontend/pcen_smoothing", shape: [melBins], role: .frontend))
    }
    return entries
  }
}

/// A convolution without bias and the batch normalisation after it.
private func convolution(_ path: String, _ shape: [Int], norm: String) -> [TensorEntry] {
  let channels = [shape[3]]
  return [
    TensorEntry(path: "\(path)/kernel", shape: shape, role: .convolution),
    TensorEntry(path: "\(norm)/gamma", shape: channels, role: .gamma),
    TensorEntry(path: "\(norm)/beta", shape: channels, role: .beta),
    TensorEntry(path: "\(norm)/mean", shape: channels, role: .mean),
    TensorEntry(path: "\(norm)/variance", shape: channels, role: .variance),
  ]
}

private func dense(_ path: String, _ inputs: Int, _ outputs: Int) -> [TensorEntry] {
  [
    TensorEntry(path: "\(path)/kernel", shape: [inputs, outputs], role: .dense),
    TensorEntry(path: "\(path)/bias", shape: [outputs], role: .bias),
  ]
}
