import Foundation
import PerchCore
import Testing

/// What `bench` prints agrees with itself; how fast it is, no test says.
@Suite struct BenchTests {
  private struct Report: Decodable {
    let model: String
    let weights: String
    let kernels: String
    let version: String
    let jobs: Int
    let cores: Int
    let loadSeconds: Double
    let firstEmbeddingSeconds: Double
    let peakBytes: Int
    let windows: Int?
    let seconds: Double?
    let windowsPerSecond: Double?
    let fastestSecondsPerWindow: Double?
    let cpuSecondsPerWindow: Double?
    let timesRealTime: Double?
    let hoursPerHourAndCore: Double?
  }

  private func bench(_ arguments: String...) throws -> (outcome: Program.Outcome, report: Report) {
    let outcome = try Program.run(
      ["bench", "-q", "--json", "--weights", "seeded:perch_8"] + arguments, in: TemporaryFolder())
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return (outcome, try decoder.decode(Report.self, from: Data(outcome.output.utf8)))
  }

  @Test(arguments: [1, 2])
  func ratesFollowFromEachOther(jobs: Int) throws {
    let (outcome, report) = try bench("--jobs", "\(jobs)", "--seconds", "0.01")
    #expect(outcome.exit == 0)
    #expect(outcome.errors == "")
    #expect(outcome.output.split(separator: "\n").count == 1)
    #expect(report.model == "perch_8" && report.weights == "seeded 20260101")
    #expect(report.version == programVersion && report.jobs == jobs && !report.kernels.isEmpty)
    let windows = try #require(report.windows)
    let rate = try #require(report.windowsPerSecond)
    let seconds = try #require(report.seconds)
    let realTime = try #require(report.timesRealTime)
    let ofCore = try #require(report.hoursPerHourAndCore)
    let fastest = try #require(report.fastestSecondsPerWindow)
    #expect(windows > 0 && windows % (4 * jobs) == 0)
    // Doubles printed in full: the quotients differ by roundings alone.
    #expect(abs(rate * seconds / Double(windows) - 1) < 1e-12)
    #expect(abs(realTime / (5 * rate) - 1) < 1e-12)
    let busy = Double(min(jobs, report.cores))
    #expect(abs(ofCore * busy / realTime - 1) < 1e-12)
    #expect(fastest > 0 && fastest <= 1.000_001 / rate)
    #expect(try #require(report.cpuSecondsPerWindow) > 0)
    #expect(report.loadSeconds > 0 && report.firstEmbeddingSeconds > report.loadSeconds)
    // The weights alone are 6 million floats.
    #expect(report.peakBytes > 24_000_000)
  }

  @Test func zeroSecondsIsTheFirstEmbeddingAlone() throws {
    let (outcome, report) = try bench("--seconds", "0")
    #expect(outcome.exit == 0)
    #expect(report.windows == nil && report.windowsPerSecond == nil && report.timesRealTime == nil)
    #expect(report.firstEmbeddingSeconds > 0)
  }

  @Test func aPersonReadsATable() throws {
    let outcome = try Program.run(
      ["bench", "-q", "--weights", "seeded:perch_8", "--jobs", "1", "--seconds", "0.01"], in: TemporaryFolder())
    #expect(outcome.exit == 0)
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(lines.first?.hasPrefix("perch_8 (seeded 20260101), kernels ") == true)
    let names = lines.dropFirst().map { $0.dropFirst(2).prefix { $0 != "." && !$0.isNumber }.trimmingSuffix(" ") }
    #expect(
      names == [
        "windows a second", "hours of sound an hour", "hours an hour with each core", "CPU seconds a window",
        "weights to first embedding", "peak resident memory",
      ])
  }

  @Test(arguments: [
    (
      ["--seconds=-1"],
      "error: --seconds: -1.0 is not between 0 and 86400; give the seconds to measure, such as 10", 2
    ),
    (
      ["--seconds", "nan"],
      "error: --seconds: nan is not between 0 and 86400; give the seconds to measure, such as 10", 2
    ),
    (
      ["--jobs", "0"],
      "error: --jobs: 0 is not a number of windows between 1 and 1024; give one for each core, or leave it out", 2
    ),
    (
      ["--weights", "seeded:perch_9"],
      "error: seeded:perch_9: there are no seeded weights of that name; "
        + "use seeded:perch_8, seeded:perch_8_c, seeded:perch_v2", 4
    ),
    (["more"], "error: command line: unexpected argument 'more'; see 'perch-runner bench --help'", 2),
  ] as [([String], String, Int32)])
  func isRefused(arguments: [String], line: String, exit: Int32) throws {
    let folder = try TemporaryFolder()
    let outcome = try Program.run(["bench"] + arguments, in: folder)
    #expect(outcome.errors == line + "\n")
    #expect(outcome.output == "")
    #expect(outcome.exit == exit)
  }
}

extension StringProtocol {
  /// Without the spaces at its end.
  fileprivate func trimmingSuffix(_ character: Character) -> String {
    var text = String(self)
    while text.last == character { text.removeLast() }
    return text
  }
}
