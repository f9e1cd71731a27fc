import PerchCore

/// A map over a stream of inputs that computes several at a time and keeps their order.
///
/// The caller pulls the inputs and takes the results; both happen on its own task, one call after the
/// other. In between, each worker computes one input at a time. A worker is lent to one computation and
/// comes back with the result, so a worker may own scratch memory. However long the stream, at most
/// `workers + 1` inputs and `2 · workers` results exist at the same time.
package struct OrderedPipeline<Worker: Sendable, Input: Sendable, Output: Sendable>: Sendable {
  package typealias Transform = @Sendable (Worker, Input) throws(RunnerError) -> Output

  private let workers: [Worker]
  private let transform: Transform

  /// - Parameter workers: one for each computation that may run at the same time; at least one.
  package init(workers: [Worker], transform: @escaping Transform) {
    precondition(!workers.isEmpty, "a pipeline without workers would never end")
    self.workers = workers
    self.transform = transform
  }

  /// Pulls inputs from `next` until it returns nil and gives each result to `emit`, in the order of
  /// the inputs. What is emitted does not depend on the number of workers.
  ///
  /// - Throws: the first error in the order of the inputs, be it thrown by `next`, by a worker or by
  ///   `emit`; everything before it has been emitted. An `interrupted` error when the task is cancelled.
  ///   No worker is running any more when this returns or throws.
  nonisolated(nonsending) package func run(
    next: () throws(RunnerError) -> Input?,
    emit: (Output) throws(RunnerError) -> Void
  ) async throws(RunnerError) {
    let failure = await withTaskGroup(of: Finished.self) { group -> RunnerError? in
      do throws(RunnerError) {
        try await drive(&group, next: next, emit: emit)
        return nil
      } catch {
        group.cancelAll()
        return error
      }
    }
    if let failure { throw failure }
  }

  private struct Finished: Sendable {
    let index: Int
    let worker: Worker
    let result: Result<Output, RunnerError>
  }

  nonisolated(nonsending) private func drive(
    _ group: inout TaskGroup<Finished>,
    next: () throws(RunnerError) -> Input?,
    emit: (Output) throws(RunnerError) -> Void
  ) async throws(RunnerError) {
    var idle = workers
    var early: [Int: Result<Output, RunnerError>] = [:]
    var issued = 0
    var emitted = 0
    // One input is read while the workers compute, so that a worker that ends finds work at once.
    // An error of the stream takes its place in the order and ends the stream.
    var ahead = Result { () throws(RunnerError) in try next() }
    while true {
      if Task.isCancelled { throw .interrupted }
      while issued - emitted < 2 * workers.count, case .success(let input?) = ahead,
        let worker = idle.popLast()
      {
        group.addTask { [issued] in compute(issued, input, on: worker) }
        issued += 1
        ahead = Result { () throws(RunnerError) in try next() }
      }
      guard let finished = await group.next() else { break }
      idle.append(finished.worker)
      early[finished.index] = finished.result
      while let result = early.removeValue(forKey: emitted) {
        try emit(result.get())
        emitted += 1
      }
    }
    _ = try ahead.get()
  }

  private func compute(_ index: Int, _ input: Input, on worker: Worker) -> Finished {
    Finished(
      index: index, worker: worker,
      result: Result { () throws(RunnerError) in try transform(worker, input) })
  }
}
