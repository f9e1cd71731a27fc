import Foundation
import PerchAudio
import PerchCore
import PerchPipeline
import Synchronization
import SystemPackage
import Testing

/// Many recordings in one stream, with workers that compute next to nothing.
@Suite struct BatchStreamTests {
  private let folder: SoundFolder

  init() throws { folder = try SoundFolder() }

  /// What a sink was given, and what became of it.
  private final class Minutes: Sendable {
    let lines = Mutex<[String]>([])
    let open = Mutex((now: 0, most: 0))

    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  private struct Result: WindowResult {
    let position: WindowPosition
    let sum: Float
  }

  private struct Sink: RecordingSink, ~Copyable {
    let source: String
    let said: Minutes
    let failsAt: Int?
    let failsAtEnd: Bool
    var count = 0

    init(_ source: String, _ said: Minutes, failsAt: Int? = nil, failsAtEnd: Bool = false) {
      self.source = source
      self.said = said
      self.failsAt = failsAt
      self.failsAtEnd = failsAtEnd
      said.open.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
    }

    deinit { said.open.withLock { $0.now -= 1 } }

    mutating func append(_ result: Result) throws(RunnerError) {
      if count == failsAt { throw BatchStreamTests.fault("disk", .output) }
      count += 1
      said.add("\(source) \(result.position.startSeconds)")
    }

    consuming func finish(_ recording: InputFacts) throws(RunnerError) {
      if failsAtEnd { throw BatchStreamTests.fault("disk", .output) }
      said.add("\(source) end \(recording.durationSeconds)")
    }
  }

  private static func fault(_ subject: String, _ exit: PerchCore.ExitCode) -> RunnerError {
    RunnerError(subject, "is faulty", remedy: "none", exit: exit)
  }

  private enum Failing {
    case compute(PerchCore.ExitCode)
    case append(Int)
    case finish
  }

  private func run(
    _ names: [String], jobs: Int, failing: [String: Failing] = [:], hop: Double = 5,
    ended: (RecordingOutcome) throws(RunnerError) -> Void = { _ in }
  ) async -> (said: Minutes, outcomes: [RecordingOutcome], error: RunnerError?) {
    let said = Minutes()
    var reading = ReadingSettings()
    reading.hop = WindowHop(seconds: hop) ?? .window
    let stream = RecordingStream<Int, Sink>(
      workers: Array(0..<jobs), reading: reading,
      observer: Observer(note: { _ in }, progress: { _ in }, failure: { _ in })
    ) { _, window, task throws(RunnerError) in
      if case .compute(let exit)? = failing[task.source] { throw Self.fault(task.source, exit) }
      let sum = window.samples.withSpan { span in
        var sum: Float = 0
        for index in span.indices { sum += span[index] }
        return sum
      }
      return Result(position: window.position, sum: sum)
    } makeSink: { task, _ in
      switch failing[task.source] {
      case .append(let index): Sink(task.source, said, failsAt: index)
      case .finish: Sink(task.source, said, failsAtEnd: true)
      case .compute, nil: Sink(task.source, said)
      }
    }
    var rest = names.map { name in
      RecordingTask(input: FilePath(folder.path(name)), source: name, output: FilePath("unused"))
    }[...]
    var outcomes: [RecordingOutcome] = []
    do throws(RunnerError) {
      try await stream.run {
        () throws(RunnerError) in
        rest.popFirst()
      } ended: { outcome throws(RunnerError) in
        outcomes.append(outcome)
        try ended(outcome)
      }
      return (said, outcomes, nil)
    } catch {
      return (said, outcomes, error)
    }
  }

  private func lines(_ said: Minutes) -> [String] { said.lines.withLock { $0 } }

  private static let threeRecordings = [
    "a.wav 0.0", "a.wav 5.0", "a.wav end 10.0", "b.wav 0.0", "b.wav end 5.0", "c.wav 0.0", "c.wav 5.0",
    "c.wav 10.0", "c.wav end 12.5",
  ]

  private func writeThree() throws {
    try folder.write(seconds: 10, to: "a.wav")
    try folder.write(seconds: 5, to: "b.wav")
    try folder.write(seconds: 12.5, to: "c.wav")
  }

  @Test(arguments: [1, 2, 3, 8])
  func resultsComeInTheOrderOfRecordingsAndWindows(jobs: Int) async throws {
    try writeThree()
    let (said, outcomes, error) = await run(["a.wav", "b.wav", "c.wav"], jobs: jobs)
    #expect(lines(said) == Self.threeRecordings)
    #expect(outcomes.map(\.task.source) == ["a.wav", "b.wav", "c.wav"])
    #expect(outcomes.map(\.windows) == [2, 1, 3])
    #expect(outcomes.allSatisfy { $0.failure == nil })
    #expect(error == nil)
    // One output is written at a time.
    #expect(said.open.withLock { $0.most } == 1)
    #expect(said.open.withLock { $0.now } == 0)
  }

  @Test(arguments: [1, 2, 5])
  func whatFailsCostsOnlyItself(jobs: Int) async throws {
    try writeThree()
    try folder.write(seconds: 40, to: "compute.wav")
    try folder.write(seconds: 40, to: "append.wav")
    try folder.write(seconds: 40, to: "finish.wav")
    try folder.write(seconds: 0.5, to: "short.wav")
    try Data("no sound".utf8).write(to: folder.url.appending(path: "text.wav"))
    let (said, outcomes, error) = await run(
      [
        "missing.wav", "a.wav", "compute.wav", "append.wav", "b.wav", "short.wav", "text.wav", "finish.wav",
        "c.wav", "missing.wav",
      ],
      jobs: jobs,
      failing: ["compute.wav": .compute(.input), "append.wav": .append(2), "finish.wav": .finish])
    #expect(error == nil)
    #expect(
      outcomes.filter { $0.failure != nil }.map(\.task.source)
        == [
          "missing.wav", "compute.wav", "append.wav", "short.wav", "text.wav", "finish.wav", "missing.wav",
        ])
    #expect(outcomes.map(\.windows) == [0, 2, 0, 0, 1, 0, 0, 0, 3, 0])
    let good = lines(said).filter { $0.hasPrefix("a") || $0.hasPrefix("b") || $0.hasPrefix("c.") }
    #expect(good.filter { !$0.hasPrefix("append") } == Self.threeRecordings)
    #expect(lines(said).filter { $0.hasPrefix("append") } == ["append.wav 0.0", "append.wav 5.0"])
    #expect(!lines(said).contains { $0.hasPrefix("compute") })
    #expect(lines(said).filter { $0.hasPrefix("finish") }.count == 8)
    #expect(said.open.withLock { $0.now } == 0)
    // What a header claims is lost with its recording; of the others nobody knows.
    let losses = outcomes.filter { $0.failure != nil }.map(\.sound.microsecondsIn)
    #expect(losses == [0, 40_000_000, 40_000_000, 500_000, 0, 40_000_000, 0])
    #expect(outcomes.allSatisfy { $0.failure == nil || $0.sound.microsecondsOut == 0 })
  }

  @Test(arguments: [PerchCore.ExitCode.weights, .recognizer, .internalFault])
  func whatWouldFailAllEndsTheStream(exit: PerchCore.ExitCode) async throws {
    try writeThree()
    let (said, outcomes, error) = await run(
      ["a.wav", "b.wav", "c.wav"], jobs: 2, failing: ["b.wav": .compute(exit)])
    #expect(error == Self.fault("b.wav", exit))
    #expect(lines(said) == Array(Self.threeRecordings.prefix(3)))
    #expect(outcomes.map(\.task.source) == ["a.wav"])
    #expect(said.open.withLock { $0.now } == 0)
  }

  @Test func theCallerMayStop() async throws {
    try writeThree()
    let stop = Self.fault("stop", .partial)
    let (_, outcomes, error) = await run(["a.wav", "missing.wav", "b.wav", "c.wav"], jobs: 3) {
      outcome throws(RunnerError) in
      if outcome.failure != nil { throw stop }
    }
    #expect(error == stop)
    #expect(outcomes.map(\.task.source) == ["a.wav", "missing.wav"])
  }

  @Test func aRecordingThatChangesIsRefused() async throws {
    try writeThree()
    let said = Minutes()
    let url = folder.url.appending(path: "c.wav")
    let touched = Mutex(false)
    // The recording is appended to while its windows are computed.
    let stream = RecordingStream<Int, Sink>(
      workers: [0], reading: ReadingSettings(),
      observer: Observer(note: { _ in }, progress: { _ in }, failure: { _ in })
    ) { _, window, task throws(RunnerError) in
      if task.source == "c.wav", !touched.withLock({ $0 }) {
        touched.withLock { $0 = true }
        if let handle = try? FileHandle(forWritingTo: url) {
          _ = try? handle.seekToEnd()
          try? handle.write(contentsOf: Data([0]))
          try? handle.close()
        }
      }
      return Result(position: window.position, sum: 0)
    } makeSink: { task, _ in
      Sink(task.source, said)
    }
    var rest = ["c.wav"][...]
    var failures: [RunnerError?] = []
    try await stream.run {
      () throws(RunnerError) in
      rest.popFirst().map {
        RecordingTask(input: FilePath(folder.path($0)), source: $0, output: FilePath("unused"))
      }
    } ended: { outcome throws(RunnerError) in
      failures.append(outcome.failure)
    }
    #expect(
      failures.map { $0?.description } == [
        "error: \(folder.path("c.wav")): changed while it was read; run again when nothing writes to it"
      ])
    #expect(failures.first??.exit == .input)
  }

  @Test(arguments: [
    (12.5, 5.0, "12500000 = 12500000"), (10.5, 5.0, "10500000 = 10000000 + tail 500000"),
    (22.0, 10.0, "22000000 = 12000000 + gaps 10000000"),
    (27, 10.0, "27000000 = 15000000 + gaps 10000000 + tail 2000000"),
    (7.4, 2.5, "7400000 = 7400000"), (6.5, 2.0, "6500000 = 6500000"),
  ])
  func soundIsAccountedFor(seconds: Double, hop: Double, account: String) async throws {
    try folder.write(seconds: seconds, to: "a.wav")
    let (_, outcomes, _) = await run(["a.wav"], jobs: 2, hop: hop)
    let sound = try #require(outcomes.first?.sound)
    let losses = sound.losses.map { " + \($0.cause.rawValue) \($0.microseconds)" }.joined()
    #expect("\(sound.microsecondsIn) = \(sound.microsecondsOut)\(losses)" == account)
  }
}

/// A folder of small recordings, removed with the test.
final class SoundFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: "perch-batch-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  /// A sawtooth of `seconds` as 16-bit mono WAV.
  func write(seconds: Double, rate: UInt32 = 32_000, to name: String) throws {
    let frames = UInt32(seconds * Double(rate))
    var bytes = Data()
    func add(_ text: String) { bytes.append(Data(text.utf8)) }
    func add<Number: FixedWidthInteger>(_ number: Number) {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
    add("RIFF")
    add(36 + 2 * frames)
    add("WAVEfmt ")
    add(UInt32(16))
    add(UInt16(1))
    add(UInt16(1))
    add(rate)
    add(2 * rate)
    add(UInt16(2))
    add(UInt16(16))
    add("data")
    add(2 * frames)
    for frame in 0..<frames { add(Int16(truncatingIfNeeded: frame &* 97)) }
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try bytes.write(to: file)
  }
}
