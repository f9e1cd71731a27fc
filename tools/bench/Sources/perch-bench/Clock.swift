import Glibc

/// Processor time of the calling thread, in seconds: what other programs take does not count.
func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Keeps a result that nobody reads, and with it the work that made it.
@inline(never) @_optimize(none) func keep<Value>(_ value: Value) {}

/// Pieces of work, measured in turn so that a change of the clock or of the load meets all of them.
enum InTurn {
  /// Least time of one call of each piece of work.
  ///
  /// - Parameter seconds: processor time for all of them together.
  static func least(_ works: [() -> Void], seconds: Double) -> [Double] {
    let repeats = works.map(repeats)
    var least = [Double](repeating: .infinity, count: works.count)
    let end = threadSeconds() + seconds
    repeat {
      for (i, work) in works.enumerated() {
        let start = threadSeconds()
        for _ in 0..<repeats[i] { work() }
        least[i] = min(least[i], (threadSeconds() - start) / Double(repeats[i]))
      }
    } while threadSeconds() < end
    return least
  }

  /// Calls that take half a millisecond, so that reading the clock does not count. The first call warms up.
  private static func repeats(_ work: () -> Void) -> Int {
    work()
    let start = threadSeconds()
    work()
    return max(1, Int((5e-4 / max(threadSeconds() - start, 1e-8)).rounded(.up)))
  }
}
