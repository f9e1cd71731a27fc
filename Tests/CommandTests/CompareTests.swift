import Foundation
import TestSupport
import Testing

/// `tools/bench/compare` on programs that print made-up times.
@Suite(.enabled(if: Python.has("json", "statistics"), "needs python3"))
struct CompareTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A stand-in for perch-bench: run i prints element i of each row's times, and that it ran goes to `log`.
  private func bench(_ name: String, _ rows: [String: [Double]]) throws {
    var script = "#!/bin/sh\nrun=$(grep -c '^\(name) ' '\(folder.path("log"))')\n"
    script += "echo \(name) \"$@\" >> '\(folder.path("log"))'\necho '{\"record\":\"machine\"}'\n"
    for (row, times) in rows.sorted(by: { $0.key < $1.key }) {
      script += "set -- \(times.map { "\($0)" }.joined(separator: " "))\nshift $run\n"
      script += "echo '{\"level\":\"stages\",\"name\":\"\(row)\",\"milliseconds\":'$1'}'\n"
    }
    try program(name, script)
  }

  private func program(_ name: String, _ script: String) throws {
    try folder.write(script, to: name)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path(name))
    try folder.write("", to: "log")
  }

  private func compare(_ old: String, _ new: String, _ options: String...) throws -> Python.Result {
    let script = TestFiles.project.appending(path: "tools/bench/compare").path
    return try Python.run([script, folder.path(old), folder.path(new)] + options)
  }

  /// `block1` has lost 4 % in the median although its best time is better, `block2` stays under the limit, and
  /// a row too short to be measured does not count.
  @Test func namesTheRowThatLost() throws {
    try bench("old", ["block1": [10, 10, 20], "block2": [4, 4, 4], "tiny": [0.001, 0.001, 0.001]])
    try bench("new", ["block1": [10.4, 10.4, 9], "block2": [4.1, 4.1, 4.1], "tiny": [0.005, 0.005, 0.005]])
    let outcome = try compare("old", "new", "--pairs", "3", "--", "--model", "perch_8")
    #expect(outcome.status == 1)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines.last == "1 of 3 rows lost more than 3 %: block1")
    #expect(lines.filter { $0.hasSuffix("slower") }.map { $0.prefix(6) } == ["block1"])
    let log = String(decoding: try folder.read("log"), as: UTF8.self).split(separator: "\n").map(String.init)
    let turn = ["old", "new"].map { "\($0) stages --json - --model perch_8" }
    #expect(log == turn + turn + turn)
  }

  @Test func isContentWhenNothingLost() throws {
    try bench("old", ["block1": [10, 30, 10]])
    try bench("new", ["block1": [10.2, 30.6, 9]])
    let outcome = try compare("old", "new", "--pairs", "3")
    #expect(outcome.status == 0)
    #expect(outcome.output.split(separator: "\n").last == "no row of 1 lost more than 3 %")
    try folder.write("", to: "log")
    let strict = try compare("old", "new", "--pairs", "1", "--limit", "1")
    #expect(strict.status == 1)
  }

  @Test func refusesWhatItCannotCompare() throws {
    try bench("other", ["block2": [10]])
    try bench("old", ["block1": [10]])
    let outcome = try compare("old", "other", "--pairs", "1")
    #expect(outcome.status == 2)
    #expect(
      outcome.output == "error: the two have no row in common; compare builds of the same level and models\n")
    let absent = try compare("old", "none")
    #expect(absent.status == 2)
    #expect(
      absent.output == "error: \(folder.path("none")): neither a checkout nor a program; "
        + "name a folder with tools/bench or a perch-bench program\n")
    let empty = try compare("old", "")
    #expect(empty.status == 2)
    #expect(
      empty.output == "error: \(folder.path("")): has no tools/bench/Package.swift; "
        + "name a checkout of perch-runner\n")
    try program("broken", "#!/bin/sh\necho out of memory >&2\nexit 3\n")
    let broken = try compare("broken", "old", "--pairs", "1")
    #expect(broken.status == 2)
    #expect(broken.output.hasSuffix("/broken: ended with 3: out of memory\n"))
  }
}
