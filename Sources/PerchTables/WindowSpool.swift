import PerchCore
import SystemPackage

/// A score of a window, with numbers for names.
package struct SpooledScore: Equatable, Sendable {
  /// Place among those who give scores.
  package let scorer: Int
  /// Place among the scorer's labels.
  package let label: Int
  package let score: Float

  package init(scorer: Int, label: Int, score: Float) {
    self.scorer = scorer
    self.label = label
    self.score = score
  }
}

/// All that is computed from a window of a recording.
package struct SpooledWindow: Equatable, Sendable {
  package let channel: Int32
  /// Seconds.
  package let start: Double
  package let end: Double
  package let embedding: [Float]
  package let scores: [SpooledScore]

  package init(channel: Int32, start: Double, end: Double, embedding: [Float], scores: [SpooledScore]) {
    self.channel = channel
    self.start = start
    self.end = end
    self.embedding = embedding
    self.scores = scores
  }
}

/// Keeps the windows of recordings on the disk until they may go into tables: those of a recording that fails are
/// forgotten, so that no table ever holds half of one. Memory does not grow with their number.
package struct WindowSpool: ~Copyable {
  /// The windows of one recording.
  package struct Span: Equatable, Sendable {
    fileprivate let bytes: Range<Int>
  }

  private var file: ScratchFile
  private var start = 0

  /// Bytes that are read at a time.
  private static let blockSize = 1 << 20

  /// - Parameter folder: where the file is, without a name.
  /// - Throws: exit 6 when nothing can be written there.
  package init(in folder: FilePath) throws(RunnerError) { file = try ScratchFile(in: folder) }

  /// Adds a window to the recording at hand.
  package mutating func append(_ window: SpooledWindow) throws(RunnerError) {
    var body: [UInt8] = []
    body.append(bytesOf: window.channel)
    body.append(bytesOf: window.start)
    body.append(bytesOf: window.end)
    body.append(bytesOf: UInt32(window.embedding.count))
    body.append(bytesOf: window.embedding)
    for score in window.scores {
      body.append(bytesOf: UInt32(score.scorer))
      body.append(bytesOf: UInt32(score.label))
      body.append(bytesOf: score.score)
    }
    var head: [UInt8] = []
    head.append(bytesOf: UInt32(body.count))
    try file.append(head + body)
  }

  /// Ends the recording at hand.
  package mutating func endRecording() -> Span {
    defer { start = file.size }
    return Span(bytes: start..<file.size)
  }

  /// Forgets what was added to the recording at hand.
  package mutating func discardRecording() throws(RunnerError) { try file.truncate(to: start) }

  /// Forgets everything; spans mean nothing from then on.
  package mutating func removeAll() throws(RunnerError) {
    start = 0
    try file.truncate(to: 0)
  }

  /// Gives the windows of `span` to `body`, in the order in which they were added.
  package mutating func forEach(
    in span: Span, _ body: (SpooledWindow) throws(RunnerError) -> Void
  ) throws(RunnerError) {
    var place = span.bytes.lowerBound
    while place < span.bytes.upperBound {
      let length = min(Self.blockSize, span.bytes.upperBound - place)
      let used = try windows(try file.read(at: place, count: length), body)
      if used > 0 {
        place += used
      } else {
        // One window that is longer than a block.
        let size = try wholeSize(at: place)
        _ = try windows(try file.read(at: place, count: size), body)
        place += size
      }
    }
  }

  private mutating func wholeSize(at place: Int) throws(RunnerError) -> Int {
    var cursor = ByteCursor(try file.read(at: place, count: 4))
    do throws(TableFault) { return 4 + Int(try cursor.number(UInt32.self)) } catch { throw damaged }
  }

  /// Gives all whole windows in `bytes` to `body`; returns how many bytes they take.
  private func windows(
    _ bytes: [UInt8], _ body: (SpooledWindow) throws(RunnerError) -> Void
  ) throws(RunnerError) -> Int {
    var cursor = ByteCursor(bytes)
    var used = 0
    while let window = try next(&cursor) {
      try body(window)
      used = cursor.position
    }
    return used
  }

  private func next(_ cursor: inout ByteCursor) throws(RunnerError) -> SpooledWindow? {
    do throws(TableFault) {
      guard cursor.remaining >= 4 else { return nil }
      let length = Int(try cursor.number(UInt32.self))
      guard cursor.remaining >= length else { return nil }
      var window = try cursor.take(length)
      let channel = try window.number(Int32.self)
      let (start, end) = (try window.number(Double.self), try window.number(Double.self))
      var embedding: [Float] = []
      let count = Int(try window.number(UInt32.self))
      try window.floats(count, into: &embedding)
      var scores: [SpooledScore] = []
      while window.remaining > 0 {
        scores.append(
          SpooledScore(
            scorer: Int(try window.number(UInt32.self)), label: Int(try window.number(UInt32.self)),
            score: try window.number(Float.self)))
      }
      return SpooledWindow(channel: channel, start: start, end: end, embedding: embedding, scores: scores)
    } catch { throw damaged }
  }

  private var damaged: RunnerError {
    RunnerError(
      file.folder.string, "what was put aside here reads back differently", remedy: "check the disk", exit: .output)
  }
}
