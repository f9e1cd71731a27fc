import FoundationEssentials
import PerchCore
import PerchTables
import SystemPackage

/// One ledger of the reports of all shards, which accounts for every input once or is not written.
package struct ReportMerge {
  /// Of all rows.
  package let counts: (done: Int, skipped: Int, failed: Int)
  package let microsecondsIn: Int
  package let microsecondsOut: Int
  package let inputs: Int

  private let rows: [BatchRow]

  private struct Part {
    let path: FilePath
    let shard: Shard
    let rows: [BatchRow]
  }

  /// - Parameter paths: the reports of all shards, or the output folder that holds them.
  /// - Throws: exit code 3 when one is missing or damaged, when an input is in none, in two or in the wrong one,
  ///   and when the shards were not given the same inputs.
  package init(_ paths: [String]) throws(RunnerError) {
    let parts = try Self.parts(paths)
    try Self.checkShards(parts)
    try Self.checkEnded(parts)
    var rows: [BatchRow] = []
    var owners: [String: FilePath] = [:]
    for part in parts {
      for row in part.rows {
        guard part.shard.holds(row.source) else {
          throw Self.refused(
            part.path, "\(row.source) belongs to another shard", "name the reports of one run, unchanged")
        }
        if let other = owners.updateValue(part.path, forKey: row.key) {
          throw Self.refused(
            part.path, "\(row.source) is in \(other) too", "name the reports of one run, unchanged")
        }
      }
      rows += part.rows
    }
    try Self.checkInputs(parts, rows)
    self.rows = rows.sorted { ($0.source, $0.output) < ($1.source, $1.output) }
    inputs = rows.count
    counts = (
      rows.count { $0.status == .done }, rows.count { $0.status == .skipped }, rows.count { $0.status == .failed }
    )
    microsecondsIn = rows.reduce(0) { $0 + $1.sound.microsecondsIn }
    microsecondsOut = rows.reduce(0) { $0 + $1.sound.microsecondsOut }
  }

  /// Writes the ledger, its rows in the order of their sources.
  package func write(to path: FilePath) throws(RunnerError) {
    var report = try AtomicFile(path)
    try report.write(BatchRow.header)
    for row in rows { try report.write(row.line) }
    try report.commit()
  }

  /// What the ledger says in all, in one line.
  package var summary: String {
    "\(inputs) inputs: \(counts.done) done, \(counts.skipped) skipped, \(counts.failed) failed; seconds of sound: "
      + "\(Microseconds(microsecondsIn).text) in, \(Microseconds(microsecondsOut).text) out, "
      + "\(Microseconds(microsecondsIn - microsecondsOut).text) lost"
  }

  private static func parts(_ paths: [String]) throws(RunnerError) -> [Part] {
    var files: [FilePath] = []
    for text in paths {
      let path = FilePath(text)
      guard (try? path.stat().type) == .directory else {
        files.append(path)
        continue
      }
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: text) else {
        throw refused(path, "the folder cannot be listed", "check its permissions")
      }
      let reports = names.filter { shard(ofName: $0) != nil }
      if reports.isEmpty {
        throw refused(path, "holds no report of a shard", "name the output folder of 'batch --shard'")
      }
      files += reports.sorted().map { path.appending($0) }
    }
    var parts: [Part] = []
    for file in files {
      guard let shard = shard(ofName: file.lastComponent?.string ?? "") else {
        throw refused(
          file, "is not named as the report of a shard is", "name files such as batch-report.1-of-4.csv")
      }
      parts.append(Part(path: file, shard: shard, rows: try BatchReport.rows(of: file)))
    }
    return parts.sorted { $0.shard.index < $1.shard.index }
  }

  /// From `batch-report.3-of-8.csv`.
  private static func shard(ofName name: String) -> Shard? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "batch-report", parts[2] == "csv" else { return nil }
    let numbers = parts[1].split(separator: "-", omittingEmptySubsequences: false)
    guard numbers.count == 3, numbers[1] == "of", let shard = Shard("\(numbers[0])/\(numbers[2])"),
      shard.text == parts[1]
    else { return nil }
    return shard
  }

  private static func checkShards(_ parts: [Part]) throws(RunnerError) {
    guard let first = parts.first else {
      throw refused("batch report", "no reports are named", "name the output folder of 'batch --shard'")
    }
    for (one, other) in zip(parts, parts.dropFirst()) where one.shard.count != other.shard.count {
      throw refused(
        other.path, "is of another number of shards than \(one.path)", "name the reports of one run")
    }
    for (one, other) in zip(parts, parts.dropFirst()) where one.shard == other.shard {
      throw refused(other.path, "is of the same shard as \(one.path)", "name each report once")
    }
    let there = Set(parts.map(\.shard.index))
    let missing = (1...first.shard.count).filter { !there.contains($0) }
    guard missing.isEmpty else {
      let list = missing.prefix(10).map(String.init).joined(separator: ", ") + (missing.count > 10 ? " …" : "")
      throw refused(
        first.path.removingLastComponent(),
        "has no report of \(missing.count) of \(first.shard.count) shards: \(list)",
        "run them, then merge again")
    }
  }

  /// A journal stands where a run is at work, or was killed after an earlier one had written its report.
  private static func checkEnded(_ parts: [Part]) throws(RunnerError) {
    for part in parts {
      let files = BatchFiles(folder: part.path.removingLastComponent(), shard: part.shard)
      if (try? files.journal.stat()) == nil { continue }
      throw refused(
        part.path, "is of an earlier run than the last, which has not ended",
        "run shard \(part.shard.index) again, or wait for it, then merge again")
    }
  }

  /// Every shard wrote down, in its lock file, how many inputs there are in all.
  private static func checkInputs(_ parts: [Part], _ rows: [BatchRow]) throws(RunnerError) {
    var known: (summary: BatchSummary, path: FilePath)?
    for part in parts {
      let lock = BatchFiles(folder: part.path.removingLastComponent(), shard: part.shard).lock
      guard let text = try? TextFile.read(lock.string, kind: "lock"), let summary = BatchSummary(lockFile: text)
      else { continue }
      if let known, known.summary != summary {
        throw refused(
          part.path, "was given other inputs than \(known.path)", "run all shards again over the same recordings")
      }
      known = (summary, part.path)
    }
    if let known, known.summary != BatchSummary(sources: rows.map(\.source)) {
      throw refused(
        known.path, "the shards account for \(rows.count) inputs, of \(known.summary.inputs)",
        "run all shards again over the same recordings")
    }
  }

  private static func refused(_ path: FilePath, _ cause: String, _ remedy: String) -> RunnerError {
    RunnerError(path.string, cause, remedy: remedy, exit: .input)
  }
}
