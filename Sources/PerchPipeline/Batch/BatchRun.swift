import PerchAudio
import PerchCore
import SystemPackage

/// Many recordings in one stream: what is done already is left alone, what fails costs only itself, and everything
/// is accounted for.
struct BatchRun {
  let recordings: Recordings
  let choices: BatchChoices
  let expected: ExpectedOutput
  let reading: ReadingSettings
  let observer: Observer

  /// - Parameter stream: the stream that tells an observer.
  /// - Throws: exit code 7 when a recording failed, 6 when another run is at work here or the report cannot be
  ///   written, and what would fail all recordings.
  nonisolated(nonsending) func run<Worker: Sendable, Sink: RecordingSink & ~Copyable>(
    _ stream: (Observer) -> RecordingStream<Worker, Sink>
  ) async throws(RunnerError) {
    let tasks = recordings.tasks.filter { choices.shard?.holds($0.source) ?? true }
    let files = BatchFiles(folder: recordings.folder, shard: choices.shard)
    let lock = try BatchLock(files, summary: BatchSummary(sources: recordings.tasks.map(\.source)))
    var ledger = try BatchLedger(files, taskCount: tasks.count)
    let meter = BatchMeter(total: tasks.count, report: observer.batch)
    var cause: RunnerError?
    do throws(RunnerError) {
      try await work(tasks, in: stream(told(by: meter)), &ledger, meter)
    } catch {
      cause = error
    }
    meter.end()
    let failed = ledger.counts.failed
    try ledger.close(tasks, endedBy: cause)
    _ = consume lock
    if let cause { throw cause }
    guard failed == 0 else {
      throw RunnerError(
        recordings.name, "\(failed) of \(tasks.count) recordings failed", remedy: "see \(files.report)",
        exit: .partial)
    }
  }

  /// Progress of one recording becomes progress of all.
  private func told(by meter: BatchMeter) -> Observer {
    Observer(note: observer.note, progress: { meter.advance($0) }, failure: observer.failure)
  }

  nonisolated(nonsending) private func work<Worker: Sendable, Sink: RecordingSink & ~Copyable>(
    _ tasks: [RecordingTask], in stream: RecordingStream<Worker, Sink>, _ ledger: inout BatchLedger,
    _ meter: BatchMeter
  ) async throws(RunnerError) {
    var next = 0
    // Indices of the tasks in the stream: they end in this order.
    var underWay: [Int] = []
    try await stream.run {
      () throws(RunnerError) in
      while next < tasks.count {
        if Task.isCancelled { throw .interrupted }
        let (index, task) = (next, tasks[next])
        next += 1
        expected.removeLeftovers(of: task)
        if !choices.overwrites, try expected.isFinished(task, trustsTimes: choices.trustsTimes),
          let row = skipped(task, ledger.earlierRow(of: task))
        {
          try ledger.add(row, at: index)
          meter.ended(row)
        } else {
          underWay.append(index)
          return task
        }
      }
      return nil
    } ended: { outcome throws(RunnerError) in
      let row = BatchRow(outcome)
      try ledger.add(row, at: underWay.removeFirst())
      if let error = outcome.failure { observer.failure(error) }
      meter.ended(row)
      if outcome.failure != nil, choices.failsFast { throw stopped(at: outcome.task) }
    }
  }

  private func stopped(at task: RecordingTask) -> RunnerError {
    RunnerError(
      recordings.name, "stopped at the first recording that failed, \(task.source)",
      remedy: "see the line above; the same command goes on from there", exit: .partial)
  }

  /// The row of an output that is done: as an earlier run accounted for it. Where no run did, the recording is read
  /// again, which costs little beside computing it; nil when that fails.
  private func skipped(_ task: RecordingTask, _ earlier: BatchRow?) -> BatchRow? {
    if let earlier {
      return BatchRow(
        task, .skipped, windows: earlier.windows, message: earlier.message, sound: earlier.sound)
    }
    var intake = RecordingIntake(reading)
    var isGiven = false
    var coverage = WindowCoverage()
    var windows = 0
    while true {
      let step = try? intake.next {
        defer { isGiven = true }
        return isGiven ? nil : task
      }
      switch step?.content {
      case .window(let window, _):
        windows += 1
        coverage.add(window.position)
        intake.recycle(window.samples)
      case .end(let end):
        return BatchRow(
          task, .skipped, windows: windows, message: BatchRow.message(end.notes),
          sound: SoundAccount(
            decoded: end.frames, unreadable: end.framesUnreadable, rate: end.facts.sampleRate, coverage: coverage))
      case .failure, nil: return nil
      }
    }
  }
}
