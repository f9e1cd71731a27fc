import PerchAudio
import PerchCore
import PerchTables
import SystemPackage

/// What recordings and tables are compared with: the embedding of one clip.
package struct Query: Equatable, Sendable {
  /// Name of the file, with the row where a file holds several.
  package let name: String
  /// SHA-256 of the file.
  package let digest: String
  package let embedding: [Float]
  /// What made the embedding, as `perch_8 (v8)`, and its digest; nil where the file does not say.
  package let model: String?
  package let modelDigest: String?
}

/// How the clip is found in a query's recording.
package struct QueryChoices: Equatable, Sendable {
  /// Channel of the clip, from 0; nil takes the first.
  package var channel: Int?
  /// Seconds to the clip in a longer recording; nil when the recording is the clip.
  package var start: Double?

  package init() {}

  /// - Throws: exit code 2 for values out of range.
  package func check() throws(RunnerError) {
    if let channel, channel < 0 {
      throw RunnerError(
        "--query-channel", "\(channel) is not a channel", remedy: "count channels from 0", exit: .usage)
    }
    if let start, !(0...1e9).contains(start) {
      throw RunnerError(
        "--query-start", "\(start) s is not a time in a recording", remedy: "give seconds from its start",
        exit: .usage)
    }
  }
}

/// Reads queries: clips, which need a model, and tables and matrices, which do not.
struct QueryReader {
  let choices: QueryChoices
  let engine: EngineLoader
  let observer: Observer

  /// - Parameter several: whether a file may hold more than one query.
  /// - Throws: exit code 3 when a file is no query, or two of them are not of one size.
  func read(_ paths: [String], several: Bool) throws(RunnerError) -> [Query] {
    var queries: [Query] = []
    for path in paths {
      let found = try read(path)
      guard several || found.count == 1 else {
        throw RunnerError(
          path, "holds \(found.count) embeddings, a query is one", remedy: "give a table with one row", exit: .input
        )
      }
      queries += found
    }
    for query in queries where query.embedding.count != queries[0].embedding.count {
      throw RunnerError(
        query.name, "has \(query.embedding.count) values, \(queries[0].name) has \(queries[0].embedding.count)",
        remedy: "give queries of one model", exit: .input)
    }
    return queries
  }

  private func read(_ path: String) throws(RunnerError) -> [Query] {
    let file = FilePath(path)
    let queries =
      if NumpyMatrix.isAt(file) {
        try matrix(file)
      } else if TableFormat.ofEmbeddings(at: file) != nil {
        try table(file)
      } else {
        [try clip(file)]
      }
    for query in queries {
      guard query.embedding.allSatisfy(\.isFinite), query.embedding.contains(where: { $0 != 0 }) else {
        throw RunnerError(
          query.name, "its embedding is zero or not finite, so nothing can be compared with it",
          remedy: "give another query", exit: .input)
      }
    }
    return queries
  }

  private func digest(_ file: FilePath) throws(RunnerError) -> String {
    do { return try Digest.sha256(file: file) } catch {
      throw RunnerError(
        file.string, "cannot be read for its digest: \(error)", remedy: "check the disk", exit: .input)
    }
  }

  // MARK: - Tables

  private func matrix(_ file: FilePath) throws(RunnerError) -> [Query] {
    let matrix = try NumpyMatrix(file)
    let digest = try digest(file)
    try checkCount(matrix.rows, file)
    return (0..<matrix.rows).map { row in
      Query(
        name: name(file, row: row, of: matrix.rows), digest: digest, embedding: matrix.row(row), model: nil,
        modelDigest: nil)
    }
  }

  private func table(_ file: FilePath) throws(RunnerError) -> [Query] {
    var reader = try EmbeddingTableReader(file)
    var embeddings: [[Float]] = []
    while let row = try reader.next() {
      embeddings.append(row.embedding)
      if embeddings.count > Self.maximumCount { break }
    }
    try checkCount(embeddings.count, file)
    let digest = try digest(file)
    return embeddings.enumerated().map { row, embedding in
      Query(
        name: name(file, row: row, of: embeddings.count), digest: digest, embedding: embedding,
        model: reader.provenance["model"], modelDigest: reader.provenance["model_sha256"])
    }
  }

  /// Queries are held in memory, and so is what is found for each.
  private static let maximumCount = 10_000

  private func checkCount(_ count: Int, _ file: FilePath) throws(RunnerError) {
    if count > 0 && count <= Self.maximumCount { return }
    throw RunnerError(
      file.string, count == 0 ? "holds no embedding" : "holds more than \(Self.maximumCount) queries",
      remedy: "give a table with one row for each query", exit: .input)
  }

  private func name(_ file: FilePath, row: Int, of count: Int) -> String {
    let name = file.lastComponent?.string ?? file.string
    return count == 1 ? name : "\(name):\(row)"
  }

  // MARK: - Clips

  /// Seconds that a clip may have: cutting and MP3 add or lose some samples.
  private static let clipSeconds = 4.9...5.1

  private func clip(_ file: FilePath) throws(RunnerError) -> Query {
    // Refused before weights are looked for.
    var reader = try WindowReader(path: file.string, settings: ReadingSettings())
    let engine = try engine.load()
    var reading = ReadingSettings(self.engine.settings, model: engine.facts)
    reading.compat = .none
    reading.tail = .drop
    reading.hop = .window
    reading.channel = choices.channel.map { .index($0) } ?? .first
    var wanted = 0
    if let start = choices.start, let hop = WindowHop(seconds: start) {
      // The second window of this hop begins where the clip does.
      reading.hop = hop
      wanted = 1
    }
    reader = try WindowReader(path: file.string, settings: reading)
    let samples = try window(wanted, of: &reader, file)
    reader.notes.forEach(observer.note)
    var embedding = try engine.workers[0].embedding(of: samples.span, size: engine.facts.embeddingSize)
    self.engine.settings.precision.round(&embedding)
    return try Query(
      name: file.lastComponent?.string ?? file.string, digest: digest(file), embedding: embedding,
      model: "\(engine.facts.name) (\(engine.facts.edition))", modelDigest: engine.facts.digestText)
  }

  /// Reads to the end of the recording, for only there its length is known.
  private func window(
    _ wanted: Int, of reader: inout WindowReader, _ file: FilePath
  ) throws(RunnerError) -> [Float] {
    var samples = [Float](repeating: 0, count: 160_000)
    var clip: [Float]?
    var index = 0
    var isTooLong = false
    while true {
      var span = samples.mutableSpan
      guard let position = try reader.next(into: &span) else { break }
      if index == wanted { clip = samples }
      index += 1
      // Far beyond a clip there is no need to read on.
      isTooLong = choices.start == nil && position.endSeconds > 60
      if isTooLong || (choices.start != nil && clip != nil) { break }
    }
    let seconds = reader.secondsDecoded
    if choices.start != nil {
      if let clip { return clip }
      throw RunnerError(
        file.string, "no 5 s of sound begin at \(choices.start ?? 0) s of \(seconds) s",
        remedy: "give an earlier --query-start",
        exit: .input)
    }
    guard let clip, !isTooLong, Self.clipSeconds.contains(seconds) else {
      throw RunnerError(
        file.string, "is \(isTooLong ? "longer than 60.0" : "\(seconds)") s long, a query is 5 s",
        remedy: "cut it to 5 s or say with --query-start where they begin", exit: .input)
    }
    if seconds != 5 {
      observer.note(
        Note(
          .warning, file.string,
          "is \(seconds) s long; " + (seconds > 5 ? "the end is left out" : "zeros are put around it")))
    }
    return clip
  }
}

/// Loads the model when the first recording needs it, and once.
final class EngineLoader {
  let settings: GenerateSettings
  private let observer: Observer
  private var engine: EmbeddingEngine?

  /// - Parameter engine: one that has been loaded before.
  init(_ settings: GenerateSettings, observer: Observer, engine: EmbeddingEngine? = nil) {
    self.settings = settings
    self.observer = observer
    self.engine = engine
  }

  func load() throws(RunnerError) -> EmbeddingEngine {
    if let engine { return engine }
    let loaded = try EmbeddingEngine(settings, note: observer.note)
    engine = loaded
    return loaded
  }
}

extension Query {
  /// - Parameters:
  ///   - subject: the table or recording that is compared with this.
  ///   - dimension: values of its embeddings.
  ///   - note: is told when they may be of another model.
  /// - Throws: exit code 3 when the two cannot be compared.
  func checkComparable(
    to subject: String, dimension: Int, model: String?, modelDigest: String?, note: (Note) -> Void
  ) throws(RunnerError) {
    guard dimension == embedding.count else {
      throw RunnerError(
        subject, "has embeddings of \(dimension) values, the query \(name) of \(embedding.count)",
        remedy: "compare embeddings of one model", exit: .input)
    }
    if let model, let own = self.model, Self.name(model) != Self.name(own) {
      throw RunnerError(
        subject, "has embeddings of \(model), the query \(name) of \(own)",
        remedy: "compare embeddings of one model",
        exit: .input)
    }
    if let modelDigest, let own = self.modelDigest, modelDigest != own {
      note(Note(.warning, subject, "its embeddings are of other weights than those of the query \(name)"))
    }
  }

  /// Without the edition.
  private static func name(_ model: String) -> Substring { model.split(separator: " ").first ?? "" }
}
