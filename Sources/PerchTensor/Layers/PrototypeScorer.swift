import KernelTable

/// A class with its logit.
package struct ClassLogit: Equatable, Sendable, BitwiseCopyable {
  package let index: Int
  package let logit: Float

  package init(index: Int, logit: Float) {
    self.index = index
    self.logit = logit
  }
}

/// A prototype head with the classes that are wanted of it: the greatest logits without computing all, or all.
/// Immutable, shared by all workers.
///
/// Greatest logits are exact: upper bounds of all classes come from 8-bit codes, the classes with the greatest
/// bounds are computed, and then every other class whose bound reaches the least of the logits found so far.
/// What is left out is below that logit for certain. Order: logit falling, equal logits by class index.
package final class PrototypeScorer: Sendable {
  /// What windows will be asked for: data for screening is built and kept for the greatest logits only.
  package enum Purpose: Sendable { case greatest, all }

  let head: PrototypeHead
  /// The wanted classes in the order given.
  let listed: Storage<Int32>
  /// The same by what they can reach at most, falling; and that logit.
  let order: Storage<Int32>
  let reach: [Float]
  /// Nil where computing is cheaper than screening, or numbers are not finite.
  let screen: PrototypeScreen?
  /// Windows that are taken at once, at most.
  package let windows: Int

  /// Lists up to this many classes are computed outright.
  package static let screeningMinimum = 128

  /// - Parameters:
  ///   - listed: class indices without repetition, nil for all.
  ///   - windows: 1 to 8 share one pass over the weights.
  ///   - screening: the form to screen with, nil to compute all classes.
  package init(
    _ head: PrototypeHead, listed: [Int]?, windows: Int, purpose: Purpose, screening: ScreeningKernels?,
    screeningMinimum: Int = PrototypeScorer.screeningMinimum
  ) {
    precondition((1...8).contains(windows), "1 to 8 windows at once")
    precondition(listed?.allSatisfy { $0 >= 0 && $0 < head.classes } ?? true, "classes of the head")
    self.head = head
    self.windows = windows
    let classes = listed.map { $0.map { Int32($0) } } ?? (0..<Int32(head.classes)).map { $0 }
    self.listed = Storage(classes)
    let limits = classes.map { Self.reach(head, Int($0)) }
    let sorted = classes.indices.sorted {
      limits[$0] > limits[$1] || (limits[$0] == limits[$1] && classes[$0] < classes[$1])
    }
    order = Storage(sorted.map { classes[$0] })
    reach = sorted.map { limits[$0] }
    var screen: PrototypeScreen?
    if purpose == .greatest, let screening, classes.count > screeningMinimum {
      screen = PrototypeScreen(head, classes: sorted.map { classes[$0] }, kernels: screening)
    }
    self.screen = screen
  }

  package var classes: Int { listed.count }

  /// Bytes that screening adds to the head.
  package var screeningBytes: Int { screen?.bytes ?? 0 }

  package func makeWorkspace() -> PrototypeWorkspace { PrototypeWorkspace(self) }

  /// bias + Σ |weight| · the greatest similarity there can be; not-a-number counts as infinite.
  private static func reach(_ head: PrototypeHead, _ index: Int) -> Float {
    let bias = Double(head.bias[index])
    var sum = bias
    var magnitude = abs(bias)
    let similarity = Double(head.greatestNorm) * 1.000_2
    for k in index * head.prototypesPerClass..<(index + 1) * head.prototypesPerClass {
      let part = abs(Double(head.classWeights[k])) * similarity
      sum += part
      magnitude += part
    }
    let limit = Float(sum + magnitude * Double(head.rounding)).nextUp
    return limit.isNaN ? .infinity : limit
  }
}

extension PrototypeHead {
  /// What a weighted sum of float32 similarities may lose, relative to the sum of magnitudes: one rounding a
  /// product and an addition, in the exact sum and in that of the bounds.
  var rounding: Float { Float(prototypesPerClass + 4) * 2.5e-7 }
}
