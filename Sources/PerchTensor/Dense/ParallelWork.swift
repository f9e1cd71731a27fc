import Dispatch
import Synchronization

/// The same work on several threads, piece by piece.
///
/// For numbers that are computed in milliseconds and needed at once; recordings go through the pipeline's
/// ordered map. Which thread does which piece is left open, so pieces must not share anything they write.
package enum ParallelWork {
  /// Runs `body` for 0 ..< `count` on at most `threads` threads and returns when all have ended.
  package static func run(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
    run(count, threads: threads) { index, _ in body(index) }
  }

  /// The same with the number of the worker, below `threads`: each may have memory of its own.
  package static func run(_ count: Int, threads: Int, _ body: @Sendable (Int, _ worker: Int) -> Void) {
    let workers = min(threads, count)
    if workers <= 1 {
      for index in 0..<max(count, 0) { body(index, 0) }
      return
    }
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= count { return }
        body(index, worker)
      }
    }
  }
}
