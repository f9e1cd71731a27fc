import KernelTable
import PerchTensor

/// A head with the classes that are wanted of it, for several windows at a time: the greatest logits, exactly,
/// or all. Immutable, shared by all workers; each worker has a `HeadWorkspace` of its own.
///
/// Logits are raw, before slope and intercept. Their bits depend on window and class alone (within one kernel
/// build): not on the purpose, the list, the floor or the other windows.
package final class HeadScorer: Sendable {
  package typealias Purpose = PrototypeScorer.Purpose

  let form: Form
  /// Classes that are wanted.
  package let classes: Int
  /// Windows that are taken at once, at most.
  package let windows: Int

  enum Form: Sendable {
    case prototypes(PrototypeScorer)
    /// All logits are computed, those of `listed` count.
    case dense(Head, size: Int, listed: [Int])
  }

  init(_ form: Form, classes: Int, windows: Int) {
    self.form = form
    self.classes = classes
    self.windows = windows
  }

  /// Bytes beyond the head's own: codes for screening, one byte for each number of a prototype with weight.
  package var bytes: Int {
    switch form {
    case .prototypes(let scorer): scorer.screeningBytes
    case .dense: 0
    }
  }

  /// Scratch memory for one worker.
  package func makeWorkspace() -> HeadWorkspace { HeadWorkspace(self) }
}

/// One worker's windows and scratch memory for a `HeadScorer`. Nothing is allocated per window.
package final class HeadWorkspace: Sendable {
  private let scorer: HeadScorer
  private let prototypes: PrototypeWorkspace?
  private let logits: Storage<Float>
  private let keys: Storage<UInt64>
  private let results: Storage<ClassLogit>

  init(_ scorer: HeadScorer) {
    self.scorer = scorer
    switch scorer.form {
    case .prototypes(let form):
      prototypes = form.makeWorkspace()
      logits = Storage(count: 0)
      keys = Storage(count: 0)
      results = Storage(count: 0)
    case .dense(_, let size, _):
      prototypes = nil
      logits = Storage(count: scorer.windows * size)
      keys = Storage(count: scorer.classes)
      results = Storage(count: scorer.classes)
    }
  }

  /// Keeps what the head needs of the window that `workspace` holds, as window `slot` (from 0).
  package func keep(_ workspace: Workspace, slot: Int) {
    precondition(slot >= 0 && slot < scorer.windows, "a slot of the workspace")
    if let prototypes { return prototypes.keep(workspace, slot: slot) }
    if case .dense(let head, let size, _) = scorer.form {
      logits.withMutableSpan(slot * size..<(slot + 1) * size) { head.logits(workspace, places: 0, into: &$0) }
    }
  }

  /// Classes that the last call of `topClasses` computed exactly, over all its windows; for measuring.
  package var computedClasses: Int { prototypes?.computedClasses ?? scorer.classes }

  /// The `count` greatest logits of each kept window 0 ..< `windows` that are not below `floor`: falling, equal
  /// ones by class index. Not-a-number is no logit.
  ///
  /// - Parameters:
  ///   - floor: spares the arithmetic of all classes that cannot reach it.
  ///   - body: is given each window's number and its classes.
  package func topClasses(
    _ count: Int, floor: Float = -.infinity, windows: Int, _ body: (Int, Span<ClassLogit>) -> Void
  ) {
    if let prototypes { return prototypes.greatest(count, floor: floor, windows: windows, body) }
    guard case .dense(_, let size, let listed) = scorer.form else { return }
    for window in 0..<windows {
      var found = GreatestFound(keys, limit: min(max(count, 0), listed.count), floor: floor)
      for index in listed { found.offer(Int32(index), logits[window * size + index]) }
      let kept = found.finish(keys, into: results)
      results.withMutableSpan(0..<kept) { body(window, $0.span) }
    }
  }

  /// Logits of all wanted classes in the order of the list: the i-th of window w goes to
  /// `result[w · classes + i]`.
  package func allLogits(windows: Int, into result: inout MutableSpan<Float>) {
    if let prototypes { return prototypes.all(windows: windows, into: &result) }
    guard case .dense(_, let size, let listed) = scorer.form else { return }
    precondition(result.count >= windows * listed.count, "room for all")
    for window in 0..<windows {
      for (i, index) in listed.enumerated() { result[window * listed.count + i] = logits[window * size + index] }
    }
  }
}

extension PerchModel {
  /// What computes logits of head `name`.
  ///
  /// - Parameters:
  ///   - name: a head that the model was loaded with.
  ///   - listed: the wanted classes, without repetition; nil for all.
  ///   - windows: 1 to 8 windows share one pass over the weights.
  ///   - purpose: `greatest` builds data for screening (about a second for all classes of perch_v2, and a byte
  ///     for each number of its prototypes), `all` none.
  package func makeHeadScorer(
    _ name: String, listed: [Int]? = nil, windows: Int = 1, purpose: HeadScorer.Purpose
  ) -> HeadScorer {
    guard let head = head(name) else { preconditionFailure("a head that the model was loaded with") }
    let classes = listed?.count ?? head.settings.classes
    if let prototypes = head.prototypes {
      let scorer = PrototypeScorer(
        prototypes, listed: listed, windows: windows, purpose: purpose, screening: kernels.screening)
      return HeadScorer(.prototypes(scorer), classes: classes, windows: windows)
    }
    let all = listed ?? Array(0..<head.settings.classes)
    precondition(all.allSatisfy { (0..<head.settings.classes).contains($0) }, "classes of the head")
    return HeadScorer(.dense(head, size: head.settings.classes, listed: all), classes: classes, windows: windows)
  }
}
