import PerchCore

/// Weights made by the seeded recipe, tensor by tensor as they are asked for. Nothing is kept.
package struct SeededWeights: WeightSource, Sendable {
  /// The seed of every published test value.
  package static let seed: UInt64 = 20_260_101

  package let settings: ModelSettings
  package let digest: FileDigest
  private let tensors: [String: Tensor]

  private struct Tensor: Sendable {
    let shape: [Int]
    let recipe: SeededRecipe
  }

  /// `classes` names the heads wanted, and other numbers of classes for small models in tests.
  package init(_ model: SeededModel, classes: [(head: String, count: Int)]? = nil) {
    settings = model.settings(seed: Self.seed, classes: classes)
    let changed = (classes ?? []).filter { given in !model.classes.contains { $0 == given } }
      .map { ":\($0.head)=\($0.count)" }.joined()
    digest = FileDigest(known: "seeded:\(model.rawValue):\(Self.seed)\(changed)")
    tensors = Self.recipes(settings, exponents: model.normExponents)
  }

  package func tensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float] {
    if let values = try optionalTensor(path, shape: shape) { return values }
    throw absent(path)
  }

  package func optionalTensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float]? {
    if let entry = settings.frontend.optionalTensors.first(where: { $0.path == path }), entry.shape != shape {
      throw absent(path)
    }
    switch path {
    case "frontend/window": return settings.frontend.windowCoefficients.map { Float($0) }
    case "frontend/mel_weights":
      return settings.frontend.melWeights(sampleRate: settings.sampleRate.hertz).map { Float($0) }
    default: break
    }
    guard let tensor = tensors[path] else { return nil }
    guard tensor.shape == shape else { throw absent(path) }
    return tensor.recipe.values(path: path, count: shape.reduce(1, *), seed: Self.seed)
  }

  /// `label_00000`, `label_00001` and so on.
  package func classNames(head: String) throws(RunnerError) -> [String] {
    guard let head = settings.heads.first(where: { $0.name == head }) else { throw absent("heads/\(head)") }
    return (0..<head.classes).map { index in
      let digits = String(index)
      return "\(head.name)_" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
  }

  private func absent(_ path: String) -> RunnerError {
    RunnerError(
      "seeded:\(settings.name)", "has no \(path) of the wanted shape",
      remedy: "use weights that have it", exit: .weights)
  }

  // MARK: Recipes

  private static func recipes(_ settings: ModelSettings, exponents: [Int]) -> [String: Tensor] {
    let skipping = Set(settings.backbone.blocks.filter(\.skips).map { "\($0.name)/project_bn/gamma" })
    var tensors: [String: Tensor] = [:]
    var norm = -1
    for entry in settings.tensors {
      if entry.role == .gamma { norm += 1 }
      let recipe = recipe(
        entry, exponent: exponents[max(0, norm)], skips: skipping.contains(entry.path),
        heads: settings.heads.first?.kind)
      tensors[entry.path] = Tensor(shape: entry.shape, recipe: recipe)
    }
    return tensors
  }

  /// `exponent` is that of the batch normalisation which the tensor belongs to.
  private static func recipe(
    _ entry: TensorEntry, exponent: Int, skips: Bool, heads: HeadSettings.Kind?
  ) -> SeededRecipe {
    let spread = Float(sign: .plus, exponent: exponent, significand: 1)
    switch entry.role {
    case .convolution: return .centred(fan: entry.shape.dropLast().reduce(1, *))
    case .dense:
      let gain: Double = entry.path.hasPrefix("heads/") ? 16 : entry.path.hasSuffix("/se_reduce/kernel") ? 2 : 4
      return .scaled(fan: entry.shape[0], gain: gain)
    case .gamma:
      let gamma: Float = skips ? 0.5 : entry.path == "backbone/head/bn/gamma" ? 2 : 1
      return .affine(offset: gamma, scale: gamma / 4)
    case .beta: return .affine(offset: 0, scale: 0.125)
    case .mean: return .affine(offset: 0, scale: 0.125 * spread)
    case .variance: return .affine(offset: spread * spread, scale: 0.5 * spread * spread)
    case .prototypes: return .affine(offset: 0, scale: 1)
    case .classKernel: return .affine(offset: 12, scale: 16)
    case .bias: return biasRecipe(entry.path, heads: heads)
    case .frontend: preconditionFailure("the frontend's tensors follow from formulas")
    }
  }

  private static func biasRecipe(_ path: String, heads: HeadSettings.Kind?) -> SeededRecipe {
    if path.hasSuffix("/se_reduce/bias") { return .affine(offset: 0, scale: 0.25) }
    if path.hasSuffix("/se_expand/bias") { return .affine(offset: 0, scale: 0.5) }
    return .affine(offset: heads == .dense ? -1 : -2, scale: 0.5)
  }
}
