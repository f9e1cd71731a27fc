import PerchAudio
import PerchCore
import PerchTables
import SystemPackage

/// What the command line of `generate` says; nil where it says nothing.
package struct GenerateOptions: Equatable, Sendable {
  package var format: TableFormat?
  package var layout: EmbeddingLayout?
  package var metadata: MetadataPlacement?
  package var model: ModelName?
  package var weights: String?
  /// Seconds.
  package var hop: Double?
  package var tail: Tail?
  package var compat: Compat?
  package var channel: ChannelChoice?
  package var precision: Precision?
  package var normalization: Normalization?
  package var strict = false
  package var jobs: Int?

  package init() {}
}

/// The settings that `generate` works with: command line over configuration file over defaults.
package struct GenerateSettings: Equatable, Sendable {
  package private(set) var format: TableFormat
  package let layout: EmbeddingLayout
  package let metadata: MetadataPlacement
  /// The model asked for by name, or nil to take what the weights file holds.
  package let model: ModelName?
  /// A weights file, a folder of them or `seeded:NAME`; nil to look in the usual places.
  package let weights: String?
  package let hop: WindowHop
  package let tail: Tail
  package let compat: Compat
  package let channel: ChannelChoice
  package let precision: Precision
  package let normalization: Normalization
  package let strict: Bool
  /// Windows computed at the same time. No table depends on it.
  package let jobs: Int
  /// What the user should know although the settings are valid.
  package let notes: [Note]

  /// One window: what the models see at a time.
  package static let windowSeconds = 5.0

  /// - Throws: an error with exit code 2 naming the option or key whose value is out of range.
  package init(_ options: GenerateOptions, configuration: Configuration = Configuration()) throws(RunnerError) {
    format = options.format ?? .parquet
    layout = options.layout ?? .list
    metadata = options.metadata ?? .header
    model = options.model ?? configuration.embeddingModel
    weights = options.weights
    hop =
      try options.hop.map { seconds throws(RunnerError) in try WindowHop(seconds, from: "--hop") }
      ?? configuration.hop ?? .window
    compat = options.compat ?? .none
    guard compat == .none || options.tail != .pad else {
      throw RunnerError(
        "--tail", "the reference drops tails, so --compat reference cannot pad them",
        remedy: "leave one of the two out", exit: .usage)
    }
    tail = compat == .reference ? .drop : options.tail ?? .pad
    channel = options.channel ?? .first
    precision = options.precision ?? (compat == .reference ? .float16 : .float32)
    normalization = options.normalization ?? .hoplite
    strict = options.strict
    jobs = try Self.jobs(options.jobs)
    notes = configuration.notes + Self.notes(hop: hop.seconds)
  }

  /// The same for an output whose name says another format, as a list may have it.
  func writing(to output: FilePath) -> GenerateSettings {
    var settings = self
    if let format = output.extension.flatMap(TableFormat.init(anyCase:)) { settings.format = format }
    return settings
  }

  /// A worker holds some tens of megabytes, so an absurd number is a slip and not a wish.
  private static func jobs(_ asked: Int?) throws(RunnerError) -> Int {
    guard let asked else { return AllowedCores().count }
    guard (1...1024).contains(asked) else {
      throw RunnerError(
        "--jobs", "\(asked) is not a number of windows between 1 and 1024",
        remedy: "give one for each core, or leave it out", exit: .usage)
    }
    return asked
  }

  private static func notes(hop: Double) -> [Note] {
    guard hop > windowSeconds else { return [] }
    return [
      Note(.warning, "hop", "\(hop) s is longer than a window of 5 s: the sound between windows is not looked at")
    ]
  }
}

extension WindowHop {
  /// - Parameter subject: the option, or the file and line, that gave the value.
  init(_ seconds: Double, from subject: String) throws(RunnerError) {
    guard let hop = WindowHop(seconds: seconds) else {
      throw RunnerError(
        subject, "a hop of \(seconds) s is not between one sample (1/32000 s) and 1e9 s",
        remedy: "give the seconds between window starts, such as 2.5", exit: .usage)
    }
    self = hop
  }
}
