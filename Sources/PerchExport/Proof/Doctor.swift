import KernelTable
import PerchCore
import PerchModel
import PerchTensor
import PerchWeights

/// Whether this installation computes what it should: the kernels, the weights it finds, the answers that are
/// known, and how fast it is.
package struct Doctor {
  /// What was checked and found, one line each.
  package private(set) var lines: [String] = []
  /// The first thing that is wrong, or nil.
  package private(set) var failure: String?

  private let weights: any WeightSource
  private let model: PerchModel

  /// - Parameter weights: with all heads or none; what the install computes with.
  package init(_ weights: any WeightSource) throws(RunnerError) {
    self.weights = weights
    model = try PerchModel(weights)
    try describe()
    try knownSpectrograms()
    try otherKernels()
    try source()
  }

  private mutating func check(_ name: String, _ text: String, _ passes: Bool) {
    lines.append("\(passes ? "right" : "WRONG"): \(name) (\(text))")
    if !passes, failure == nil { failure = "\(name) is wrong (\(text))" }
  }

  private mutating func describe() throws(RunnerError) {
    let builds = Kernels.available.map(\.build.rawValue).joined(separator: ", ")
    lines.append("kernels: \(model.kernels.build.rawValue) of \(builds)")
    lines.append("model: \(model.settings.name), \(try weights.digest.text(of: model.settings.name))")
  }

  private mutating func knownSpectrograms() throws(RunnerError) {
    let silence = try KnownAnswers.silence(weights)
    check(silence.name, silence.text, silence.passes)
    if let sweep = try KnownAnswers.sweepSpectrogram(weights) { check(sweep.name, sweep.text, sweep.passes) }
  }

  /// Every kernel build that the processor runs gives the same network.
  private mutating func otherKernels() throws(RunnerError) {
    let window = ProbeWindows.window("noise") ?? []
    for kernels in Kernels.available where kernels.build != model.kernels.build {
      let other = try PerchModel(weights, kernels: kernels)
      judge(
        "\(model.kernels.build.rawValue) against \(kernels.build.rawValue)",
        StageComparison.distances(model, other, window: window))
    }
  }

  /// The first step beyond the limit is the one that is named: all after it inherit its error.
  private mutating func judge(_ name: String, _ distances: [StageDistance]) {
    let worst = distances.max { $0.relativeL2 < $1.relativeL2 }
    if let wrong = distances.first(where: { !($0.relativeL2 <= StageComparison.limit) }) {
      check(name, "first wrong stage: \(wrong.stage), relative L2 \(Float(wrong.relativeL2))", false)
    } else if let worst {
      check(name, "largest difference \(Float(worst.relativeL2)) at \(worst.stage)", true)
    }
    lines += distances.map { "  \($0.stage): \(Float($0.relativeL2))" }
  }

  /// Weights against what is known of them.
  private mutating func source() throws(RunnerError) {
    switch weights.settings.origin {
    case .seeded:
      try seeded()
      lines.append("not proved: anything about trained weights, as these are seeded")
    case .trained where weights.settings.name == PerchFamily.v2.rawValue:
      let answer = try KnownAnswers.sweepEmbedding(weights)
      if answer.passes || !weights.settings.verified { check(answer.name, answer.text, answer.passes) }
    case .trained: break
    }
    if let file = weights as? WeightFile, weights.settings.verified { try compare(file) }
    if case .trained = weights.settings.origin, weights.settings.name != PerchFamily.v2.rawValue,
      !weights.settings.verified
    {
      lines.append("not proved: frontend and activations, as the file holds no outputs of its source model")
    }
  }

  /// A seeded file must be the network of the recipe, step by step.
  private mutating func seeded() throws(RunnerError) {
    guard let seeded = SeededModel(rawValue: weights.settings.name) else { return }
    let recipe = SeededWeights(seeded, classes: [])
    guard recipe.settings.backbone == weights.settings.backbone,
      recipe.settings.frontend == weights.settings.frontend
    else {
      lines.append("not compared with the recipe: other settings than \(seeded.rawValue)")
      return
    }
    let distances = StageComparison.distances(
      model, try PerchModel(recipe), window: ProbeWindows.window("noise") ?? [])
    judge("network against the recipe", distances)
  }

  private mutating func compare(_ file: WeightFile) throws(RunnerError) {
    guard let verification = try Verification.read(file.path) else { return }
    if let reason = Comparison.mismatch(file.settings, verification) {
      check("outputs of the source model", reason, false)
      return
    }
    let distances = try Comparison.distances(file, verification).filter(\.isGate)
    guard let worst = distances.max(by: { $0.relativeL2 < $1.relativeL2 }) else { return }
    check(
      "outputs of the source model", "\(worst.output) on \(worst.window): relative L2 \(Float(worst.relativeL2))",
      worst.passes)
  }

  /// Windows per second with `workers` at the same time, each for at least `count` windows.
  package func windowsPerSecond(workers: Int, count: Int = 8) async -> Double {
    let window = ProbeWindows.window("noise") ?? []
    let model = model
    let clock = ContinuousClock()
    let duration = await clock.measure {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<workers {
          group.addTask {
            let workspace = model.makeWorkspace()
            var embedding = [Float](repeating: 0, count: model.settings.embeddingSize)
            for _ in 0..<count {
              var target = embedding.mutableSpan
              model.embed(window.span, workspace, into: &target)
            }
          }
        }
      }
    }
    let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    return Double(workers * count) / max(seconds, 1e-9)
  }
}
