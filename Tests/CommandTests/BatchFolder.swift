import Foundation

/// A folder in which `batch` works, and what it leaves there.
struct BatchFolder {
  let folder: TemporaryFolder
  let weights = ["--weights", "seeded:perch_8"]

  init() throws { folder = try TemporaryFolder() }

  /// A row of a report, as texts.
  struct Row {
    let source: String
    let status: String
    let exitCode: String
    let windows: String
    let message: String
    let secondsIn: String
    let secondsOut: String
    let losses: String
  }

  func batch(_ arguments: String...) throws -> Program.Outcome { try batch(arguments) }

  /// Seeded weights, no notes, the same `created` every time.
  func batch(_ arguments: [String], whileRunning: (Process) throws -> Void = { _ in }) throws -> Program.Outcome {
    let command = arguments.first ?? ""
    let options = command == "report" ? [] : ["-q"] + weights
    return try Program.run(
      ["batch", command] + options + arguments.dropFirst(), in: folder, environment: ["SOURCE_DATE_EPOCH": "0"],
      whileRunning: whileRunning)
  }

  func write(_ data: Data, to name: String) throws { try folder.write(data, to: name) }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.url.appending(path: name)) }

  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  /// When the file was last written.
  func changed(_ name: String) throws -> Date? {
    try FileManager.default.attributesOfItem(atPath: folder.url.appending(path: name).path)[.modificationDate]
      as? Date
  }

  /// Files below `name` that users see, sorted. `name` may be a disk of its own.
  func outputs(_ name: String) -> [String] {
    let root = folder.url.appending(path: name)
    let all = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    return all.filter { path in
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isFolder)
      return exists && !isFolder.boolValue && !path.split(separator: "/").contains { $0.hasPrefix(".") }
    }
    .map { "\(name)/\($0)" }.sorted()
  }

  func report(_ name: String) throws -> [Row] {
    try text(name).split(separator: "\n").dropFirst().map { line in
      let fields = Self.fields(line)
      return Row(
        source: fields[0], status: fields[2], exitCode: fields[3], windows: fields[5], message: fields[6],
        secondsIn: fields[7], secondsOut: fields[8], losses: fields[9])
    }
  }

  /// RFC 4180, a line at a time.
  private static func fields(_ line: Substring) -> [String] {
    var fields = [""]
    var isQuoted = false
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: fields.append("")
      default: fields[fields.count - 1].append(character)
      }
    }
    return fields
  }
}
