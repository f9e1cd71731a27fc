import PerchCore
import PerchPipeline
import Synchronization
import Testing

@Suite struct OrderedPipelineTests {
  private static let fault = RunnerError("window", "is faulty", remedy: "none", exit: .input)

  /// What `emit` saw of the inputs 0..<count, each doubled by workers that take uneven time.
  private func emitted(
    count: Int, workers: Int, failingAt: Set<Int> = [], streamFailsAt: Int? = nil, emitFailsAt: Int? = nil
  ) async -> (values: [Int], error: RunnerError?) {
    let pipeline = OrderedPipeline(workers: Array(0..<workers)) { _, input throws(RunnerError) -> Int in
      // Every third input takes far longer than the others, so that later ones overtake it.
      spin(input % 3 == 0 ? 20_000 : 50)
      if failingAt.contains(input) { throw Self.fault }
      return 2 * input
    }
    var next = 0
    var values: [Int] = []
    do throws(RunnerError) {
      try await pipeline.run {
        () throws(RunnerError) -> Int? in
        if next == streamFailsAt { throw Self.fault }
        defer { next += 1 }
        return next < count ? next : nil
      } emit: { value throws(RunnerError) in
        if value == emitFailsAt { throw Self.fault }
        values.append(value)
      }
      return (values, nil)
    } catch {
      return (values, error)
    }
  }

  @Test(arguments: [0, 1, 2, 3, 7, 200], [1, 2, 3, 8])
  func resultsLeaveInOrder(count: Int, workers: Int) async {
    let outcome = await emitted(count: count, workers: workers)
    #expect(outcome.values == (0..<count).map { 2 * $0 })
    #expect(outcome.error == nil)
  }

  @Test(arguments: [0, 1, 9, 49], [1, 2, 8])
  func whatCameBeforeAnErrorLeavesAndNothingAfterIt(index: Int, workers: Int) async {
    let before = (0..<index).map { 2 * $0 }
    let worker = await emitted(count: 50, workers: workers, failingAt: [index, index + 1])
    #expect(worker.values == before)
    #expect(worker.error == Self.fault)
    let stream = await emitted(count: 50, workers: workers, streamFailsAt: index)
    #expect(stream.values == before)
    #expect(stream.error == Self.fault)
    let emit = await emitted(count: 50, workers: workers, emitFailsAt: 2 * index)
    #expect(emit.values == before)
    #expect(emit.error == Self.fault)
  }

  /// However slow one window is, the others do not pile up behind it.
  @Test(arguments: [1, 2, 4])
  func inputsAndResultsAreBounded(workers: Int) async throws {
    let pulled = Atomic(0)
    let pipeline = OrderedPipeline(workers: Array(0..<workers)) { _, input throws(RunnerError) -> Int in
      if input == 0 { spin(2_000_000) }
      return input
    }
    var next = 0
    var left = 0
    var most = 0
    try await pipeline.run {
      () throws(RunnerError) -> Int? in
      defer { next += 1 }
      guard next < 500 else { return nil }
      most = max(most, pulled.add(1, ordering: .relaxed).newValue - left)
      return next
    } emit: { _ throws(RunnerError) in
      left += 1
    }
    #expect(left == 500)
    #expect(most <= 2 * workers + 1)
  }

  @Test(arguments: [1, 3])
  func aWorkerServesOneInputAtATime(workers: Int) async throws {
    final class Worker: Sendable {
      let isBusy = Atomic(false)
      let served = Atomic(0)
    }
    let pool = (0..<workers).map { _ in Worker() }
    let overlaps = Atomic(0)
    let pipeline = OrderedPipeline(workers: pool) { worker, input throws(RunnerError) -> Int in
      if worker.isBusy.exchange(true, ordering: .acquiring) { overlaps.add(1, ordering: .relaxed) }
      spin(500)
      worker.served.add(1, ordering: .relaxed)
      worker.isBusy.store(false, ordering: .releasing)
      return input
    }
    var next = 0
    try await pipeline.run {
      () throws(RunnerError) -> Int? in
      defer { next += 1 }
      return next < 300 ? next : nil
    } emit: { _ throws(RunnerError) in }
    #expect(overlaps.load(ordering: .relaxed) == 0)
    #expect(pool.reduce(0) { $0 + $1.served.load(ordering: .relaxed) } == 300)
  }

  @Test func cancellationEndsAnEndlessStream() async {
    let task = Task { () -> RunnerError? in
      let pipeline = OrderedPipeline(workers: [0, 1]) { _, input throws(RunnerError) -> Int in input }
      do throws(RunnerError) {
        try await pipeline.run {
          () throws(RunnerError) -> Int? in 0
        } emit: { _ throws(RunnerError) in }
        return nil
      } catch {
        return error
      }
    }
    task.cancel()
    let error = await task.value
    #expect(error == .interrupted)
    #expect(error?.exit == .interrupted)
  }
}

/// Keeps a core busy for a while that grows with `count`.
private func spin(_ count: Int) {
  var state = UInt64(count)
  for _ in 0..<count { state = state &* 6_364_136_223_846_793_005 &+ 1 }
  blackHole.store(state, ordering: .relaxed)
}

/// Keeps the compiler from leaving the work out.
private let blackHole = Atomic<UInt64>(0)
