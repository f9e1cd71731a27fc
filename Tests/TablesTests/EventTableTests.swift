import Foundation
import PerchCore
import PerchTables
import TestSupport
import Testing

@Suite struct EventTableTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The events of the format's examples: a recognizer's scores of three windows.
  private static let example = zip(
    [0.0, 5, 10], zip([5.0, 10, 13], [-0.2846019, 0.31011373, -0.13558297] as [Float])
  )
  .map { start, rest in
    EventRow(
      source: "site1/audio.wav", channel: 0, start: start, end: rest.0, highHertz: 16_000, label: "Koala",
      score: rest.1, recognizer: "koala")
  }

  private func table(
    _ rows: [EventRow], _ name: String = "t.csv", format: TableFormat = .csv, hasTags: Bool = false,
    recordingID: Int64? = nil
  ) throws -> String {
    let path = folder.file(name)
    var writer = try EventTableWriter(
      path: path, format: format, metadata: .none, hasTags: hasTags, recordingID: recordingID)
    for row in rows { try writer.append(row) }
    try writer.finish(Provenance())
    return try text(of: path)
  }

  private func list(_ rows: [EventRow], _ format: EventListFormat) throws -> String {
    let path = folder.file(format.suffix)
    var writer = try EventListWriter(path: path, format: format)
    for row in rows { try writer.append(row) }
    try writer.finish()
    return try text(of: path)
  }

  private func shared(_ name: String) throws -> String {
    let file = try #require(TestFiles.shared).appending(path: "examples/\(name)")
    return try String(contentsOf: file, encoding: .utf8)
  }

  @Test(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
  func theTableIsThatOfTheExample() throws {
    let want = try shared("audio.classifications.csv").split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(try table(Self.example).split(separator: "\n") == want)
  }

  @Test(
    .enabled(if: TestFiles.hasShared, "needs the shared reference data"), arguments: EventListFormat.allCases)
  func listsAreThoseOfTheExamples(format: EventListFormat) throws {
    #expect(try list(Self.example, format) == shared("audio.\(format.suffix)"))
  }

  @Test func columnsComeOnDemand() throws {
    let tagged = EventRow(
      source: "a.wav", channel: 1, start: 2.5, end: 7.5, highHertz: 11_025, label: "Owl, \"great\"", score: 1.5,
      recognizer: "owl", tags: ["night", "bird"])
    let plain = EventRow(
      source: "a.wav", channel: 1, start: 2.5, end: 7.5, highHertz: 11_025, label: "x", score: -2, recognizer: "y")
    #expect(
      try table([tagged, plain], hasTags: true, recordingID: 17) == """
        source,channel,start,end,low_frequency_hertz,high_frequency_hertz,label,score,recognizer,tags,\
        audio_recording_id
        a.wav,1,2.5,7.5,0.0,11025.0,"Owl, ""great\""",1.5,owl,night|bird,17
        a.wav,1,2.5,7.5,0.0,11025.0,x,-2.0,y,,17

        """)
  }

  @Test func tablesWithoutEventsHaveTheirHeader() throws {
    let header = "source,channel,start,end,low_frequency_hertz,high_frequency_hertz,label,score,recognizer\n"
    #expect(try table([]) == header)
    #expect(try list([], .audacity) == "")
    #expect(try list([], .raven).hasPrefix("Selection\tView\t"))
    #expect(try list([], .birdnet) == "Start (s),End (s),Scientific name,Common name,Confidence,File\n")
  }

  /// Text between tabs has no quotes, so nothing in a label may look like the end of a field or line.
  @Test func labelsCannotBreakLines() throws {
    let row = EventRow(
      source: "a\tb/c.wav", channel: .max, start: 0, end: 5, highHertz: 16_000, label: "x\t\"y\"\r\nz", score: 0,
      recognizer: "r\n1")
    #expect(try list([row], .audacity) == "0.000000\t5.000000\tx \"y\"  z 0.000\n")
    let lines = try list([row], .raven).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(
      lines.last?.split(separator: "\t", omittingEmptySubsequences: false)
        == [
          "1", "Spectrogram 1", "2147483648", "0.0", "5.0", "0.0", "16000.0", "c.wav", "0.0", "x \"y\"  z", "0.0",
          "r 1",
        ])
  }

  @Test(arguments: [0, -0.0, 0.0004, 0.0625, 0.5005, -0.2846, 12.3456, 999.9996, 65504, -1e9] as [Float])
  func scoresHaveThreeDecimals(score: Float) throws {
    let row = EventRow(
      source: "a", channel: 0, start: 0, end: 5, highHertz: 1, label: "l", score: score, recognizer: "r")
    // What C's printf makes of the same number.
    #expect(try list([row], .audacity) == "0.000000\t5.000000\tl " + String(format: "%.3f", Double(score)) + "\n")
  }

  @Test func confidenceIsTheSigmoid() throws {
    func confidence(_ score: Float) throws -> String {
      let row = EventRow(
        source: "a", channel: 0, start: 0, end: 5, highHertz: 1, label: "l", score: score, recognizer: "r")
      return try list([row], .birdnet).split(separator: "\n")[1].split(
        separator: ",", omittingEmptySubsequences: false
      )
      .map(String.init)[4]
    }
    #expect(try confidence(0) == "0.5000")
    #expect(try confidence(2) == "0.8808")
    #expect(try confidence(-3e38) == "0.0000")
    #expect(try confidence(3e38) == "1.0000")
  }

  @Test func scoresThatAreNotFiniteAreRefused() throws {
    let row = EventRow(
      source: "a", channel: 0, start: 0, end: 5, highHertz: 1, label: "l", score: .nan, recognizer: "r")
    let error = #expect(throws: RunnerError.self) { try table([row]) }
    #expect(error?.exit == .internalFault)
    #expect(try folder.names == [])
  }
}
