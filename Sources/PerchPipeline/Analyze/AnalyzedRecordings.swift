import PerchCore
import SystemPackage

/// A recording and what its rows say of it.
struct AnalyzedRecording: Equatable, Sendable {
  let input: FilePath
  /// Path below the source.
  let relative: FilePath
  /// The text of the column `source`.
  let source: String
  /// What the Acoustic Workbench calls it, where that is known.
  let id: String?
}

/// The recordings of a run, in the order of their rows.
struct AnalyzedRecordings: Sendable {
  let all: [AnalyzedRecording]
  /// Whether a folder was named: one bad recording then does not end the work.
  let isFolder: Bool
  let notes: [Note]

  /// - Throws: exit code 3 when there is no recording, 2 when their sources would not tell them apart.
  init(_ settings: AnalyzeSettings) throws(RunnerError) {
    let root = settings.source
    isFolder = (try? root.stat().type) == .directory
    var notes: [Note] = []
    let found: [(FilePath, FilePath)]
    if isFolder {
      found = try Self.relativePaths(settings, &notes).map { (root.pushing($0), $0) }
    } else {
      found = [(root, FilePath(root.lastComponent?.string ?? root.string))]
    }
    let mapping = try SourceMapping(settings.options)
    if found.count > 1, mapping.template != nil, !mapping.metadata.hasPattern {
      throw RunnerError(
        root.string, "the source template gives all \(found.count) recordings one source",
        remedy: "give file_metadata_pattern, which tells them apart by their names", exit: .usage)
    }
    var all: [AnalyzedRecording] = []
    for (input, relative) in found {
      let words = mapping.metadata.words(ofFile: relative.lastComponent?.string ?? "")
      all.append(
        AnalyzedRecording(
          input: input, relative: relative, source: try mapping.source(of: relative.string, words: words),
          id: words[FileMetadata.recordingID]))
    }
    // By Unicode scalars, as Python sorts, whatever their normal form.
    self.all = all.sorted { $0.source.utf8.lexicographicallyPrecedes($1.source.utf8) }
    self.notes = notes
    try checkSources()
  }

  private static func relativePaths(
    _ settings: AnalyzeSettings, _ notes: inout [Note]
  ) throws(RunnerError) -> [FilePath] {
    let recordings = try Recordings.recordings(below: settings.source)
    let wanted: [FilePath]
    if let glob = settings.glob {
      wanted = glob.matches(among: recordings)
    } else {
      let depth = recordings.map(\.components.count).min() ?? 0
      wanted = recordings.filter { $0.components.count == depth }
      if wanted.count < recordings.count {
        notes.append(
          Note(
            .warning, settings.source.string,
            "\(recordings.count - wanted.count) in deeper folders are left out; --file_glob takes them in"
          ))
      }
    }
    guard !wanted.isEmpty else {
      throw RunnerError(
        settings.source.string,
        settings.glob == nil ? "holds no recordings" : "holds no recordings of that pattern",
        remedy: "check --source and --file_glob", exit: .input)
    }
    return wanted
  }

  private func checkSources() throws(RunnerError) {
    for (one, other) in zip(all, all.dropFirst()) where one.source == other.source {
      throw RunnerError(
        one.source, "would be the source of both \(one.relative) and \(other.relative)",
        remedy: "correct the source template or file_metadata_pattern", exit: .usage)
    }
  }
}
