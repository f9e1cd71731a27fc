/// Which columns of a table hold what, found by their names: our tables, those of perch-runner's
/// Python versions (`analyze`, and the older `generate`), and what users made of them.
struct EmbeddingColumns {
  enum Vectors {
    /// One column: a list, or Base64 text.
    case whole(Int)
    /// A column for each value.
    case spread([Int])
  }

  let source: Int?
  let channel: Int?
  let start: Int
  let end: Int?
  let distance: Int?
  let vectors: Vectors
  /// Whether these are the columns of the older CSV tables, whose rows may be shifted by one
  /// (`EmbeddingPayload.Shifted`).
  let mayBeShifted: Bool

  private static let known: Set<String> = [
    "source", "channel", "source_separation_channel", "start", "end", "offset", "distance",
    "audio_recording_id",
  ]

  init(names: [String]) throws(TableFault) {
    if names.contains("label") && names.contains("score") {
      throw .notEmbeddings("holds labels and scores, not embeddings")
    }
    guard let start = names.firstIndex(of: "start") ?? names.firstIndex(of: "offset") else {
      throw .notEmbeddings("has neither a column 'start' nor 'offset'")
    }
    self.start = start
    source = names.firstIndex(of: "source")
    channel = names.firstIndex(of: "channel")
    end = names.firstIndex(of: "end")
    distance = names.firstIndex(of: "distance")
    mayBeShifted = names == ["channel", "offset", "embeddings"]
    if let whole = names.firstIndex(of: "embedding") ?? names.firstIndex(of: "embeddings") {
      vectors = .whole(whole)
    } else {
      // The index that pandas may have written is no number of an embedding.
      let spread = names.indices.filter {
        !EmbeddingColumns.known.contains(names[$0]) && !names[$0].hasPrefix("__index_level_")
      }
      if spread.isEmpty { throw .notEmbeddings("has no column of embeddings") }
      vectors = .spread(spread)
    }
  }
}

/// A row as its format gives it, before what the table does not say is filled in.
struct RawEmbedding {
  var source: String?
  var channel: Int32 = 0
  var start = 0.0
  var end: Double?
  var distance: Double?
  var vector: [Float] = []
  /// Whether `start` has passed through half precision.
  var hasHalfStart = false
}

/// A table format's way from bytes to rows.
protocol EmbeddingSource: Sendable {
  /// Reads the next row; false at the end of the table.
  mutating func next(into row: inout RawEmbedding) throws(TableFault) -> Bool
}
