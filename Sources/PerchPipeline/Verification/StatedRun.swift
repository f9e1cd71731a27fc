import PerchAudio
import PerchCore
import PerchTables
import SystemPackage

/// How a table says it was made, as settings that make it again.
struct StatedRun {
  enum Kind {
    case embeddings
    case events(StatedScores)
    case distances(StatedQueries)
  }

  let settings: GenerateSettings
  let kind: Kind
  let columns: [Column]
  /// The text of the column `source`.
  let input: String
  let inputDigest: String
  /// SHA-256 of the weights file, or `seeded:<model>:<seed>`.
  let modelDigest: String
  /// The engine that made the table: program version and kernel build.
  let engine: (version: String, kernels: String)
  private let provenance: Provenance

  /// - Parameters:
  ///   - weights: what to look for weights with; nil for the usual places, or the built-in weights where the table
  ///     was made with those.
  /// - Throws: exit code 3 when the table cannot be read or does not say how it was made from a recording.
  init(ofTable path: FilePath, weights: String?, jobs: Int?) throws(RunnerError) {
    let reading = StatementReader(path, try Provenance(ofTable: path))
    provenance = reading.provenance
    if provenance.entries.isEmpty {
      throw reading.refuses("holds no provenance, so nothing says how it was made", "write tables with metadata")
    }
    let configuration = try reading.configuration()
    guard configuration["embedding_model"] != nil else {
      throw reading.refuses("was made from a table of embeddings, not from a recording", "verify that table")
    }
    input = try reading.text("input")
    inputDigest = try reading.text("input_sha256")
    modelDigest = try reading.text("model_sha256")
    engine = (try reading.text("version"), try reading.text("kernels"))
    var options = try reading.options(configuration)
    options.jobs = jobs
    options.weights = weights ?? Self.builtIn(modelDigest)
    settings = try GenerateSettings(options)
    switch try reading.text("format") {
    case "perch-runner embeddings 1":
      kind = .embeddings
      columns = Self.columns(settings.layout.columns(dimension: try reading.size("embedding_dim")))
    case "perch-runner events 1":
      let scores = try StatedScores(reading, configuration)
      kind = .events(scores)
      columns = EventTableWriter.columns(hasTags: scores.haveTags)
    case "perch-runner distances 1":
      let queries = try StatedQueries(reading, configuration)
      kind = .distances(queries)
      columns = Self.columns(
        settings.layout.columns(
          dimension: try reading.size("embedding_dim"), hasEmbeddings: queries.choices.hasEmbeddings,
          distances: queries.columns))
    case let other:
      throw reading.refuses("is of the format '\(other)'", "give a table of generate, classify or distance")
    }
  }

  /// Vectors that are written as text are read as vectors.
  private static func columns(_ written: [Column]) -> [Column] {
    written.map { $0.type == .text && $0.name == "embeddings" ? Column($0.name, .floats) : $0 }
  }

  /// `seeded:<model>` for a digest that says so.
  private static func builtIn(_ digest: String) -> String? {
    let words = digest.split(separator: ":")
    return words.count == 3 && words[0] == "seeded" ? "seeded:\(words[1])" : nil
  }

  /// What else the table says of its recording, checked when that has been read.
  func statement(_ key: String) -> String? { provenance[key] }
}

/// Reads the provenance of one table.
struct StatementReader {
  let path: FilePath
  let provenance: Provenance

  init(_ path: FilePath, _ provenance: Provenance) {
    self.path = path
    self.provenance = provenance
  }

  func refuses(_ cause: String, _ remedy: String = "make the table again") -> RunnerError {
    RunnerError(path.string, cause, remedy: remedy, exit: .input)
  }

  func text(_ key: String) throws(RunnerError) -> String {
    guard let text = provenance[key] else { throw refuses("its provenance has no \(key)") }
    return text
  }

  /// A number of values in a row.
  func size(_ key: String) throws(RunnerError) -> Int {
    guard let size = Int(try text(key)), (1...1 << 16).contains(size) else { throw unclear(key) }
    return size
  }

  func configuration() throws(RunnerError) -> [String: JSONValue] {
    guard let members = (try? JSONValue(parsing: Array(try text("config_json").utf8)))?.object else {
      throw unclear("config_json")
    }
    return members
  }

  func unclear(_ key: String) -> RunnerError { refuses("its \(key) cannot be understood") }

  func options(_ configuration: [String: JSONValue]) throws(RunnerError) -> GenerateOptions {
    var options = GenerateOptions()
    options.model = configuration["embedding_model"]?.string.flatMap(ModelName.init(rawValue:))
    guard let hop = configuration["hop_length_seconds"]?.number, WindowHop(seconds: hop) != nil else {
      throw unclear("hop_length_seconds")
    }
    options.hop = hop
    options.tail = try choice("tail", configuration)
    options.compat = try choice("compat", configuration)
    options.precision = try choice("precision", configuration)
    options.normalization = try choice("normalization", configuration)
    // Events have none.
    if configuration["layout"] != nil { options.layout = try choice("layout", configuration) }
    guard let channel = configuration["channel"]?.string.flatMap(ChannelChoice.init(text:)) else {
      throw unclear("channel")
    }
    options.channel = channel
    guard options.compat != .reference || options.tail == .drop else { throw unclear("tail") }
    return options
  }

  private func choice<Choice: RawRepresentable<String>>(
    _ key: String, _ configuration: [String: JSONValue]
  ) throws(RunnerError) -> Choice {
    guard let choice = configuration[key]?.string.flatMap(Choice.init(rawValue:)) else { throw unclear(key) }
    return choice
  }
}
