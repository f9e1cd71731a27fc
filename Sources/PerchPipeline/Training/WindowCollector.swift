import PerchCore
import PerchRecognition
import PerchTensor

/// Collects the windows to train on with their embeddings, in any order, and gives them in one order.
struct WindowCollector {
  private(set) var windows: [LabelledWindow] = []
  private(set) var embeddings: [[Float]] = []
  private(set) var paddedClips = 0
  private var places: [Key: Int] = [:]

  private struct Key: Hashable {
    let source: String
    let channel: Int32
    let start: Double
  }

  /// - Throws: exit code 3 for a second, other embedding of a window, or one of another length.
  mutating func add(
    _ window: LabelledWindow, _ embedding: [Float], isPadded: Bool = false, from subject: String
  ) throws(RunnerError) {
    let key = Key(source: window.source, channel: window.channel, start: window.start)
    if let dimension = embeddings.first?.count, embedding.count != dimension {
      throw .training(
        subject, "has embeddings of \(embedding.count) values, others have \(dimension)",
        "use the embeddings of one model")
    }
    if let place = places[key] {
      if embeddings[place] == embedding { return }
      throw .training(
        subject, "\(window.source) channel \(window.channel) at \(window.start) s has two different embeddings",
        "keep the table of one run")
    }
    places[key] = windows.count
    windows.append(window)
    embeddings.append(embedding)
    if isPadded { paddedClips += 1 }
  }

  /// Puts the windows into the order of source, channel and start, in which everything is computed.
  mutating func sort() {
    let order = windows.indices.sorted { a, b in
      let (x, y) = (windows[a], windows[b])
      if x.source != y.source { return x.source.precedes(y.source) }
      return (x.channel, x.start) < (y.channel, y.start)
    }
    windows = order.map { windows[$0] }
    embeddings = order.map { embeddings[$0] }
  }

  /// The embeddings in one matrix; they are then no longer here.
  mutating func takeMatrix() -> RowMatrix {
    let matrix = RowMatrix(rows: embeddings.count, columns: embeddings.first?.count ?? 0)
    for (row, embedding) in embeddings.enumerated() { matrix.set(row: row, embedding) }
    embeddings = []
    return matrix
  }
}
