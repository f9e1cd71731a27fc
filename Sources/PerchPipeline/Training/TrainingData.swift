import FoundationEssentials
import PerchCore
import PerchTables
import SystemPackage

extension LabelledData {
  /// The rows of whatever `path` is: a folder of folders, a table, or a folder of tables.
  ///
  /// - Throws: exit 3 when it is none of them.
  init(_ path: String, layout forced: DataLayout?, labelColumn: String?) throws(RunnerError) {
    let isFolder: Bool
    do { isFolder = try FilePath(path).stat().type == .directory } catch {
      throw .training(path, "cannot be read: \(error)", "check the path and its permissions")
    }
    let tables = isFolder ? Self.textFiles(in: path) : [path]
    var layout = forced
    if layout == nil { layout = try Self.recognize(path, isFolder: isFolder, tables: tables) }
    switch layout ?? .folders {
    case .folders:
      guard isFolder else {
        throw .training(path, "is a file, not a folder of folders", "name a folder, or leave out --data-layout")
      }
      self = try FolderLayout.read(path)
    case .csv:
      guard !isFolder else {
        throw .training(path, "is a folder, not a table of labels", "name the table, or leave out --data-layout")
      }
      self = try TableLayout(path, labelColumn: labelColumn).clips()
    case .raven: self = try RavenLayout.read(tables, labelColumn: labelColumn)
    case .audacity: self = try AudacityLayout.read(tables)
    }
    if rows.isEmpty {
      throw .training(
        path, "holds no labels",
        "give a folder with a folder of clips for each label, a table of labels or selection tables")
    }
  }

  private static func recognize(
    _ path: String, isFolder: Bool, tables: [String]
  ) throws(RunnerError) -> DataLayout {
    if isFolder {
      let hasClips = try Recordings.recordings(below: FilePath(path)).contains { $0.components.count > 1 }
      if hasClips || tables.isEmpty { return .folders }
    } else if path.lowercased().hasSuffix(".csv") {
      return .csv
    }
    guard let first = tables.first else { return .folders }
    return RavenLayout.isRaven(try TextTable(FilePath(first), separator: .tab)) ? .raven : .audacity
  }

  private static func textFiles(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.lowercased().hasSuffix(".txt") && !$0.hasPrefix(".") }
      .sorted { $0.precedes($1) }
      .map { FilePath(folder).appending($0).string }
  }
}
