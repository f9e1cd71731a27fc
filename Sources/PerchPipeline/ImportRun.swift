import FoundationEssentials
import PerchCore
import PerchHoplite
import PerchTables
import SystemPackage

/// `import`: the embeddings of a perch-hoplite database as a table.
package struct ImportRun: Sendable {
  private let format: TableFormat
  private let layout: EmbeddingLayout
  private let metadata: MetadataPlacement
  private let observer: Observer

  package init(
    format: TableFormat, layout: EmbeddingLayout, metadata: MetadataPlacement, observer: Observer
  ) {
    self.format = format
    self.layout = layout
    self.metadata = metadata
    self.observer = observer
  }

  /// Reads the folder `database` and writes `<its name>.embeddings.<format>` into `folder`.
  ///
  /// - Throws: exit code 3 for what is wrong with the database, 6 when the table cannot be written.
  package func run(_ database: String, to folder: FilePath) throws(RunnerError) {
    let path = FilePath(database)
    let created = try CreationTime.text()
    let vectors: UsearchVectors
    let said: HopliteDatabase
    do throws(HopliteFault) {
      vectors = try UsearchVectors(path.appending("usearch.index"))
      said = try HopliteDatabase(path.appending("hoplite.sqlite"))
    } catch {
      throw RunnerError(error, database: path)
    }
    report(said, vectors, path)
    let name = path.lastComponent?.string ?? "hoplite"
    var table = try EmbeddingTableWriter(
      path: folder.appending("\(name).embeddings.\(format.rawValue)"), format: format, layout: layout,
      metadata: metadata, dimension: vectors.dimension)
    for window in said.windows {
      guard let key = UInt64(exactly: window.id), let slot = vectors.slots[key] else { continue }
      if Task.isCancelled { throw .interrupted }
      let vector = vectors.vector(slot)
      guard vector.allSatisfy(\.isFinite) else {
        throw RunnerError(
          database, "the vector of window \(window.id) is not finite", remedy: "embed that recording again",
          exit: .input)
      }
      try table.append(
        source: said.recordings[window.recording], channel: 0, start: window.start, end: window.end,
        embedding: vector)
    }
    try table.finish(provenance(said, vectors, name: name, created: created))
  }

  /// Windows and vectors that have no counterpart, the first of them by their numbers.
  private func report(_ said: HopliteDatabase, _ vectors: UsearchVectors, _ path: FilePath) {
    let ids = Set(said.windows.map(\.id))
    let without = said.windows.map(\.id).filter { id in UInt64(exactly: id).map { vectors.slots[$0] == nil } ?? true
    }
    let lost = vectors.slots.keys.filter { key in Int64(exactly: key).map { !ids.contains($0) } ?? true }
    for (text, numbers) in [
      ("windows without a vector", without.sorted().map(String.init)),
      ("vectors without a window", lost.sorted().map(String.init)),
    ] where !numbers.isEmpty {
      let first = numbers.prefix(10).joined(separator: ", ")
      observer.note(Note(.warning, path.string, "\(numbers.count) \(text) left out: \(first)"))
    }
  }

  private func provenance(
    _ said: HopliteDatabase, _ vectors: UsearchVectors, name: String, created: String
  ) -> Provenance {
    var provenance = Provenance()
    provenance.set("format", "perch-runner embeddings 1")
    provenance.set("version", programVersion)
    let model = said.modelConfiguration.flatMap { try? JSONDecoder().decode(Model.self, from: Data($0.utf8)) }
    if let key = model?.model_key, let known = ModelName(rawValue: key) {
      provenance.set("model", "\(known.rawValue) (perch-hoplite)")
    }
    provenance.set("embedding_dim", "\(vectors.dimension)")
    provenance.set(
      "embedding_encoding", format == .csv || layout == .serialized ? "base64 float32 little-endian" : "float32")
    if let rate = model?.model_config?.sample_rate { provenance.set("sample_rate", "\(rate)") }
    if let window = model?.model_config?.window_size_s { provenance.set("window_seconds", "\(window)") }
    if let hop = model?.model_config?.hop_size_s { provenance.set("hop_seconds", "\(hop)") }
    provenance.set("created", created)
    provenance.set("config_json", JSONText.object(["import": .string("perch-hoplite"), "database": .string(name)]))
    return provenance
  }

  /// What is looked at in the database's `model_config`, in its words.
  private struct Model: Decodable {
    struct Settings: Decodable {
      let window_size_s: Double?
      let hop_size_s: Double?
      let sample_rate: Int?
    }
    let model_key: String?
    let model_config: Settings?
  }
}
