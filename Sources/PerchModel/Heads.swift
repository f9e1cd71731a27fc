import KernelTable
import PerchCore
import PerchTensor
import PerchWeights

/// A head with its settings: embedding or map of embeddings → raw logits.
struct Head: Sendable {
  enum Form: Sendable {
    case dense(Dense)
    case prototypes(PrototypeHead)
  }

  let settings: HeadSettings
  private let form: Form

  init(
    _ source: some WeightSource, _ settings: HeadSettings, places: Int, kernels: KernelTable,
    plan: inout MemoryPlan
  ) throws(RunnerError) {
    self.settings = settings
    let path = "heads/\(settings.name)"
    let size = source.settings.embeddingSize
    switch settings.kind {
    case .dense:
      let dense = try Dense(
        source, path, inputs: size, outputs: settings.classes, activation: .identity, kernels: kernels)
      plan.require(.similarities, dense.paddedOutputs)
      form = .dense(dense)
    case .protoPNet(let count, let normEpsilon, let nonNegative, let normalized):
      let weights = try source.tensor("\(path)/class_kernel", shape: [settings.classes, count])
      form = .prototypes(
        try PrototypeHead(
          count: count, size: size, normalized: normalized, normEpsilon: normEpsilon,
          classWeights: nonNegative ? weights.map { max($0, 0) } : weights,
          bias: try source.tensor("\(path)/bias", shape: [settings.classes]), places: places,
          kernels: kernels, plan: &plan
        ) { pack throws(RunnerError) in
          try source.slabs("\(path)/prototypes", shape: [settings.classes, count, size], pack)
        })
    }
  }

  /// The head's prototypes, where it has some.
  var prototypes: PrototypeHead? {
    if case .prototypes(let head) = form { head } else { nil }
  }

  /// Raw logits of the last window, before slope and intercept.
  func logits(_ workspace: Workspace, places: Int, into logits: inout MutableSpan<Float>) {
    switch form {
    case .prototypes(let head): head.logits(workspace, places: places, into: &logits)
    case .dense(let dense):
      dense.apply(workspace, from: .embedding, to: .similarities)
      let values = workspace.values(.similarities, 0..<settings.classes)
      for index in 0..<settings.classes { logits[index] = values[index] }
    }
  }
}
