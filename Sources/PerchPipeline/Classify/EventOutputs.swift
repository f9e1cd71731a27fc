import PerchCore
import PerchRecognition
import PerchTables
import SystemPackage

/// Who gives scores: names for what scores refer to by number.
struct Scorers: Sendable {
  struct Scorer: Sendable {
    let name: String
    let labels: [String]
    let tags: [String]
  }

  private let all: [Scorer]

  init(_ recognizers: [Recognizer]) {
    all = recognizers.map { Scorer(name: $0.name, labels: $0.labels, tags: $0.tags) }
  }

  /// The model itself.
  init(model: String, labels: [String]) { all = [Scorer(name: model, labels: labels, tags: [])] }

  var haveTags: Bool { all.contains { !$0.tags.isEmpty } }

  subscript(index: Int) -> Scorer { all[index] }
}

/// The scores of one window that are kept.
struct ScoredWindow: Sendable {
  let source: String
  let channel: Int32
  /// Seconds.
  let start: Double
  let end: Double
  let scores: [KeptScore]
}

/// The frequencies of events: all that the model was given.
enum EventBand {
  /// The model is given 32 kHz, and a recording has nothing above half its rate.
  /// - Parameter sampleRate: hertz of the recording; nil where nobody knows.
  static func highHertz(sampleRate: Int?) -> Double { min(16_000, sampleRate.map { Double($0) / 2 } ?? 16_000) }
}

/// All files that the events of one input go to. Nothing stands under their names before `finish`.
struct EventOutputs: ~Copyable {
  private let scorers: Scorers
  /// Hertz.
  private let highFrequency: Double
  private var table: EventTableWriter
  private var raven: EventListWriter?
  private var audacity: EventListWriter?
  private var birdnet: EventListWriter?
  private let savesEmpty: Bool
  private(set) var count = 0

  /// - Parameter sampleRate: hertz of the recording; nil where nobody knows.
  init(
    _ task: RecordingTask, settings: ClassifySettings, scorers: Scorers, sampleRate: Int?
  ) throws(RunnerError) {
    let table = try EventTableWriter(
      path: task.output, format: settings.generate.format, metadata: settings.generate.metadata,
      hasTags: scorers.haveTags)
    let raven = try Self.list(.raven, task, settings)
    let audacity = try Self.list(.audacity, task, settings)
    let birdnet = try Self.list(.birdnet, task, settings)
    self.scorers = scorers
    savesEmpty = settings.savesEmpty
    highFrequency = EventBand.highHertz(sampleRate: sampleRate)
    self.table = table
    self.raven = raven
    self.audacity = audacity
    self.birdnet = birdnet
  }

  private static func list(
    _ format: EventListFormat, _ task: RecordingTask, _ settings: ClassifySettings
  ) throws(RunnerError) -> EventListWriter? {
    guard settings.lists.contains(format) else { return nil }
    return try EventListWriter(path: path(of: format, task), format: format)
  }

  /// Where the list of `format` goes: beside the table.
  static func path(of format: EventListFormat, _ task: RecordingTask) -> FilePath {
    task.output.removingLastComponent().appending("\(task.input.stem ?? "recording").\(format.suffix)")
  }

  mutating func append(_ window: ScoredWindow) throws(RunnerError) {
    for kept in window.scores {
      let scorer = scorers[kept.recognizer]
      let row = EventRow(
        source: window.source, channel: window.channel, start: window.start, end: window.end,
        highHertz: highFrequency, label: scorer.labels[kept.label], score: kept.score, recognizer: scorer.name,
        tags: scorer.tags)
      count += 1
      try table.append(row)
      try raven?.append(row)
      try audacity?.append(row)
      try birdnet?.append(row)
    }
  }

  /// Gives all files their names, the table last: where it stands the others do. Without an event nothing is
  /// written where no recognizer wants an empty table.
  consuming func finish(_ provenance: Provenance) throws(RunnerError) {
    if count == 0, !savesEmpty { return }
    try raven?.finish()
    try audacity?.finish()
    try birdnet?.finish()
    try table.finish(provenance)
  }
}
