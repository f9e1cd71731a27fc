import PerchCore
import SystemPackage

#if Hoplite
  import FoundationEssentials
  import GRDB
#endif

/// What the SQLite part of a perch-hoplite database says (google-research/perch-hoplite,
/// `db/sqlite_usearch_impl.py`).
package struct HopliteDatabase: Sendable {
  package struct Window: Sendable {
    /// Its key in `usearch.index`.
    package let id: Int64
    /// Index of its recording in `recordings`.
    package let recording: Int
    /// Seconds.
    package let start: Double
    package let end: Double
  }

  /// Texts for the column `source`: the file's name, behind that of its deployment where two recordings share it.
  package private(set) var recordings: [String] = []
  /// In the order of recordings, then of time.
  package private(set) var windows: [Window] = []
  /// JSON text: which model made the vectors.
  package private(set) var modelConfiguration: String?

  /// Reads `hoplite.sqlite`.
  package init(_ path: FilePath) throws(HopliteFault) {
    #if Hoplite
      // SQLite would create an empty database, or say less.
      do { _ = try MappedFile(path) } catch { throw .unreadable(error) }
      do {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: Self.address(path), configuration: configuration)
        try queue.read { database in try read(database) }
      } catch let fault as HopliteFault {
        throw fault
      } catch let error as DatabaseError {
        throw .database(error.message ?? "error \(error.resultCode.rawValue)")
      } catch {
        throw .database("\(error)")
      }
    #else
      throw .left
    #endif
  }
}

#if Hoplite
  extension HopliteDatabase {
    /// A database without a log of changes is read as it stands: nothing is created beside it.
    private static func address(_ path: FilePath) -> String {
      let log = try? MappedFile(FilePath(path.string + "-wal"))
      if let log, log.size > 0 { return path.string }
      var text = "file:"
      for byte in path.string.utf8 {
        switch byte {
        case UInt8(ascii: "?"): text += "%3f"
        case UInt8(ascii: "#"): text += "%23"
        case UInt8(ascii: "%"): text += "%25"
        default: text.unicodeScalars.append(Unicode.Scalar(byte))
        }
      }
      return path.string.utf8.allSatisfy { $0 < 0x80 } ? text + "?immutable=1" : path.string
    }

    private mutating func read(_ database: Database) throws {
      modelConfiguration = try String.fetchOne(
        database, sql: "SELECT value FROM hoplite_metadata WHERE key = 'model_config'")
      let indices = try readRecordings(database)
      let rows = try Row.fetchCursor(database, sql: "SELECT id, recording_id, offsets FROM windows")
      while let row = try rows.next() {
        guard let id = row["id"] as Int64?, let owner = row["recording_id"] as Int64?,
          let offsets = row["offsets"] as Data?, let recording = indices[owner],
          let times = Self.times([UInt8](offsets))
        else { throw HopliteFault.damaged("a window of hoplite.sqlite has no recording or no times") }
        windows.append(Window(id: id, recording: recording, start: times.start, end: times.end))
      }
      windows.sort { ($0.recording, $0.start, $0.id) < ($1.recording, $1.start, $1.id) }
    }

    /// Fills `recordings` in the order of their texts; returns the index of each id.
    private mutating func readRecordings(_ database: Database) throws -> [Int64: Int] {
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT recordings.id AS id, filename, deployments.name AS deployment FROM recordings
          LEFT JOIN deployments ON deployments.id = recordings.deployment_id
          """)
      var found: [(id: Int64, name: String, deployment: String?)] = []
      for row in rows {
        guard let id = row["id"] as Int64?, let name = row["filename"] as String? else {
          throw HopliteFault.damaged("a recording of hoplite.sqlite has no name")
        }
        found.append((id, name, row["deployment"] as String?))
      }
      let uses = Dictionary(grouping: found, by: \.name).mapValues(\.count)
      let texts = found.map { recording in
        uses[recording.name] ?? 0 > 1
          ? "\(recording.deployment ?? "\(recording.id)")/\(recording.name)" : recording.name
      }
      let order = found.indices.sorted { (texts[$0], found[$0].id) < (texts[$1], found[$1].id) }
      recordings = order.map { texts[$0] }
      var indices: [Int64: Int] = [:]
      for (index, place) in order.enumerated() { indices[found[place].id] = index }
      return indices
    }

    /// Two little-endian doubles: start and end in seconds.
    private static func times(_ bytes: [UInt8]) -> (start: Double, end: Double)? {
      guard bytes.count == 16 else { return nil }
      func number(_ from: Int) -> Double {
        Double(bitPattern: (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[from + $1]) << UInt64(8 * $1) })
      }
      let (start, end) = (number(0), number(8))
      return start.isFinite && end.isFinite ? (start, end) : nil
    }
  }
#endif
