import Foundation
import PerchCore
import Testing

/// Wrong command lines, configurations and inputs: the exact line on standard error and the exit code.
@Suite struct ErrorLineTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let arguments: [String]
    let line: String
    let exit: Int32

    init(_ arguments: String, _ line: String, _ exit: Int32) {
      self.arguments = arguments.split(separator: " ").map(String.init)
      self.line = line
      self.exit = exit
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  private static let help = "see 'perch-runner generate --help'"

  static let commandLines = [
    Case("generate", "error: command line: missing expected argument '<input-file>'; \(help)", 2),
    Case("generate a.wav", "error: command line: missing expected argument '<output-directory>'; \(help)", 2),
    Case("generate a.wav out more", "error: command line: unexpected argument 'more'; \(help)", 2),
    Case("generate --source a.wav out more", "error: command line: there are more than two paths; \(help)", 2),
    Case("generate --nonsense a.wav out", "error: command line: unknown option '--nonsense'; \(help)", 2),
    Case("generate a.wav out --hop", "error: command line: missing value for '--hop <seconds>'; \(help)", 2),
    Case(
      "generate a.wav out -F xml",
      "error: command line: the value 'xml' is invalid for '-F <format>'; please provide one of 'csv' and 'parquet'",
      2),
    Case(
      "generate a.wav out --hop five",
      "error: command line: the value 'five' is invalid for '--hop <seconds>'; \(help)", 2),
    Case(
      "generate a.wav out --channel=-1",
      "error: command line: the value '-1' is invalid for '--channel <channel>'; \(help)", 2),
    Case(
      "generate a.wav out -q -v",
      "error: command line: --quiet and --verbose contradict each other; \(help)", 2),
    Case("nonsense", "error: command line: unexpected argument 'nonsense'; see 'perch-runner --help'", 2),
    Case(
      "generate a.wav out --hop 0",
      "error: --hop: a hop of 0.0 s is not between one sample (1/32000 s) and 1e9 s; "
        + "give the seconds between window starts, such as 2.5", 2),
    Case(
      "generate a.wav out --hop nan",
      "error: --hop: a hop of nan s is not between one sample (1/32000 s) and 1e9 s; "
        + "give the seconds between window starts, such as 2.5", 2),
    Case(
      "generate a.wav out --jobs 0",
      "error: --jobs: 0 is not a number of windows between 1 and 1024; give one for each core, or leave it out", 2),
    Case(
      "generate a.wav out --compat reference --tail pad",
      "error: --tail: the reference drops tails, so --compat reference cannot pad them; leave one of the two out",
      2),
    Case(
      "generate --source a.wav --output out.csv -F parquet",
      "error: out.csv: the name says csv, --format says parquet; leave --format out", 2),
    Case(
      "generate -c none.yml a.wav out",
      "error: none.yml: the configuration file cannot be read: No such file or directory; "
        + "check the path and its permissions", 2),
    Case(
      "generate -c . a.wav out", "error: .: the configuration file is not a regular file; name a file", 2),
    Case(
      "generate absent.wav out",
      "error: absent.wav: cannot be read: No such file or directory; check the path and its permissions", 3),
  ]

  @Test(arguments: commandLines)
  func oneLineAndNothingWritten(_ test: Case) throws {
    let folder = try TemporaryFolder()
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    let outcome = try Program.run(test.arguments, in: folder)
    #expect(outcome.errors == test.line + "\n")
    #expect(outcome.output == "")
    #expect(outcome.exit == test.exit)
    #expect(folder.files == ["a.wav"])
  }

  @Test func helpIsAskedForAndGoesToStandardOutput() throws {
    let folder = try TemporaryFolder()
    for arguments in [["--help"], ["generate", "--help"], ["help", "generate"], []] {
      let outcome = try Program.run(arguments, in: folder)
      #expect(outcome.output.contains("USAGE: perch-runner"))
      #expect(outcome.errors == "")
      #expect(outcome.exit == 0)
    }
  }

  @Test func versionNamesProgramAndModels() throws {
    let outcome = try Program.run(["version"], in: TemporaryFolder())
    #expect(
      outcome.output == """
        perch-runner \(programVersion)
        Models:
          perch_8: Perch v8 (1280d)
          perch_v2: Perch v2 (1536d)

        """)
    #expect(outcome.exit == 0)
  }

  @Test func aFileNameCannotForgeASecondLine() throws {
    let folder = try TemporaryFolder()
    let outcome = try Program.run(["generate", "a\nerror: \u{1B}[2Jforged", "out"], in: folder)
    #expect(
      outcome.errors == "error: a\\nerror: \\u{1B}[2Jforged: cannot be read: No such file or directory; "
        + "check the path and its permissions\n")
    #expect(outcome.exit == 3)
  }
}
