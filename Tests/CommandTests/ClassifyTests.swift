import Foundation
import PerchCore
import PerchTables
import SystemPackage
import TestSupport
import Testing

/// `classify` from the command line to the events.
@Suite struct ClassifyTests {
  private let folder: TemporaryFolder
  private static let weights = ["-q", "--weights", "seeded:perch_8"]
  static let header =
    "source,channel,start,end,low_frequency_hertz,high_frequency_hertz,label,score,recognizer"

  init() throws { folder = try TemporaryFolder() }

  private func classify(_ arguments: String..., environment: [String: String] = ["SOURCE_DATE_EPOCH": "0"]) throws
    -> Program.Outcome
  {
    try Program.run(["classify"] + arguments, in: folder, environment: environment)
  }

  private func events(_ name: String) throws -> [String] {
    let lines = try comments(name, false)
    #expect(lines.first == Self.header)
    return Array(lines.dropFirst())
  }

  private func comments(_ name: String, _ wanted: Bool = true) throws -> [String] {
    String(decoding: try folder.read(name), as: UTF8.self).split(separator: "\n").map(String.init)
      .filter { $0.hasPrefix("#") == wanted }
  }

  private func example(_ name: String) throws -> URL {
    try #require(TestFiles.shared).appending(path: "examples/\(name)")
  }

  // MARK: Tables of embeddings

  private static let tables = [
    ("audio.embeddings.csv", 3), ("audio.embeddings.parquet", 3), ("upstream.columns.csv", 2),
    ("upstream.columns.parquet", 2), ("upstream.serialized.csv", 2), ("upstream.serialized.parquet", 2),
    ("v1.columns.parquet", 2),
  ]

  @Test(.enabled(if: TestFiles.hasShared, "needs the shared reference data"), arguments: tables)
  func everyTableGivesTheEventsOfItsWindows(table: String, windows: Int) throws {
    try folder.write(Data(contentsOf: example("koala.json")), to: "koala.json")
    try folder.write("classifiers:\n  - model_file: koala.json", to: "c.yml")
    let outcome = try classify("-c", "c.yml", "--threshold", "none", try example(table).path, "out")
    #expect(outcome.errors == "")
    try #require(outcome.exit == 0)
    let got = try events("out/\(FilePath(table).stem ?? "").classifications.csv")
    let text = try String(contentsOf: example("audio.classifications.csv"), encoding: .utf8)
    var want = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.dropFirst().prefix(windows).map(
      String.init)
    // Only our own tables say how long the recording is; the two windows of the others are whole.
    #expect(got.count == windows)
    for (ours, theirs) in zip(got, want) {
      var (a, b) = (ours.split(separator: ","), theirs.split(separator: ","))
      let (x, y) = (try #require(Double(a.remove(at: 7))), try #require(Double(b.remove(at: 7))))
      #expect(abs(x - y) <= 1e-5)
      #expect(a == b)
    }
    want.removeAll()
  }

  @Test(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
  func theProvenanceIsThatOfTheExample() throws {
    try folder.write(Data(contentsOf: example("koala.json")), to: "koala.json")
    try folder.write("classifiers:\n  - model_file: koala.json", to: "c.yml")
    let input = try example("audio.embeddings.csv").path
    #expect(try classify("-c", "c.yml", "--threshold", "none", input, "out").exit == 0)
    let ours = try comments("out/audio.embeddings.classifications.csv")
    let theirs = try String(contentsOf: example("audio.classifications.csv"), encoding: .utf8)
      .split(separator: "\n").filter { $0.hasPrefix("#") }.map(String.init)
    func isOfItsTime(_ line: String) -> Bool {
      ["# version: ", "# created: ", "# config_json: "].contains { line.hasPrefix($0) }
    }
    #expect(ours.filter { !isOfItsTime($0) } == theirs.filter { !isOfItsTime($0) })
    #expect(ours.map { $0.prefix { $0 != ":" } } == theirs.map { $0.prefix { $0 != ":" } })
    let digest = "0ac0161001557a24364bdaf103add20e1ad9892ae121b5d6f5069162ed444548"
    #expect(
      ours.last
        == "# config_json: {\"classifiers\":[{\"name\":\"koala\",\"sha256\":\"\(digest)\",\"threshold\":[null]}],"
        + "\"precision\":\"float32\"}")
  }

  @Test(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
  func theConfigurationOfTheExampleWorks() throws {
    try folder.write(Data(contentsOf: example("koala.json")), to: "koala.json")
    try folder.write(Data(contentsOf: example("config-classify.yml")), to: "c.yml")
    let input = try example("audio.embeddings.parquet").path
    #expect(
      try classify("-c", "c.yml", "--event-format", "raven,audacity", "--event-format", "birdnet", input, "out")
        .exit == 0)
    let rows = try events("out/audio.embeddings.classifications.csv").map { $0.split(separator: ",") }
    // The first keeps what is not below 0, the second what is not below -0.5.
    #expect(
      rows.map { "\($0[2]) \($0[8])" } == [
        "0.0 koala_sensitive", "5.0 koala", "5.0 koala_sensitive", "10.0 koala_sensitive",
      ])
    #expect(
      folder.files.filter { $0.hasPrefix("out/") } == [
        "out/audio.embeddings.BirdNET.results.csv", "out/audio.embeddings.classifications.csv",
        "out/audio.embeddings.labels.txt", "out/audio.embeddings.selections.txt",
      ])
    let labels = String(decoding: try folder.read("out/audio.embeddings.labels.txt"), as: UTF8.self)
    #expect(labels.hasPrefix("0.000000\t5.000000\tKoala -0.285\n5.000000\t10.000000\tKoala 0.310\n"))
  }

  @Test(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
  func tagsBecomeAColumn() throws {
    try folder.write(Data(contentsOf: example("koala.json")), to: "koala.json")
    try folder.write(
      "classifiers:\n  - model_file: koala.json\n    tags: [marsupial, male]\n    name: k", to: "c.yml")
    let input = try example("audio.embeddings.csv").path
    #expect(try classify("-c", "c.yml", input, "out").exit == 0)
    let lines = try comments("out/audio.embeddings.classifications.csv", false)
    #expect(lines.first == Self.header + ",tags")
    #expect(lines.last?.hasSuffix(",k,marsupial|male") == true)
  }

  /// `save_empty: false` in the recognizer: no file where no score is kept.
  @Test func noEmptyTableWhereNoneIsWanted() throws {
    try folder.write("source,channel,offset,f0000\na.wav,0,0.0,1.0\n", to: "e.csv")
    try folder.write(
      #"{"name":"x","classes":["x"],"beta":"AACAPw==","beta_bias":"AAAAAA==","save_empty":false}"#, to: "x.json")
    try folder.write("classifiers:\n  - model_file: x.json", to: "c.yml")
    let arguments = ["classify", "-c", "c.yml", "--event-format", "raven", "e.csv", "out", "--threshold"]
    #expect(try Program.run(arguments + ["1.5"], in: folder).exit == 0)
    #expect(folder.files == ["c.yml", "e.csv", "x.json"])
    #expect(try Program.run(arguments + ["1"], in: folder).exit == 0)
    #expect(folder.files.filter { $0.hasPrefix("out") } == ["out/e.classifications.csv", "out/e.selections.txt"])
  }

  /// 1 + 2⁻¹² is no 16-bit float, so rounding shows.
  @Test func embeddingsOfATableAreRoundedWhenAsked() throws {
    try folder.write("source,channel,offset,f0000\na.wav,0,0.0,1.000244140625\n", to: "e.csv")
    try folder.write(
      #"{"name":"x","classes":["x"],"beta":"AACAPw==","beta_bias":"AAAAAA=="}"#, to: "x.json")
    try folder.write("classifiers:\n  - model_file: x.json", to: "c.yml")
    #expect(try classify("-c", "c.yml", "e.csv", "plain").exit == 0)
    #expect(try classify("-c", "c.yml", "--precision", "float16", "e.csv", "half").exit == 0)
    #expect(try events("plain/e.classifications.csv") == ["a.wav,0,0.0,5.0,0.0,16000.0,x,1.0002441,x"])
    #expect(try events("half/e.classifications.csv") == ["a.wav,0,0.0,5.0,0.0,16000.0,x,1.0,x"])
  }

  // MARK: Recordings

  /// A recognizer of two labels on embeddings of perch_8, with numbers that follow from their places.
  private func recognizer(_ name: String, size: Int = 1280, seed: Int) -> String {
    var data = Data()
    for place in 0..<size * 2 {
      let value = Float((place * 37 + seed * 101) % 256 - 128) / 1024
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    let bias = Data([0, 0, 0, 0, 0, 0, 0, 0]).base64EncodedString()
    return
      #"{"name":"\#(name)","classes":["x","y"],"beta":"\#(data.base64EncodedString())","beta_bias":"\#(bias)"}"#
  }

  /// One pass over the sound: what classify scores is what generate writes, for any number of recognizers and
  /// workers.
  @Test func aRecordingGivesTheEventsOfItsEmbeddings() throws {
    try folder.write(ToneFile.wav(seconds: 23, rate: 22_050, channels: 2), to: "a.wav")
    let list = (0..<5).map { recognizer("r\($0)", seed: $0) }.joined(separator: ",")
    try folder.write("[\(list)]", to: "five.json")
    try folder.write("classifiers:\n  - model_file: five.json", to: "c.yml")
    for jobs in ["1", "2", "5"] {
      let outcome = try Program.run(
        ["classify"] + Self.weights + [
          "-c", "c.yml", "--threshold", "none", "--channel", "all", "--hop", "2.5", "--jobs", jobs,
          "a.wav", jobs,
        ],
        in: folder, environment: ["SOURCE_DATE_EPOCH": "0"])
      #expect(outcome.errors == "")
      #expect(outcome.exit == 0)
    }
    let one = try folder.read("1/a.classifications.csv")
    #expect(try folder.read("2/a.classifications.csv") == one)
    #expect(try folder.read("5/a.classifications.csv") == one)
    let made = try Program.run(
      ["generate"] + Self.weights + ["--channel", "all", "--hop", "2.5", "a.wav", "g"], in: folder)
    #expect(made.exit == 0)
    #expect(try classify("-c", "c.yml", "--threshold", "none", "g/a.embeddings.parquet", "t").exit == 0)
    let events = try events("1/a.classifications.csv")
    #expect(try self.events("t/a.embeddings.classifications.csv") == events)
    // Starts 0, 2.5 … 17.5, after which less than 1 s is left; two channels, five recognizers, two labels.
    #expect(events.count == 8 * 2 * 5 * 2)
    #expect(events.first?.hasPrefix("a.wav,0,0.0,5.0,0.0,11025.0,x,") == true)
    #expect(events[10].hasPrefix("a.wav,1,0.0,5.0,0.0,11025.0,x,"))
    #expect(
      events.prefix(10).map { $0.split(separator: ",")[8] } == [
        "r0", "r0", "r1", "r1", "r2", "r2", "r3", "r3", "r4", "r4",
      ])
  }

  @Test func theModelsOwnClassesAreScored() throws {
    try folder.write(ToneFile.wav(seconds: 12), to: "a.wav")
    func run(_ arguments: String...) throws -> [[String]] {
      let outcome = try Program.run(
        ["classify"] + Self.weights + ["a.wav", "out"] + arguments, in: folder)
      #expect(outcome.errors == "")
      #expect(outcome.exit == 0)
      return try events("out/a.classifications.csv").map { $0.split(separator: ",").map(String.init) }
    }
    let ten = try run("--min-score", "none")
    #expect(ten.count == 30)
    #expect(ten.allSatisfy { $0[8] == "perch_8" })
    for window in 0..<3 {
      let scores = ten[window * 10..<(window + 1) * 10].compactMap { Float($0[7]) }
      #expect(scores == scores.sorted(by: >))
      #expect(scores.count == 10)
    }
    #expect(try run("--min-score", "none", "--top", "2").map(\.[6]) == [0, 1, 10, 11, 20, 21].map { ten[$0][6] })
    let floor = try #require(Float(ten[3][7]))
    #expect(try run("--min-score", "\(floor)", "--top", "99").allSatisfy { Float($0[7]) ?? 0 >= floor })
    let (second, fifth) = (ten[1][6], ten[4][6])
    #expect(try run("--species", "\(fifth.uppercased()),\(second)").prefix(2).map(\.[6]) == [second, fifth])
    #expect(try run("--all-scores").count == 3 * 10_932)
    let raw = try #require(Float(ten[0][7]))
    let transformed = try run("--logit-transform", "0.5,-1", "--min-score", "none")
    #expect(Float(transformed[0][7]) == Float(0.5 * Double(raw) - 1))
    #expect(try comments("out/a.classifications.csv").contains { $0.contains(#""logit_transform":"0.5,-1.0""#) })
    #expect(try !comments("out/a.classifications.csv").contains { $0.hasPrefix("# recognizers") })
  }

  /// Not computing every class gives the same classes and scores, and a name is listed once.
  @Test(arguments: ["perch_8", "perch_v2"])
  func theBestAreThoseOfAllScores(model: String) throws {
    try folder.write(ToneFile.wav(seconds: 10), to: "a.wav")
    func run(_ arguments: String...) throws -> [String] {
      let outcome = try Program.run(
        ["classify", "-q", "--weights", "seeded:\(model)", "a.wav", "out"] + arguments, in: folder)
      #expect(outcome.errors == "")
      #expect(outcome.exit == 0)
      return try events("out/a.classifications.csv")
    }
    let all = try run("--all-scores")
    for floor in ["none", "3.5"] {
      var want: [String] = []
      for start in ["0.0", "5.0"] {
        var seen: Set<String> = []
        want += all.filter { line in
          let fields = line.split(separator: ",").map(String.init)
          let isHigh = floor == "none" || Float(fields[7]) ?? 0 >= 3.5
          return fields[2] == start && isHigh && seen.insert(fields[6]).inserted
        }.prefix(10)
      }
      #expect(try run("--min-score", floor) == want)
      #expect(!want.isEmpty)
    }
  }

  @Test func parquetHoldsTheSameEvents() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    let outcome = try Program.run(
      ["classify"] + Self.weights + ["-F", "parquet", "--metadata", "sidecar", "a.wav", "out"], in: folder)
    #expect(outcome.exit == 0)
    #expect(folder.files == ["a.wav", "out/a.classifications.parquet", "out/a.classifications.parquet.json"])
    let said = try Provenance(ofTable: FilePath(folder.path("out/a.classifications.parquet")))
    #expect(said["format"] == "perch-runner events 1")
  }

  @Test func inAFolderABadRecordingCostsOnlyItself() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "in/site/a.wav")
    try folder.write("not sound", to: "in/b.wav")
    let outcome = try Program.run(
      ["classify"] + Self.weights + ["--event-format", "raven", "in", "out"], in: folder)
    #expect(outcome.exit == 7)
    #expect(outcome.errors.hasSuffix("error: in: 1 of 2 recordings failed; see out/batch-report.csv\n"))
    #expect(
      folder.files.filter { $0.hasPrefix("out") } == [
        "out/.batch.lock", "out/batch-report.csv", "out/site/a.classifications.csv", "out/site/a.selections.txt",
      ])
  }

  // MARK: Labels

  @Test func labelsNeedNoWeights() throws {
    let outcome = try Program.run(["labels"], in: folder)
    #expect(outcome.errors == "")
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 14_796)
    #expect(lines[14_114] == "Turdus merula")
    #expect(lines.last == "")
    #expect(try Program.run(["labels", "--model", "perch_8"], in: folder).output.hasPrefix("passer hemileucus\n"))
    let seeded = try Program.run(["labels", "--weights", "seeded:perch_8_c"], in: folder)
    #expect(seeded.output.hasPrefix("label_00000\nlabel_00001\n"))
    #expect(seeded.output.count { $0 == "\n" } == 64)
    let wrong = try Program.run(["labels", "--model", "perch_v2", "--weights", "seeded:perch_8"], in: folder)
    #expect(wrong.exit == 4)
    #expect(
      wrong.errors
        == "error: seeded:perch_8: holds perch_8, not perch_v2; leave --model out or name weights of perch_v2\n")
  }
}
