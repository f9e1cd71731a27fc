import Glibc
import PerchCore
import PerchTables
import SystemPackage

/// Accounts for every input of a batch.
///
/// A row is appended to a journal the moment a recording ends, so that a kill loses none; the report is made of
/// them when the run ends, in the order of the list and all at once. What earlier runs said, in a report or in the
/// journal of a killed one, is read at the start: the row of an output that is found done is taken from there.
struct BatchLedger: ~Copyable {
  private let files: BatchFiles
  private let earlier: [String: BatchRow]
  private let journal: FileDescriptor
  private var journalSize: Int64
  /// The lines so far, and where in them that of each task lies.
  private var lines: [UInt8] = []
  private var places: [Range<Int>?]
  private(set) var counts = Counts()

  struct Counts {
    var done = 0
    var skipped = 0
    var failed = 0
  }

  /// - Throws: exit code 6 when the journal cannot be written.
  init(_ files: BatchFiles, taskCount: Int) throws(RunnerError) {
    // The journal is the younger one of the two.
    var earlier: [String: BatchRow] = [:]
    for path in [files.report, files.journal] {
      for row in BatchReport.rows(ofPossible: path) { earlier[row.key] = row }
    }
    let (journal, size) = try Self.open(files.journal)
    self.files = files
    self.earlier = earlier
    self.journal = journal
    journalSize = size
    places = Array(repeating: nil, count: taskCount)
  }

  /// Returns the journal and its size; a new one has the header line.
  private static func open(_ path: FilePath) throws(RunnerError) -> (FileDescriptor, Int64) {
    do {
      let journal = try FileDescriptor.open(
        path, .readWrite, options: [.create, .append, .noFollow, .closeOnExec],
        permissions: FilePermissions(rawValue: 0o666))
      do {
        if try journal.seek(offset: 0, from: .end) == 0 { try journal.writeAll(BatchRow.header.utf8) }
        return (journal, try journal.seek(offset: 0, from: .end))
      } catch {
        try? journal.close()
        throw error
      }
    } catch { throw OutputFault.describe(path, error as? Errno ?? .ioError) }
  }

  deinit { try? journal.close() }

  /// What an earlier run said of an output that it made.
  func earlierRow(of task: RecordingTask) -> BatchRow? {
    guard let row = earlier[BatchRow.key(task.source, task.output.string)], row.status != .failed else {
      return nil
    }
    return row
  }

  /// - Parameter index: of the task, in the list.
  mutating func add(_ row: BatchRow, at index: Int) throws(RunnerError) {
    keep(row, at: index)
    try append(Array(row.line.utf8))
  }

  private mutating func keep(_ row: BatchRow, at index: Int) {
    switch row.status {
    case .done: counts.done += 1
    case .skipped: counts.skipped += 1
    case .failed: counts.failed += 1
    }
    let start = lines.count
    lines += row.line.utf8
    places[index] = start..<lines.count
  }

  /// A line is in the journal whole or not at all, also when the disk is full.
  private mutating func append(_ line: [UInt8]) throws(RunnerError) {
    do { try journal.writeAll(line) } catch {
      _ = ftruncate(journal.rawValue, off_t(journalSize))
      throw OutputFault.describe(files.journal, error as? Errno ?? .ioError)
    }
    journalSize += Int64(line.count)
  }

  /// Writes the report, after which no journal is needed.
  ///
  /// - Parameters:
  ///   - tasks: all of the list.
  ///   - cause: why the run ended before all of them; nil when it did not. Those that were not come to are failures
  ///     too: a report has a row for every input.
  mutating func close(_ tasks: [RecordingTask], endedBy cause: RunnerError?) throws(RunnerError) {
    for (index, task) in tasks.enumerated() where places[index] == nil {
      let reason = cause.map { "not reached: the run ended before, with \($0.subject): \($0.cause)" }
      keep(
        BatchRow(
          task, .failed, exit: cause?.exit ?? .internalFault, message: (reason ?? "not reached").printable,
          sound: SoundAccount(microsecondsIn: 0, losses: [])),
        at: index)
    }
    var report = try AtomicFile(files.report)
    try report.write(BatchRow.header)
    for place in places {
      if let place { try report.write(Array(lines[place])) }
    }
    try report.commit()
    OutputFolder.remove(files.journal)
  }
}

/// Reads what `BatchLedger` writes.
enum BatchReport {
  /// The rows of a report that may be missing, damaged or of an older form; nothing is then known.
  static func rows(ofPossible path: FilePath) -> [BatchRow] {
    guard (try? path.stat()) != nil, let table = try? TextTable(path, separator: .comma) else { return [] }
    return table.lines.compactMap { BatchRow(fields: $0) }
  }

  /// - Throws: exit code 3 when it is no report.
  static func rows(of path: FilePath) throws(RunnerError) -> [BatchRow] {
    let table = try TextTable(path, separator: .comma)
    func refused(_ cause: String) -> RunnerError {
      RunnerError(path.string, cause, remedy: "name reports that 'batch' wrote", exit: .input)
    }
    guard table.lines.first == BatchRow.columns else { throw refused("is no report of a batch") }
    var rows: [BatchRow] = []
    for (number, fields) in table.lines.enumerated().dropFirst() {
      guard let row = BatchRow(fields: fields) else {
        throw refused("row \(number) is damaged, or its seconds do not add up")
      }
      rows.append(row)
    }
    return rows
  }
}
