import Synchronization

/// The results of folds that are computed at the same time.
final class FoldScores: Sendable {
  private let found: Mutex<[[[Double?]]]>

  init(grid: Int, folds: Int) {
    found = Mutex([[[Double?]]](repeating: [[Double?]](repeating: [], count: grid), count: folds))
  }

  func set(_ fold: Int, _ scores: [[Double?]]) { found.withLock { $0[fold] = scores } }

  func scores(_ fold: Int) -> [[Double?]] { found.withLock { $0[fold] } }
}
