import Foundation
import PerchCore
import PerchHoplite
import PerchPipeline
import PerchTables
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// A database that Golden/make_database.py wrote with usearch itself; what it holds is said there.
@Suite final class ImportTests: Sendable {
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  private var database: URL { folder.appending(path: "database") }

  init() throws {
    let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/database")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: golden, to: database)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private let notes = Mutex<[Note]>([])

  private func importDatabase() throws {
    let observer = Observer(
      note: { [self] note in notes.withLock { $0.append(note) } }, progress: { _ in }, failure: { _ in })
    try ImportRun(format: .parquet, layout: .list, metadata: .header, observer: observer)
      .run(database.path, to: FilePath(folder.appending(path: "out").path))
  }

  private static func vector(_ key: Int) -> [Float] { (0..<8).map { Float(key * 8 + $0) / 64 } }

  @Test func rowsAreThoseOfTheDatabase() throws {
    try importDatabase()
    var reader = try EmbeddingTableReader(FilePath(folder.appending(path: "out/database.embeddings.parquet").path))
    var rows: [EmbeddingRow] = []
    while let row = try reader.next() { rows.append(row) }
    let expected: [(String, Double, Int)] = [
      ("a.wav", 0, 3), ("a.wav", 5, 4), ("north/b.wav", 0, 2), ("north/b.wav", 5, 1), ("south/b.wav", 0, 5),
      ("south/b.wav", 10, 7),
    ]
    #expect(rows.map(\.source) == expected.map(\.0))
    #expect(rows.map(\.start) == expected.map(\.1))
    #expect(rows.map(\.end) == expected.map { $0.1 + 5 })
    #expect(rows.map(\.embedding) == expected.map { Self.vector($0.2) })
    #expect(reader.provenance["model"] == "perch_v2 (perch-hoplite)")
    #expect(reader.provenance["embedding_dim"] == "8")
    #expect(
      notes.withLock { $0.map(\.text) } == [
        "1 windows without a vector left out: 6", "1 vectors without a window left out: 9",
      ])
    // SQLite keeps nothing of its own beside the database.
    let files = try FileManager.default.contentsOfDirectory(atPath: database.path).sorted()
    #expect(files == ["hoplite.sqlite", "usearch.index"])
  }

  @Test func everyCutOfTheVectorsIsRefused() throws {
    let file = database.appending(path: "usearch.index")
    let whole = try Data(contentsOf: file)
    for count in stride(from: 0, to: whole.count, by: 3) {
      try whole.prefix(count).write(to: file)
      let error = #expect(throws: RunnerError.self) { try self.importDatabase() }
      #expect(error?.exit == .input)
    }
    #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "out").path))
  }

  /// Whatever a byte becomes, the import ends with rows or with an error line.
  @Test func damagedBytesDoNotCrash() throws {
    let file = database.appending(path: "usearch.index")
    let whole = try Data(contentsOf: file)
    var refused = 0
    for place in 0..<whole.count {
      var bytes = whole
      bytes[bytes.startIndex + place] ^= 0xFF
      try bytes.write(to: file)
      do { try importDatabase() } catch let error as RunnerError {
        #expect(error.exit == .input)
        refused += 1
      }
    }
    #expect(refused > 40)
  }

  struct Case: Sendable {
    let remove: String?
    let replace: String?
    let line: String
  }

  @Test(arguments: [
    Case(
      remove: "usearch.index", replace: nil,
      line: "no such file; name a folder with hoplite.sqlite and usearch.index"),
    Case(
      remove: "hoplite.sqlite", replace: nil,
      line: "no such file; name a folder with hoplite.sqlite and usearch.index"),
    Case(
      remove: nil, replace: "hoplite.sqlite",
      line: "hoplite.sqlite: file is not a database; "
        + "copy the whole folder again, with hoplite.sqlite-wal where there is one"),
    Case(
      remove: nil, replace: "usearch.index",
      line: "usearch.index ends early; copy the whole folder again, with hoplite.sqlite-wal where there is one"),
  ])
  func errorLines(_ test: Case) throws {
    if let name = test.remove { try FileManager.default.removeItem(at: database.appending(path: name)) }
    if let name = test.replace {
      try Data("nonsense, which is no such file at all".utf8).write(to: database.appending(path: name))
    }
    let error = #expect(throws: RunnerError.self) { try self.importDatabase() }
    #expect(error?.description == "error: \(database.path): \(test.line)")
    #expect(error?.exit == .input)
  }
}
