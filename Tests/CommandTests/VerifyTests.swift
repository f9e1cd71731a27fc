import Foundation
import PerchCore
import PerchTables
import SystemPackage
import Testing

/// `verify` on tables of all kinds: right ones, ones with a fault, and ones that cannot be proved.
@Suite struct VerifyTests {
  private let folder: TemporaryFolder
  private static let weights = "--weights seeded:perch_8"

  init() throws {
    folder = try TemporaryFolder()
    // Three windows, the last of them padded.
    try folder.write(ToneFile.wav(seconds: 13), to: "night.wav")
  }

  private func verify(_ arguments: String) throws -> Program.Outcome { try folder.run("verify -q \(arguments)") }

  /// The lines of a table as text.
  private func lines(_ name: String) throws -> [String] {
    String(decoding: try folder.read(name), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func change(_ name: String, _ body: (inout [String]) throws -> Void) throws {
    var lines = try lines(name)
    try body(&lines)
    try folder.write(lines.joined(separator: "\n") + "\n", to: name)
  }

  private func expectWrong(_ table: String, _ cause: String, _ options: String = "--root .") throws {
    let outcome = try verify("\(options) \(table)")
    #expect(outcome.output == "WRONG: \(table): \(cause)\n")
    #expect(outcome.errors == "error: \(table): \(cause); make the table again\n")
    #expect(outcome.exit == 3)
  }

  // MARK: Right tables

  private static let commands = [
    "generate -q \(weights) night.wav out", "generate -q \(weights) -F csv night.wav out",
    "generate -q \(weights) --layout columns night.wav out",
    "generate -q \(weights) -F csv --layout columns night.wav out",
    "generate -q \(weights) --layout serialized night.wav out",
    "generate -q \(weights) -F csv --layout serialized night.wav out",
    "generate -q \(weights) --precision float16 --tail drop --normalization peak --hop 2.5 night.wav out",
    "generate -q \(weights) -F csv --metadata sidecar night.wav out",
    "generate -q \(weights) --compat reference night.wav out",
    "classify -q \(weights) --min-score none night.wav out",
    "classify -q \(weights) -F parquet --min-score -3.5 --top 40 --logit-transform 0.5,-1 night.wav out",
    "classify -q \(weights) -c koala.yml --threshold none night.wav out",
    "distance -q \(weights) night.wav call.wav out",
    "distance -q \(weights) -F csv --layout columns --reduce mean night.wav call.wav other.wav out",
    "distance -q \(weights) --no-embeddings --top 2 night.wav call.wav out",
    "distance -q \(weights) --query-start 2.5 night.wav night.wav out",
  ]

  @Test(arguments: commands) func tablesAsTheyWereWrittenAreRight(_ command: String) throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "call.wav")
    try folder.write(ToneFile.wav(seconds: 5, rate: 22_050), to: "other.wav")
    try writeRecognizer()
    try folder.make(command)
    let table = try #require(folder.files.first { $0.hasPrefix("out/night.") && !$0.hasSuffix(".json") })
    let windows = command.contains("--top 2") || command.contains("--tail drop") ? nil : 3
    let outcome = try verify("--root . -c koala.yml \(table)")
    #expect(outcome.errors == "")
    #expect(outcome.exit == 0)
    let line = outcome.output
    #expect(line.hasPrefix("right: \(table): ") && line.hasSuffix(" windows equal to the last bit\n"))
    if let windows, !command.contains("reference") { #expect(line.contains(": \(windows) of \(windows) windows")) }
  }

  /// A linear recognizer of 1280 values with one label.
  private func writeRecognizer() throws {
    var beta = Data()
    for index in 0..<1280 {
      let value: Float = index % 7 == 3 ? 0.25 : -0.015625
      withUnsafeBytes(of: value.bitPattern.littleEndian) { beta.append(contentsOf: $0) }
    }
    try folder.write(
      #"{"name":"koala","classes":["Koala"],"beta":"\#(beta.base64EncodedString())","beta_bias":"AAAAPw=="}"#,
      to: "koala.json")
    try folder.write("classifiers:\n  - model_file: koala.json\n", to: "koala.yml")
  }

  @Test func soManyWindowsAsAskedForAreComputed() throws {
    try folder.make("generate -q \(Self.weights) --hop 1 night.wav out")
    let outcome = try verify("--windows 2 --root . out/night.embeddings.parquet")
    #expect(outcome.output == "right: out/night.embeddings.parquet: 2 of 9 windows equal to the last bit\n")
  }

  /// One window is wrong: which seeds find it tells which window they choose.
  @Test func theSeedDecidesWhichWindowsAreComputed() throws {
    try folder.make("generate -q \(Self.weights) -F csv night.wav out")
    let table = "out/night.embeddings.csv"
    try change(table) { lines in
      lines[lines.count - 2] = try Self.withElement(lines[lines.count - 2], at: 0) { $0 + 1 }.line
    }
    var found: [Bool] = []
    for seed in 0..<12 { found.append(try verify("--windows 1 --seed \(seed) --root . \(table)").exit == 3) }
    #expect(found.contains(true) && found.contains(false))
    for seed in 0..<12 {
      #expect(try verify("--windows 1 --seed \(seed) --root . \(table)").exit == (found[seed] ? 3 : 0))
    }
  }

  /// The recording is found below a root that mirrors the table's folders, beside the table, and where it is named.
  @Test func theRecordingIsFound() throws {
    try folder.write(try folder.read("night.wav"), to: "site/a/night.wav")
    try folder.make("generate -q \(Self.weights) site out")
    let table = "out/a/night.embeddings.parquet"
    #expect(try verify("--root site \(table)").exit == 0)
    #expect(try verify("--input night.wav \(table)").exit == 0)
    let absent =
      "error: \(table): the recording 'a/night.wav' is neither below --root nor beside the table; "
      + "name it with --input, or its folder with --root\n"
    #expect(try verify(table).errors == absent)
    try folder.write(try folder.read("night.wav"), to: "out/a/night.wav")
    #expect(try verify(table).exit == 0)
  }

  // MARK: Wrong tables

  /// A line of a table in CSV whose last field is a vector, with another value of one element.
  private static func withElement(
    _ line: String, at index: Int, _ change: (Float) -> Float
  ) throws -> (line: String, before: Float, after: Float) {
    var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let payload = try #require(fields.last)
    var bytes = try #require(Data(base64Encoded: payload))
    let place = index * 4..<index * 4 + 4
    let bits = bytes[place].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let before = Float(bitPattern: bits)
    let after = change(before)
    for byte in 0..<4 { bytes[place.lowerBound + byte] = UInt8(truncatingIfNeeded: after.bitPattern >> (8 * byte)) }
    fields[fields.count - 1] = bytes.base64EncodedString()
    return (fields.joined(separator: ","), before, after)
  }

  @Test(arguments: [0, 17, 1279]) func oneBitOfOneElement(_ element: Int) throws {
    try folder.make("generate -q \(Self.weights) -F csv night.wav out")
    let table = "out/night.embeddings.csv"
    var changed: (line: String, before: Float, after: Float) = ("", 0, 0)
    try change(table) { lines in
      changed = try Self.withElement(lines[lines.count - 2], at: element) { Float(bitPattern: $0.bitPattern ^ 1) }
      lines[lines.count - 2] = changed.line
    }
    try expectWrong(
      table,
      "the window at 5.0 s, channel 0: element \(element) is \(changed.after), its recording gives \(changed.before)"
    )
  }

  @Test func oneBitOfOneElementInParquet() throws {
    try folder.make("generate -q \(Self.weights) night.wav out")
    let path = FilePath(folder.path("out/night.embeddings.parquet"))
    var reader = try EmbeddingTableReader(path)
    var rows: [EmbeddingRow] = []
    while let row = try reader.next() { rows.append(row) }
    var writer = try EmbeddingTableWriter(path: path, format: .parquet, dimension: 1280)
    var texts = ("", "")
    for (index, row) in rows.enumerated() {
      var vector = row.embedding
      if index == 2 {
        vector[640] = Float(bitPattern: vector[640].bitPattern ^ 1)
        texts = ("\(vector[640])", "\(row.embedding[640])")
      }
      try writer.append(
        source: row.source, channel: row.channel, start: row.start, end: row.end, embedding: vector)
    }
    try writer.finish(reader.provenance)
    try expectWrong(
      "out/night.embeddings.parquet",
      "the window at 10.0 s, channel 0: element 640 is \(texts.0), its recording gives \(texts.1)")
  }

  @Test func aScoreOrADistance() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "call.wav")
    try folder.make("classify -q \(Self.weights) --min-score none --top 1 night.wav out")
    try folder.make("distance -q \(Self.weights) -F csv --no-embeddings night.wav call.wav out")
    var score = ("", "", "")
    try change("out/night.classifications.csv") { lines in
      var fields = lines[lines.count - 1].split(separator: ",").map(String.init)
      score = (fields[6], fields[7], "\(try #require(Float(fields[7])).nextUp)")
      fields[7] = score.2
      lines[lines.count - 1] = fields.joined(separator: ",")
    }
    try expectWrong(
      "out/night.classifications.csv",
      "the window at 10.0 s, channel 0: event '\(score.0)' \(score.2) of perch_8, "
        + "its recording gives '\(score.0)' \(score.1) of perch_8")
    var distance = ("", "")
    try change("out/night.distances.csv") { lines in
      var fields = lines[lines.count - 1].split(separator: ",").map(String.init)
      distance = (fields[5], "\(try #require(Double(fields[5])).nextUp)")
      fields[5] = distance.1
      lines[lines.count - 1] = fields.joined(separator: ",")
    }
    try expectWrong(
      "out/night.distances.csv",
      "the window at 10.0 s, channel 0: distance is \(distance.1), its recording gives \(distance.0)")
  }

  struct Fault: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// What is put in place of what in the table's text.
    let change: (String, String)
    let cause: String
  }

  private static let faults = [
    Fault(
      testDescription: "another source", change: ("\nnight.wav,0,0,5.0", "\nday.wav,0,0,5.0"),
      cause: "row 2 is of 'day.wav', not of 'night.wav'"),
    Fault(
      testDescription: "another end", change: (",10.0,13.0,", ",10.0,15.0,"),
      cause: "row 3 ends at 15.0 s, its window at 13.0 s"),
    Fault(
      testDescription: "another start", change: (",5.0,10.0,", ",6.0,10.0,"),
      cause: "no row is of the window at 5.0 s, channel 0"),
    Fault(
      testDescription: "a channel that is not read", change: ("\nnight.wav,0,0,0.0", "\nnight.wav,1,0,0.0"),
      cause: "no row is of the window at 0.0 s, channel 0"),
    Fault(
      testDescription: "another duration",
      change: ("# input_duration_seconds: 13.0", "# input_duration_seconds: 12.0"),
      cause: "says input_duration_seconds 12.0, the recording 13.0"),
  ]

  @Test(arguments: faults) func rowsThatAreNotOfTheRecording(_ fault: Fault) throws {
    try folder.make("generate -q \(Self.weights) -F csv night.wav out")
    let table = "out/night.embeddings.csv"
    let text = String(decoding: try folder.read(table), as: UTF8.self)
    try folder.write(text.replacingOccurrences(of: fault.change.0, with: fault.change.1), to: table)
    try expectWrong(table, fault.cause)
  }

  @Test func rowsThatAreMissingOrTooMany() throws {
    try folder.make("generate -q \(Self.weights) -F csv night.wav out")
    let table = "out/night.embeddings.csv"
    let whole = try lines(table)
    func write(_ lines: [String]) throws { try folder.write(lines.joined(separator: "\n") + "\n", to: table) }
    try write(whole.dropLast())
    try expectWrong(table, "no row is of the window at 10.0 s, channel 0")
    try write(whole + [whole[whole.count - 1].replacingOccurrences(of: ",10.0,13.0,", with: ",15.0,20.0,")])
    try expectWrong(table, "row 4 is of 15.0 s, channel 0, where no window of the recording is due")
    try write(whole + [whole[whole.count - 1]])
    try expectWrong(table, "2 rows are of the window at 10.0 s, channel 0")
    try folder.make("classify -q \(Self.weights) --min-score none --top 2 night.wav out")
    try change("out/night.classifications.csv") { $0.removeLast() }
    try expectWrong(
      "out/night.classifications.csv", "the window at 10.0 s, channel 0: 1 events, its recording gives 2")
  }

  // MARK: Another engine

  /// Made by other kernels, numbers may differ by the gate and no more.
  @Test(arguments: [(0.5e-4, true), (2e-4, false)])
  func anotherEngineMayBeOffByTheGate(_ part: Double, isRight: Bool) throws {
    try folder.make("generate -q \(Self.weights) -F csv night.wav out")
    let table = "out/night.embeddings.csv"
    var reader = try EmbeddingTableReader(FilePath(folder.path(table)))
    let first = try reader.next()
    let vector = try #require(first).embedding.map(Double.init)
    let rms = (vector.reduce(0) { $0 + $1 * $1 } / 1280).squareRoot()
    try change(table) { lines in
      lines[lines.count - 3] = try Self.withElement(lines[lines.count - 3], at: 5) { $0 + Float(part * rms) }.line
    }
    #expect(try verify("--root . \(table)").exit == 3)
    let provenance = try Provenance(ofTable: FilePath(folder.path(table)))
    let kernels = try #require(provenance["kernels"])
    try change(table) { lines in
      lines = lines.map { $0 == "# kernels: \(kernels)" ? "# kernels: another" : $0 }
    }
    let outcome = try verify("--root . \(table)")
    #expect(outcome.exit == (isRight ? 0 : 3))
    if isRight {
      #expect(
        outcome.output == "right: \(table): 3 of 3 windows within 0.0001 of the rms (made by \(programVersion) "
          + "with another, checked by \(programVersion) with \(kernels))\n")
    }
  }

  /// The same for events: a score may be off a little, an event may not be invented or left out.
  @Test func eventsOfAnotherEngine() throws {
    try folder.make("classify -q \(Self.weights) --min-score none --top 3 night.wav out")
    let table = "out/night.classifications.csv"
    try change(table) { lines in
      lines = lines.map { $0.hasPrefix("# kernels: ") ? "# kernels: another" : $0 }
    }
    let whole = try lines(table)
    #expect(try verify("--root . \(table)").exit == 0)
    func last(_ change: (inout [String]) -> Void) throws -> Int32 {
      var fields = whole[whole.count - 3].split(separator: ",").map(String.init)
      change(&fields)
      var lines = whole
      lines[lines.count - 3] = fields.joined(separator: ",")
      try folder.write(lines.joined(separator: "\n") + "\n", to: table)
      return try verify("--root . \(table)").exit
    }
    #expect(try last { $0[7] = "\((Float($0[7]) ?? 0) + 1e-5)" } == 0)
    #expect(try last { $0[7] = "\((Float($0[7]) ?? 0) + 1)" } == 3)
    #expect(try last { $0[6] = "no such label" } == 3)
    #expect(try last { $0[5] = "8000.0" } == 3)
    var lines = whole
    lines.remove(at: lines.count - 3)
    try folder.write(lines.joined(separator: "\n") + "\n", to: table)
    #expect(try verify("--root . \(table)").exit == 3)
  }
}
