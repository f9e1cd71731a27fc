import Foundation
import Testing

/// `batch` from the command line to tables and report.
@Suite struct BatchTests {
  private let folder: BatchFolder

  init() throws { folder = try BatchFolder() }

  /// 13 s and 7 s that are good, two that are not.
  private func makeRecordings() throws {
    try folder.write(ToneFile.wav(seconds: 13), to: "rec/a/night.wav")
    try folder.write(ToneFile.wav(seconds: 5.25, channels: 2), to: "rec/b/day.wav")
    try folder.write(Data(), to: "rec/a/empty.wav")
    try folder.write(Data("no sound".utf8), to: "rec/text.wav")
  }

  @Test func everyInputIsAccountedFor() throws {
    try makeRecordings()
    let run = try folder.batch("generate", "--output", "out", "rec")
    #expect(run.exit == 7)
    #expect(run.errors.hasSuffix("error: rec: 2 of 4 recordings failed; see out/batch-report.csv\n"))
    let rows = try folder.report("out/batch-report.csv")
    #expect(rows.map(\.source) == ["a/empty.wav", "a/night.wav", "b/day.wav", "text.wav"])
    #expect(rows.map(\.status) == ["failed", "done", "done", "failed"])
    #expect(rows.map(\.exitCode) == ["3", "0", "0", "3"])
    #expect(rows.map(\.windows) == ["0", "3", "1", "0"])
    #expect(rows.map(\.losses) == ["", "", "tail 0.25", ""])
    for row in rows {
      let lost = row.losses.isEmpty ? 0 : Decimal(string: String(row.losses.split(separator: " ")[1])) ?? -1
      #expect(Decimal(string: row.secondsIn) == (Decimal(string: row.secondsOut) ?? -1) + lost)
      // Each failure is told once, by its line.
      let told = run.errors.components(separatedBy: "error: rec/\(row.source): ").count - 1
      #expect(told == (row.status == "failed" ? 1 : 0))
    }
    #expect(
      folder.outputs("out") == [
        "out/a/night.embeddings.parquet", "out/b/day.embeddings.parquet", "out/batch-report.csv",
      ])
  }

  @Test func whatIsDoneIsLeftAlone() throws {
    try makeRecordings()
    _ = try folder.batch("generate", "--output", "out", "rec")
    let table = try folder.bytes("out/a/night.embeddings.parquet")
    let dates = try folder.changed("out/a/night.embeddings.parquet")
    let again = try folder.batch("generate", "--output", "out", "rec")
    #expect(again.exit == 7)
    #expect(try folder.report("out/batch-report.csv").map(\.status) == ["failed", "skipped", "skipped", "failed"])
    #expect(try folder.report("out/batch-report.csv").map(\.losses) == ["", "", "tail 0.25", ""])
    #expect(try folder.changed("out/a/night.embeddings.parquet") == dates)
    // Another setting, another recording, or the wish to do it again.
    _ = try folder.batch("generate", "--hop", "2.5", "--output", "out", "rec")
    #expect(try folder.report("out/batch-report.csv").map(\.status) == ["failed", "done", "done", "failed"])
    #expect(try folder.bytes("out/a/night.embeddings.parquet") != table)
    try folder.write(ToneFile.wav(seconds: 9), to: "rec/a/night.wav")
    _ = try folder.batch("generate", "--hop", "2.5", "--output", "out", "rec")
    #expect(try folder.report("out/batch-report.csv").map(\.status) == ["failed", "done", "skipped", "failed"])
    _ = try folder.batch("generate", "--hop", "2.5", "--overwrite", "--output", "out", "rec")
    #expect(try folder.report("out/batch-report.csv").map(\.status) == ["failed", "done", "done", "failed"])
  }

  /// `generate FOLDER` and `batch generate FOLDER` are one thing.
  @Test func aFolderIsABatch() throws {
    try makeRecordings()
    let alone = try Program.run(
      ["generate", "-q"] + folder.weights + ["rec", "alone"], in: folder.folder,
      environment: ["SOURCE_DATE_EPOCH": "0"])
    #expect(alone.exit == 7)
    _ = try folder.batch("generate", "--output", "out", "rec")
    for name in ["a/night.embeddings.parquet", "b/day.embeddings.parquet"] {
      #expect(try folder.bytes("alone/\(name)") == folder.bytes("out/\(name)"))
    }
    #expect(try folder.report("alone/batch-report.csv").count == 4)
  }

  @Test func classifyAndDistanceMakeTheirTables() throws {
    try folder.write(ToneFile.wav(seconds: 13), to: "rec/night.wav")
    try folder.write(ToneFile.wav(seconds: 5), to: "call.wav")
    #expect(try folder.batch("inference", "--top", "2", "--min-score", "none", "--output", "out", "rec").exit == 0)
    #expect(try folder.batch("distance", "--query", "call.wav", "--output", "near", "rec").exit == 0)
    #expect(folder.outputs("out") == ["out/batch-report.csv", "out/night.classifications.csv"])
    #expect(folder.outputs("near") == ["near/batch-report.csv", "near/night.distances.parquet"])
    // Another query is another table.
    try folder.write(ToneFile.wav(seconds: 5, channels: 2), to: "call.wav")
    #expect(try folder.batch("distance", "--query", "call.wav", "--output", "near", "rec").exit == 0)
    #expect(try folder.report("near/batch-report.csv").map(\.status) == ["done"])
    #expect(try folder.batch("distance", "--query", "call.wav", "--output", "near", "rec").exit == 0)
    #expect(try folder.report("near/batch-report.csv").map(\.status) == ["skipped"])
  }

  /// The options of version 1's batch.py.
  @Test func aListNamesInputsAndOutputs() throws {
    for name in ["one", "two", "three"] { try folder.write(ToneFile.wav(seconds: 5), to: "\(name).wav") }
    try folder.write(
      Data("source,output\none.wav,out/1.parquet\ntwo.wav,out/2.csv\nthree.wav,out/3.csv\n".utf8), to: "list.csv")
    let rows = ["--source_csv", "list.csv", "--start_row", "1", "--end_row", "2"]
    #expect(try folder.batch(["generate"] + rows).exit == 0)
    #expect(folder.outputs("out") == ["out/2.csv", "out/3.csv", "out/batch-report.csv"])
    #expect(try folder.batch(["generate"] + rows + ["--overwrite_existing", "false"]).exit == 0)
    #expect(try folder.report("out/batch-report.csv").map(\.status) == ["skipped", "skipped"])
    #expect(try folder.batch(["generate"] + rows + ["--overwrite_existing"]).exit == 0)
    #expect(try folder.report("out/batch-report.csv").map(\.status) == ["done", "done"])
  }

  @Test func globsFindWhatTheyMatch() throws {
    for name in ["rec/a/x1.wav", "rec/b/x2.wav", "rec/b/y.wav"] {
      try folder.write(ToneFile.wav(seconds: 5), to: name)
    }
    #expect(try folder.batch("generate", "--glob", "rec/*/x*.wav", "--output", "out").exit == 0)
    #expect(
      folder.outputs("out") == [
        "out/a/x1.embeddings.parquet", "out/b/x2.embeddings.parquet", "out/batch-report.csv",
      ])
  }

  @Test func theFirstFailureCanEndIt() throws {
    try makeRecordings()
    let run = try folder.batch("generate", "--fail-fast", "--output", "out", "rec")
    #expect(run.exit == 7)
    #expect(
      run.errors.hasSuffix(
        "error: rec: stopped at the first recording that failed, a/empty.wav; see the line above; the same command "
          + "goes on from there\n"))
    let rows = try folder.report("out/batch-report.csv")
    #expect(rows.map(\.status) == ["failed", "failed", "failed", "failed"])
    #expect(rows.dropFirst().allSatisfy { $0.message.hasPrefix("not reached: the run ended before") })
  }

  @Test func progressIsForProgramsToo() throws {
    try makeRecordings()
    let run = try Program.run(
      ["batch", "generate", "--progress", "ndjson"] + folder.weights + ["--output", "out", "rec"], in: folder.folder
    )
    let objects = try run.errors.split(separator: "\n").filter { $0.hasPrefix("{") }
      .map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    let ended = objects.filter { ["done", "failed"].contains($0["event"] as? String) }
    #expect(ended.map { $0["recording"] as? String } == ["a/empty.wav", "a/night.wav", "b/day.wav", "text.wav"])
    let last = try #require(objects.last)
    #expect(last["event"] as? String == "end")
    #expect(last["files"] as? Int == 4 && last["done"] as? Int == 2 && last["failed"] as? Int == 2)
    #expect(last["sound_seconds"] as? Double == 18)
  }

  @Test(
    arguments: [
      (["generate", "rec"], 2, "error: batch: no output folder is named; give --output\n"),
      (
        ["generate", "--output", "out"], 2,
        "error: batch: no recordings are named; give a folder, --list or --glob\n"
      ),
      (
        ["generate", "--output", "out", "--glob", "*", "rec"], 2,
        "error: batch: --glob and a folder are given, which are ways to say the same; keep one of them\n"
      ),
      (["generate", "--output", "out", "--shard", "3/2", "rec"], 2, nil),
      (["generate", "--output", "out", "--start_row", "1", "rec"], 2, nil),
      (["generate", "--output", "out", "nothing"], 3, nil),
      (["generate", "--output", "out", "none"], 3, nil),
      (["distance", "--output", "out", "rec"], 2, nil),
      (["report", "rec"], 2, nil),
      (
        ["report", "--merge", "rec"], 3,
        "error: rec: holds no report of a shard; name the output folder of 'batch --shard'\n"
      ),
    ] as [([String], Int32, String?)])
  func whatIsWrongIsSaidBeforeWorkStarts(_ arguments: [String], _ exit: Int32, _ line: String?) throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "rec/x.wav")
    try folder.write(Data(), to: "nothing/readme.txt")
    let run = try Program.run(["batch"] + arguments, in: folder.folder)
    #expect(run.exit == exit)
    #expect(run.output == "")
    if let line { #expect(run.errors == line) }
    #expect(run.errors.split(separator: "\n").count { $0.hasPrefix("error: ") } == 1, "\(run.errors)")
    #expect(folder.outputs("out") == [])
  }

  /// The files beside a table are named after the recording, whatever the list calls the table.
  @Test func twoInputsOfOneListAreRefused() throws {
    for name in ["a/x.wav", "b/x.wav"] { try folder.write(ToneFile.wav(seconds: 5), to: name) }
    try folder.write(Data("source,output\na/x.wav,out/1.csv\nb/x.wav,out/2.csv\n".utf8), to: "list.csv")
    let run = try folder.batch("classify", "--event-format", "raven", "--list", "list.csv")
    #expect(run.exit == 2)
    #expect(
      run.errors
        == "error: out/x.selections.txt: would be the list of both a/x.wav and b/x.wav; rename one of the two\n")
    #expect(folder.outputs("out") == [])
    #expect(try folder.batch("classify", "--list", "list.csv").exit == 0)
  }

  /// Outputs are made again also when one of the files beside a table is wanted for the first time.
  @Test func aNewListIsMade() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "rec/x.wav")
    #expect(try folder.batch("classify", "--output", "out", "rec").exit == 0)
    let lists = ["classify", "--event-format", "raven", "--output", "out", "rec"]
    #expect(try folder.batch(lists).exit == 0)
    #expect(folder.outputs("out").contains("out/x.selections.txt"))
    #expect(try folder.batch(lists).exit == 0)
    #expect(try folder.report("out/batch-report.csv").map(\.status) == ["skipped"])
  }

  /// What no run wrote down is found out from the recording.
  @Test func aLostReportIsRestored() throws {
    try makeRecordings()
    _ = try folder.batch("generate", "--hop", "7", "--output", "out", "rec")
    let before = try folder.report("out/batch-report.csv")
    #expect(before.map(\.losses) == ["", "gaps 2.0; tail 1.0", "tail 0.25", ""])
    try FileManager.default.removeItem(at: folder.folder.url.appending(path: "out/batch-report.csv"))
    _ = try folder.batch("generate", "--hop", "7", "--output", "out", "rec")
    let after = try folder.report("out/batch-report.csv")
    #expect(after.map(\.status) == ["failed", "skipped", "skipped", "failed"])
    #expect(after.map(\.windows) == before.map(\.windows))
    #expect(after.map(\.secondsIn) == before.map(\.secondsIn))
    #expect(after.map(\.losses) == before.map(\.losses))
  }

  @Test func twoInputsOfOneOutputAreRefused() throws {
    try folder.write(ToneFile.wav(seconds: 5), to: "rec/x.wav")
    try folder.write(ToneFile.wav(seconds: 5), to: "rec/x.flac")
    let run = try folder.batch("generate", "--output", "out", "rec")
    #expect(run.exit == 2)
    #expect(
      run.errors
        == "error: out/x.embeddings.parquet: would be the table of both x.flac and x.wav; rename one of the two\n")
  }
}
