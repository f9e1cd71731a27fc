import PerchCore
import PerchRecognition

extension Digest {
  /// SHA-256 over the windows in their order with what is known of each label, and the bytes of their
  /// embeddings: equal for equal training data, whatever the files and the order it came in.
  static func sha256(_ set: TrainingSet) -> String {
    // Digests of the parts, so that the embeddings need not be copied as a whole.
    var text = "\(set.objective.rawValue)\n\(set.labels.joined(separator: "\u{1F}"))\n"
    for (row, window) in set.windows.enumerated() {
      text += "\(window.source)\u{1F}\(window.channel)\u{1F}\(window.start)\u{1F}\(window.group)"
      for k in set.labels.indices {
        let state = set.state(row, k)
        text += "\u{1F}\(state.value)\u{1E}\(state.weight)"
      }
      text += "\n"
    }
    var parts = Digest.sha256(Array(text.utf8))
    for start in stride(from: 0, to: set.windows.count, by: 1024) {
      var bytes: [UInt8] = []
      for row in start..<min(start + 1024, set.windows.count) {
        bytes += set.embeddings.bytes(row: row)
      }
      parts += Digest.sha256(bytes)
    }
    return Digest.sha256(Array(parts.utf8))
  }
}
