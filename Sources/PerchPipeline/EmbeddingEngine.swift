import FoundationEssentials
import KernelTable
import PerchCore
import PerchModel
import PerchTensor
import PerchWeights

/// What computes one embedding at a time, with scratch memory of its own.
package protocol EmbeddingWorker: Sendable {
  /// - Parameters:
  ///   - window: 160,000 samples at 32 kHz.
  ///   - embedding: room for as many values as the model's facts say.
  func embed(_ window: Span<Float>, into embedding: inout MutableSpan<Float>) throws(RunnerError)
}

extension EmbeddingWorker {
  /// The embedding in memory of its own.
  func embedding(of window: Span<Float>, size: Int) throws(RunnerError) -> [Float] {
    var embedding = [Float](repeating: 0, count: size)
    var span = embedding.mutableSpan
    try embed(window, into: &span)
    return embedding
  }
}

/// A model made ready: its facts, and one worker for each window computed at the same time.
package struct EmbeddingEngine: Sendable {
  package let facts: ModelFacts
  package let workers: [any EmbeddingWorker]
  /// Which of the model's own classes are scored, by one scorer for each worker; nil where none are.
  package let classes: (selection: ClassSelection, scorers: [any ClassScorer])?

  package init(
    facts: ModelFacts, workers: [any EmbeddingWorker],
    classes: (selection: ClassSelection, scorers: [any ClassScorer])? = nil
  ) {
    self.facts = facts
    self.workers = workers
    self.classes = classes
  }

  /// Finds and loads the weights that the settings ask for.
  ///
  /// - Parameters:
  ///   - usual: the model to look for where the settings name none.
  ///   - choices: which of the model's own classes to score; nil for none of them.
  ///   - note: is told when nothing was trained for these weights.
  /// - Throws: exit code 4 when there are none, or they are damaged or of another model; 2 for classes that
  ///   the model does not have.
  package init(
    _ settings: GenerateSettings, usual: ModelName? = nil, classes choices: ClassChoices? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment, note: (Note) -> Void
  ) throws(RunnerError) {
    let locator = WeightLocator(option: settings.weights, environment: environment[WeightLocator.variable])
    let source = try locator.open(
      model: settings.model?.rawValue, usual: usual?.rawValue,
      heads: choices == nil ? .none : .named(ClassSelection.head))
    try Self.checkWindow(source.settings)
    let selection = try choices.map { (choices) throws(RunnerError) in try ClassSelection(choices, of: source) }
    let model = try PerchModel(source)
    facts = ModelFacts(model)
    let workspaces = (0..<settings.jobs).map { _ in model.makeWorkspace() }
    workers = workspaces.map { NetworkWorker(model: model, workspace: $0) }
    classes = selection.map { selection in
      (selection, workspaces.map(HeadScoring(model, selection).scorer))
    }
    if case .seeded = model.settings.origin {
      note(
        Note(
          .warning, facts.name,
          "seeded weights: nothing was trained for them, the embeddings mean nothing; they are for trials"))
    }
  }

  /// Everything before the network works at one rate and one length.
  private static func checkWindow(_ model: ModelSettings) throws(RunnerError) {
    guard model.sampleRate.hertz == 32_000, model.windowSamples == 160_000 else {
      throw RunnerError(
        model.name, "takes \(model.windowSamples) samples at \(model.sampleRate.hertz) Hz, not 5 s at 32000 Hz",
        remedy: "use weights of perch_8 or perch_v2", exit: .weights)
    }
  }
}

private struct NetworkWorker: EmbeddingWorker {
  let model: PerchModel
  let workspace: Workspace

  func embed(_ window: Span<Float>, into embedding: inout MutableSpan<Float>) throws(RunnerError) {
    model.embed(window, workspace, into: &embedding)
  }
}

extension ModelFacts {
  init(_ model: PerchModel) {
    let settings = model.settings
    self.init(
      name: settings.name, edition: Self.edition(settings), digest: model.digest,
      embeddingSize: settings.embeddingSize, targetPeak: settings.targetPeak,
      weights: Self.weights(settings), kernels: model.kernels.build.rawValue)
  }

  /// Handles of released models end in the version's number, as in `.../bird-vocalization-classifier/8`.
  private static func edition(_ settings: ModelSettings) -> String {
    if case .seeded = settings.origin { return "seeded" }
    let source = settings.provenance.source
    let last = source.split(separator: "/").last ?? ""
    if let version = Int(last) { return "v\(version)" }
    return source.isEmpty ? "version unknown" : source
  }

  private static func weights(_ settings: ModelSettings) -> String {
    switch settings.origin {
    case .seeded(let seed): "seeded \(seed)"
    case .trained: settings.verified ? "trained, verified" : "trained, unverified"
    }
  }
}
