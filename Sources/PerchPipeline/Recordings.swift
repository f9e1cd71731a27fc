import FoundationEssentials
import PerchCore
import SystemPackage

/// One recording and the table that is made from it.
package struct RecordingTask: Equatable, Sendable {
  package let input: FilePath
  /// The text of the column `source`: the path below the folder asked for, or the file's name.
  package let source: String
  package let output: FilePath

  package init(input: FilePath, source: String, output: FilePath) {
    self.input = input
    self.source = source
    self.output = output
  }
}

/// Where tables go.
package enum Destination: Equatable, Sendable {
  case folder(FilePath)
  case file(FilePath)
}

/// What a command was asked to work on.
package struct Recordings: Equatable, Sendable {
  /// As it was asked for.
  let name: String
  package let tasks: [RecordingTask]
  /// Whether several were asked for, as with a folder: one bad recording then does not end the work.
  package let isFolder: Bool
  /// Where the report on several goes.
  let folder: FilePath

  /// File names that are taken for recordings in a folder. A file named by the user is judged by its content.
  static let extensions: Set<String> = ["wav", "flac", "mp3", "ogg", "opus", "aif", "aiff", "w64"]

  /// The recordings that `input` stands for: itself, or everything below a folder in the order of the
  /// paths. Hidden files are left out; links to files are followed, links to folders are not.
  ///
  /// - Parameters:
  ///   - kind: what the tables hold, as in `embeddings`: output names are `<stem>.<kind>.<ending>`.
  ///   - ending: the file name extension of the tables.
  /// - Throws: exit code 3 when there is no such input or no recording in it, 2 when two recordings
  ///   would have one output or a folder is to go into one file.
  package init(_ input: String, to destination: Destination, kind: String, ending: String) throws(RunnerError) {
    name = input
    let path = FilePath(input)
    if case .folder(let folder) = destination { self.folder = folder } else { folder = "" }
    do { isFolder = try path.stat().type == .directory } catch {
      throw RunnerError(
        input, "cannot be read: \(error)", remedy: "check the path and its permissions", exit: .input)
    }
    switch (isFolder, destination) {
    case (true, .file(let file)):
      throw RunnerError(
        file.string, "one file cannot hold the tables of a folder", remedy: "name a folder for the output",
        exit: .usage)
    case (false, .file(let file)):
      tasks = [RecordingTask(input: path, source: path.lastComponent?.string ?? input, output: file)]
    case (false, .folder(let folder)):
      tasks = [
        RecordingTask(
          input: path, source: path.lastComponent?.string ?? input,
          output: folder.appending(Self.outputName(path, kind, ending)))
      ]
    case (true, .folder(let folder)):
      tasks = try Self.recordings(below: path).map { relative in
        RecordingTask(
          input: path.pushing(relative), source: relative.string,
          output: folder.pushing(relative.removingLastComponent()).appending(
            Self.outputName(relative, kind, ending)))
      }
      try Self.check(tasks, in: input)
    }
  }

  /// Of a list of recordings, wherever they are.
  ///
  /// - Parameters:
  ///   - name: the list, for messages.
  ///   - folder: where the report goes.
  /// - Throws: exit code 3 when there are none, 2 when two would have one output.
  init(_ name: String, tasks: [RecordingTask], folder: FilePath) throws(RunnerError) {
    try Self.check(tasks, in: name)
    self.name = name
    self.tasks = tasks
    self.folder = folder
    isFolder = true
  }

  /// `<stem>.<kind>.<ending>`
  static func outputName(_ recording: FilePath, _ kind: String, _ ending: String) -> String {
    "\(recording.stem ?? "recording").\(kind).\(ending)"
  }

  private static func check(_ tasks: [RecordingTask], in folder: String) throws(RunnerError) {
    if tasks.isEmpty {
      throw RunnerError(
        folder, "holds no recordings (\(extensions.sorted().joined(separator: ", ")))",
        remedy: "name another folder, or the file itself", exit: .input)
    }
    try checkDistinct(tasks, "table") { [$0.output] }
  }

  /// - Parameter what: what the files are, for the message.
  /// - Throws: exit code 2 when two recordings would have one file.
  static func checkDistinct(
    _ tasks: [RecordingTask], _ what: String, _ files: (RecordingTask) -> [FilePath]
  ) throws(RunnerError) {
    var owners: [FilePath: String] = [:]
    for task in tasks {
      for file in files(task) {
        guard let other = owners.updateValue(task.source, forKey: file) else { continue }
        throw RunnerError(
          file.string, "would be the \(what) of both \(other) and \(task.source)",
          remedy: "rename one of the two", exit: .usage)
      }
    }
  }

  /// Relative paths of the recordings below `folder`, sorted.
  static func recordings(below folder: FilePath) throws(RunnerError) -> [FilePath] {
    try below(folder, where: isRecording)
  }

  /// Relative paths of the wanted files below `folder`, sorted. Hidden ones are left out.
  ///
  /// - Parameter isWanted: is given the path and the part of it below `folder`.
  static func below(
    _ folder: FilePath, where isWanted: (_ path: FilePath, _ name: FilePath) -> Bool
  ) throws(RunnerError) -> [FilePath] {
    var found: [FilePath] = []
    var open = [FilePath("")]
    while let relative = open.popLast() {
      let path = folder.pushing(relative)
      let names: [String]
      do { names = try FileManager.default.contentsOfDirectory(atPath: path.string) } catch {
        throw RunnerError(
          path.string, "the folder cannot be listed", remedy: "check its permissions", exit: .input)
      }
      for name in names where !name.hasPrefix(".") {
        let child = relative.appending(name)
        let type = try? folder.pushing(child).stat(followTargetSymlink: false).type
        if type == .directory {
          open.append(child)
        } else if isWanted(folder.pushing(child), child) {
          found.append(child)
        }
      }
    }
    return found.sorted { $0.string < $1.string }
  }

  private static func isRecording(_ path: FilePath, _ name: FilePath) -> Bool {
    guard let ending = name.extension, extensions.contains(ending.lowercased()) else { return false }
    // A link whose target is gone is kept, so that it is reported and not silently left out.
    guard let status = try? path.stat() else { return true }
    return status.type == .regular
  }
}
