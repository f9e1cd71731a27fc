import Foundation
import TestSupport
import Testing

/// Every command that README.md and the manual show is run and prints what they show.
///
/// After a change of texts, `PERCH_MANUAL_RENEW=1 swift test -c release --no-parallel --filter Manual` writes what is
/// printed now into the pages; look at the difference, and put `…` where machines differ.
@Suite struct ManualTests {
  /// Commands that no test can run, by page: their first lines.
  private static let notRun: [String: [String]] = [
    "README.md": [
      "apt-get update && apt-get install -y git binutils pkg-config libhdf5-dev libsndfile1-dev libopenblas-dev "
        + "libsqlite3-dev && swift build -c release && .build/release/perch-runner generate --format csv "
        + "--weights seeded:perch_v2 Tests/Recordings/birds_10s.flac out",
      "swift test -c release",
      "docker build --tag perch-runner .",
      "python3 -m venv host && host/bin/pip install --requirement Tests/Host/requirements-host.txt",
    ],
    "Install.md": [
      "apt-get update", "swift build -c release", "docker build -t perch-runner .", "swift test -c release",
    ],
    "FirstRun.md": ["cp Tests/Recordings/birds_10s.flac night.flac"],
    "WeightsAndDoctor.md": ["perch-runner weights export perch_v2 -o perch_v2.h5"],
    "Accuracy.md": ["tools/accuracy/accuracy --shared ../shared"],
    "Extending.md": ["PERCH_MANUAL_RENEW=1 swift test -c release --no-parallel --filter Manual"],
  ]

  /// Pages of commands that a build of the program may not have yet.
  private static let later = ["Batch.md": "batch", "Analyze.md": "analyze"]

  @Test(arguments: ManualPage.all.filter { later[$0.name] == nil })
  func commandsDoWhatThePageSays(_ page: ManualPage) throws {
    try run(page, kinds: [.shell])
  }

  @Test(.enabled(if: (try? Program.has("batch")) == true, "this build has no command batch"))
  func batchDoesWhatThePageSays() throws {
    try run(ManualPage(path: "\(ManualPage.folder)/Batch.md"), kinds: [.shell])
  }

  @Test(.enabled(if: (try? Program.has("analyze")) == true, "this build has no command analyze"))
  func analyzeDoesWhatThePageSays() throws {
    try run(ManualPage(path: "\(ManualPage.folder)/Analyze.md"), kinds: [.shell])
  }

  private static let pythonPages = ManualPage.all.filter { has($0, .python) }
  private static let rPages = ManualPage.all.filter { has($0, .r) }

  @Test(
    .enabled(
      if: Python.has("numpy", "pandas", "polars", "duckdb", "pyarrow"),
      "needs Python with numpy, pandas, polars, duckdb and pyarrow"), arguments: pythonPages)
  func pythonDoesWhatThePageSays(_ page: ManualPage) throws {
    try run(page, kinds: [.shell, .python])
  }

  @Test(
    .enabled(if: hasR(packages: "jsonlite", "base64enc"), "needs R with jsonlite and base64enc"), arguments: rPages)
  func rDoesWhatThePageSays(_ page: ManualPage) throws {
    try run(page, kinds: [.shell, .r]) { !$0.text.contains("library(arrow") }
  }

  @Test(.enabled(if: hasR(packages: "arrow"), "needs R with arrow"), arguments: rPages)
  func rReadsParquetAsThePageSays(_ page: ManualPage) throws {
    try run(page, kinds: [.shell, .r]) { $0.kind == .shell || $0.text.contains("library(arrow") }
  }

  /// What is left out is left out by name.
  @Test(arguments: ManualPage.all)
  func onlyNamedCommandsAreNotRun(_ page: ManualPage) throws {
    let left = try page.fences.filter { $0.kind == .shell && $0.reasonNotToRun != nil }
    #expect(left.map(\.firstLine) == Self.notRun[page.name] ?? [])
    #expect(left.allSatisfy { $0.reasonNotToRun != "" })
  }

  /// Every fence says what it holds, so that no command hides in one that is not run.
  @Test(arguments: ManualPage.all)
  func fencesHaveALanguage(_ page: ManualPage) throws {
    let known = ["sh", "text", "csv", "python", "r", "yaml", "json", "swift", "none"]
    let lines = try page.text().components(separatedBy: "\n").filter { $0.hasPrefix("```") }
    #expect(lines.count.isMultiple(of: 2), "a fence is not closed")
    for (index, line) in lines.enumerated() {
      #expect(index.isMultiple(of: 2) ? known.contains(String(line.dropFirst(3))) : line == "```", "\(line)")
    }
  }

  /// Runs the page's fences of some kinds in order and compares what they print.
  private func run(
    _ page: ManualPage, kinds: Set<ManualPage.Kind>, where isWanted: (ManualPage.Fence) -> Bool = { _ in true }
  ) throws {
    let place = try ManualFolder()
    let renews = ProcessInfo.processInfo.environment["PERCH_MANUAL_RENEW"] == "1"
    var printed: (command: ManualPage.Fence, output: String)?
    for fence in try page.fences {
      if let file = fence.file { try place.folder.write(fence.text, to: file) }
      switch fence.kind {
      case .output:
        guard let (command, output) = printed, fence.file == nil else { continue }
        printed = nil
        if ShownOutput.matches(output, fence) { continue }
        if renews {
          try page.renew(fence, with: output)
        } else {
          Issue.record("\(page.path):\(fence.lines.lowerBound): \(command.text)prints:\n\(output)")
        }
      case .shell, .python, .r:
        printed = nil
        guard kinds.contains(fence.kind), fence.reasonNotToRun == nil, isWanted(fence) else { continue }
        let outcome = try place.run(fence)
        #expect(
          outcome.exit == fence.exit, "\(page.path):\(fence.lines.lowerBound): \(fence.text)\(outcome.output)")
        printed = (fence, outcome.output)
      case .other: continue
      }
    }
    #expect(place.folder.unfinishedFiles == [])
  }

  private static func has(_ page: ManualPage, _ kind: ManualPage.Kind) -> Bool {
    (try? page.fences)?.contains { $0.kind == kind } ?? false
  }

  private static func hasR(packages: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["Rscript", "-e", packages.map { "library(\($0))" }.joined(separator: ";")]
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}

extension Program {
  /// Whether the built program has the command.
  static func has(_ command: String) throws -> Bool {
    try run(["--help"], in: TemporaryFolder()).output.contains("\n  \(command) ")
  }
}

/// The pages hang together, and nothing the program can do is missing.
@Suite struct ManualContentTests {
  /// Links within the repository lead to files.
  @Test(arguments: ManualPage.all)
  func linksLeadSomewhere(_ page: ManualPage) throws {
    for match in try page.text().matches(of: #/\]\(([^)\s]+)\)/#) {
      let target = String(match.1).split(separator: "#", omittingEmptySubsequences: false)[0]
      if target.isEmpty || target.contains("://") { continue }
      let file = page.url.deletingLastPathComponent().appending(path: String(target))
      #expect(FileManager.default.fileExists(atPath: file.path), "\(page.path) links to \(target)")
    }
  }

  /// Every page but the first is reached from that.
  @Test func theFirstPageNamesAll() throws {
    let first = try ManualPage(path: "\(ManualPage.folder)/Manual.md").text()
    for page in ManualPage.all where page.path != "README.md" && !page.path.hasSuffix("/Manual.md") {
      #expect(first.contains("(\(page.name))"), "\(page.path)")
    }
  }

  /// A command's help, and so its every option, stands on a page; the test of commands keeps it true.
  @Test func everyCommandHasItsHelpOnAPage() throws {
    let shown = try Set(ManualPage.all.flatMap { try $0.fences.filter { $0.kind == .shell }.map(\.text) })
    for command in try Self.commands() {
      #expect(shown.contains("perch-runner \(command) --help\n"), "\(command) has no page")
    }
  }

  /// The words after the program's name, as in `weights export`; groups stand for what is in them.
  private static func commands(in group: [String] = []) throws -> [String] {
    let help = try Program.run(group + ["--help"], in: TemporaryFolder()).output
    guard let list = help.components(separatedBy: "SUBCOMMANDS:\n").dropFirst().first else {
      return [group.joined(separator: " ")]
    }
    let names = list.components(separatedBy: "\n").compactMap { line -> String? in
      // Two blanks and the name; the lines that go on with the text have more.
      guard line.hasPrefix("  "), !line.hasPrefix("   "), !line.hasPrefix("  See") else { return nil }
      // Other names of a command follow after a comma.
      return line.split { $0 == " " || $0 == "," }.first.map(String.init)
    }
    return try names.flatMap { try commands(in: group + [$0]) }
  }
}
