import PerchCore
import SystemPackage

/// Clips in a folder for each label. `A,B` holds clips of both labels, `-A` clips without A of which nothing
/// else is known: the naming rules of BirdNET-Analyzer.
enum FolderLayout {
  static func read(_ folder: String) throws(RunnerError) -> LabelledData {
    var data = LabelledData(layout: .folders, rows: [])
    var loose = 0
    for relative in try Recordings.recordings(below: FilePath(folder)) {
      let parts = relative.components
      guard parts.count > 1, let first = parts.first else {
        loose += 1
        continue
      }
      data.recordings[relative.string] = FilePath(folder).pushing(relative).string
      data.rows += rows(source: relative.string, folder: first.string)
    }
    if loose > 0 {
      data.notes.append(
        Note(.warning, folder, "\(loose) recordings stand in no label's folder and are left out"))
    }
    return data
  }

  private static func rows(source: String, folder: String) -> [LabelRow] {
    if folder.hasPrefix("-") {
      return [
        LabelRow(
          source: source, extent: .whole, label: LabelRow.normalized(String(folder.dropFirst())), value: 0,
          isAboutOneLabel: true, origin: source)
      ]
    }
    return folder.split(separator: ",").map { name in
      LabelRow(source: source, extent: .whole, label: LabelRow.normalized(String(name)), origin: source)
    }
  }
}
