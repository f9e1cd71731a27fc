import KernelTable
import PerchTensor

/// A label's score that its recognizer keeps.
package struct KeptScore: Equatable, Sendable {
  /// Place among the recognizers.
  package let recognizer: Int
  /// Place among the recognizer's labels.
  package let label: Int
  package let score: Float

  package init(recognizer: Int, label: Int, score: Float) {
    self.recognizer = recognizer
    self.label = label
    self.score = score
  }
}

/// Scores of any number of recognizers for one embedding at a time: their layers stand side by side in one matrix.
/// Immutable, shared by all workers; each has a `RecognizerWorkspace` of its own.
///
/// A score depends on the embedding and its recognizer's numbers alone (within one kernel build), not on the other
/// recognizers.
package final class RecognizerScorer: Sendable {
  package let recognizers: [Recognizer]
  /// Size of the embeddings that all recognizers take.
  package let dimension: Int
  /// All single layers; nil where there is none.
  private let single: PointwiseConvolution?
  /// All hidden layers, and what follows them: each reads the results of its own recognizer, the rest are zeros.
  private let rectified: (hidden: PointwiseConvolution, output: PointwiseConvolution)?
  private let plan: MemoryPlan

  /// - Parameter recognizers: at least one, all of one dimension.
  package init(_ recognizers: [Recognizer], kernels: KernelTable = Kernels.active) {
    precondition(
      recognizers.first.map { first in recognizers.allSatisfy { $0.dimension == first.dimension } } ?? false,
      "recognizers of one dimension")
    self.recognizers = recognizers
    dimension = recognizers[0].dimension
    let simple = recognizers.filter { $0.hidden == nil }.map(\.output)
    let hidden = recognizers.compactMap(\.hidden)
    var plan = MemoryPlan()
    plan.require(.embedding, dimension.roundedUp(to: kernels.channelBlock))
    single = simple.isEmpty ? nil : Self.sideBySide(simple, .identity, kernels)
    if let single { plan.require(.similarities, single.paddedOutputs) }
    if hidden.isEmpty {
      rectified = nil
    } else {
      let first = Self.sideBySide(hidden, .relu, kernels)
      let second = Self.diagonal(recognizers.filter { $0.hidden != nil }.map(\.output), kernels)
      plan.require(.squeezed, first.paddedOutputs)
      plan.require(.factors, second.paddedOutputs)
      rectified = (first, second)
    }
    self.plan = plan
  }

  /// [W₁ W₂ …] of layers with the same inputs.
  private static func sideBySide(
    _ layers: [LinearLayer], _ activation: LayerActivation, _ kernels: KernelTable
  ) -> PointwiseConvolution {
    let inputs = layers[0].inputs
    var weights: [Float] = []
    weights.reserveCapacity(layers.reduce(0) { $0 + $1.weights.count })
    for input in 0..<inputs {
      for layer in layers { weights += layer.weights[input * layer.outputs..<(input + 1) * layer.outputs] }
    }
    return PointwiseConvolution(
      weights: weights, bias: layers.flatMap(\.bias), inputs: inputs, outputs: layers.reduce(0) { $0 + $1.outputs },
      activation: activation, kernels: kernels)
  }

  /// W₁, W₂, … along the diagonal of one matrix.
  private static func diagonal(_ layers: [LinearLayer], _ kernels: KernelTable) -> PointwiseConvolution {
    let outputs = layers.reduce(0) { $0 + $1.outputs }
    var weights: [Float] = []
    var before = 0
    for layer in layers {
      for input in 0..<layer.inputs {
        var row = [Float](repeating: 0, count: outputs)
        row.replaceSubrange(
          before..<before + layer.outputs, with: layer.weights[input * layer.outputs..<(input + 1) * layer.outputs])
        weights += row
      }
      before += layer.outputs
    }
    return PointwiseConvolution(
      weights: weights, bias: layers.flatMap(\.bias), inputs: layers.reduce(0) { $0 + $1.inputs }, outputs: outputs,
      activation: .identity, kernels: kernels)
  }

  /// Scratch memory for one worker.
  package func makeWorkspace() -> RecognizerWorkspace { RecognizerWorkspace(Workspace(plan)) }

  /// Raw scores of all labels, recognizer after recognizer.
  package func scores(of embedding: [Float], _ workspace: RecognizerWorkspace) -> [Float] {
    precondition(embedding.count == dimension, "an embedding of the recognizers' size")
    let memory = workspace.memory
    memory.withMutableSpan(.embedding, 0..<dimension) { span in
      for i in 0..<span.count { span[i] = embedding[i] }
    }
    single?.apply(memory, from: .embedding, to: .similarities, pixels: 1)
    if let rectified {
      rectified.hidden.apply(memory, from: .embedding, to: .squeezed, pixels: 1)
      rectified.output.apply(memory, from: .squeezed, to: .factors, pixels: 1)
    }
    var scores: [Float] = []
    var (ofSingle, ofDouble) = (0, 0)
    for recognizer in recognizers {
      let count = recognizer.labels.count
      if recognizer.hidden == nil {
        scores += memory.values(.similarities, ofSingle..<ofSingle + count)
        ofSingle += count
      } else {
        scores += memory.values(.factors, ofDouble..<ofDouble + count)
        ofDouble += count
      }
    }
    return scores
  }

  /// The scores that are not below their thresholds, in the order of recognizers and labels; nil when a score is
  /// not finite, which only absurd weights bring about.
  package func kept(of embedding: [Float], _ workspace: RecognizerWorkspace) -> [KeptScore]? {
    let scores = scores(of: embedding, workspace)
    guard scores.allSatisfy(\.isFinite) else { return nil }
    var kept: [KeptScore] = []
    var place = 0
    for (index, recognizer) in recognizers.enumerated() {
      for (label, threshold) in recognizer.thresholds.enumerated() {
        if threshold.map({ scores[place] >= $0 }) ?? true {
          kept.append(KeptScore(recognizer: index, label: label, score: scores[place]))
        }
        place += 1
      }
    }
    return kept
  }
}

/// One worker's scratch memory for a `RecognizerScorer`.
package struct RecognizerWorkspace: Sendable {
  let memory: Workspace

  init(_ memory: Workspace) { self.memory = memory }
}
