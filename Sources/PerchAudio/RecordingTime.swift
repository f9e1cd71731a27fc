/// When a recording began, and where that was read. Never needed for an embedding: notes of a recorder
/// that cannot be read are passed over.
package struct RecordingTime: Equatable, Sendable {
  package enum Source: String, CaseIterable, Sendable {
    case guano
    case broadcastExtension = "bext"
    case audioMoth = "audiomoth comment"
    case frontierLabs = "flac tag"
    case fileName = "file name"
  }

  /// ISO 8601. Without a zone where none is known: that is not UTC.
  package let text: String
  package let source: Source

  /// The first of the sources, in their order of trust, that names a time.
  init?(path: String, _ tags: RecorderTags) {
    let found: (CivilTime, Source)? =
      tags.guano.flatMap(guanoTime).map { ($0, .guano) }
      ?? tags.broadcastExtension.flatMap(broadcastTime).map { ($0, .broadcastExtension) }
      ?? tags.comment.flatMap(audioMothTime).map { ($0, .audioMoth) }
      ?? frontierLabsTime(tags.vorbisComments).map { ($0, .frontierLabs) }
      ?? fileNameTime(path).map { ($0, .fileName) }
    guard let found else { return nil }
    text = found.0.description
    source = found.1
  }
}
