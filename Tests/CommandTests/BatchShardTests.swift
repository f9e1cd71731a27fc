import Foundation
import Testing

/// One set of recordings in several parts, and the report of all.
@Suite struct BatchShardTests {
  private let folder: BatchFolder

  init() throws {
    folder = try BatchFolder()
    for index in 0..<9 { try folder.write(ToneFile.wav(seconds: 1), to: "rec/\(index % 3)/\(index).wav") }
    try folder.write(Data("no sound".utf8), to: "rec/bad.wav")
  }

  private func run(_ shard: String) throws -> Int32 {
    try folder.batch("generate", "--shard", shard, "--output", "out", "rec").exit
  }

  @Test func partsMakeTheWhole() throws {
    let whole = try folder.batch("generate", "--output", "whole", "rec")
    #expect(whole.exit == 7)
    let exits = try (1...3).map { try run("\($0)/3") }
    #expect(exits.sorted() == [0, 0, 7])
    let parts = try (1...3).map { try folder.report("out/batch-report.\($0)-of-3.csv") }
    #expect(parts.allSatisfy { !$0.isEmpty })
    let merged = try folder.batch("report", "--merge", "out")
    #expect(merged.exit == 0)
    #expect(
      merged.output
        == "10 inputs: 9 done, 0 skipped, 1 failed; seconds of sound: 9.0 in, 9.0 out, 0.0 lost\n")
    let rows = try folder.report("out/batch-report.csv")
    #expect(rows.map(\.source) == (try folder.report("whole/batch-report.csv")).map(\.source))
    #expect(rows.map(\.status) == (try folder.report("whole/batch-report.csv")).map(\.status))
    for name in folder.outputs("whole") where name.hasSuffix(".parquet") {
      #expect(try folder.bytes(name) == folder.bytes("out" + name.dropFirst("whole".count)))
    }
  }

  /// The part of a recording follows from its path alone.
  @Test func moreRecordingsMoveNone() throws {
    for shard in 1...3 { _ = try run("\(shard)/3") }
    let before = try (1...3).map { try folder.report("out/batch-report.\($0)-of-3.csv").map(\.source) }
    for name in ["rec/00.wav", "rec/1/zz.wav", "rec/new/x.wav"] {
      try folder.write(ToneFile.wav(seconds: 1), to: name)
    }
    for shard in 1...3 { _ = try run("\(shard)/3") }
    for shard in 1...3 {
      let rows = try folder.report("out/batch-report.\(shard)-of-3.csv")
      #expect(Set(rows.map(\.source)).isSuperset(of: before[shard - 1]))
    }
  }

  @Test func aMissingPartIsFound() throws {
    _ = try run("1/3")
    _ = try run("3/3")
    let merged = try folder.batch("report", "--merge", "out")
    #expect(merged.exit == 3)
    #expect(merged.errors == "error: out: has no report of 1 of 3 shards: 2; run them, then merge again\n")
    #expect(!folder.outputs("out").contains("out/batch-report.csv"))
  }

  @Test func partsOfOtherRecordingsAreFound() throws {
    _ = try run("1/2")
    try folder.write(ToneFile.wav(seconds: 1), to: "rec/later.wav")
    _ = try run("2/2")
    let merged = try folder.batch("report", "--merge", "out")
    #expect(merged.exit == 3)
    #expect(
      merged.errors
        == "error: out/batch-report.2-of-2.csv: was given other inputs than out/batch-report.1-of-2.csv; "
        + "run all shards again over the same recordings\n")
  }

  /// The report of an earlier run is none of this one.
  @Test func aPartThatHasNotEndedIsFound() throws {
    for shard in 1...2 { _ = try run("\(shard)/2") }
    let journal = ".batch-report.2-of-2.journal"
    #expect(!FileManager.default.fileExists(atPath: folder.folder.path("out/\(journal)")))
    try folder.write(Data(), to: "out/\(journal)")
    let merged = try folder.batch("report", "--merge", "out")
    #expect(merged.exit == 3)
    #expect(
      merged.errors
        == "error: out/batch-report.2-of-2.csv: is of an earlier run than the last, which has not ended; "
        + "run shard 2 again, or wait for it, then merge again\n")
    _ = try run("2/2")
    #expect(try folder.batch("report", "--merge", "out").exit == 0)
  }

  @Test func aLineTooManyIsFound() throws {
    for shard in 1...2 { _ = try run("\(shard)/2") }
    let (one, two) = ("out/batch-report.1-of-2.csv", "out/batch-report.2-of-2.csv")
    let line = try #require(try folder.text(one).split(separator: "\n").dropFirst().first)
    try folder.write(Data((try folder.text(two) + line + "\n").utf8), to: two)
    let moved = try folder.batch("report", "--merge", "out")
    #expect(moved.exit == 3)
    #expect(moved.errors.contains("belongs to another shard; name the reports of one run, unchanged"))
    let damaged = try folder.text(one).replacing(",1.0,1.0,", with: ",1.0,0.5,")
    try folder.write(Data(damaged.utf8), to: one)
    let wrong = try folder.batch("report", "--merge", "out")
    #expect(wrong.exit == 3)
    #expect(wrong.errors.contains("is damaged, or its seconds do not add up; name reports that 'batch' wrote"))
  }
}
