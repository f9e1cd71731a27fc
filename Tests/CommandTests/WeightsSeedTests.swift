import Foundation
import Testing

@Suite struct WeightsSeedTests {
  @Test func aSeededFileServesGenerate() throws {
    let folder = try TemporaryFolder()
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    let seed = try Program.run(
      ["weights", "seed", "perch_8", "-o", "perch_8.h5", "--classes", "label=3"], in: folder)
    #expect(seed.exit == 0)
    #expect(seed.errors == "")
    for weights in [["--weights", "perch_8.h5"], ["--weights", ".", "--model", "perch_8"]] {
      let outcome = try Program.run(["generate", "-q", "a.wav", "out"] + weights, in: folder)
      #expect(outcome.exit == 0, "\(outcome.errors)")
    }
    let built = try Program.run(
      ["generate", "-q", "a.wav", "built", "--weights", "seeded:perch_8", "-F", "csv"], in: folder)
    #expect(built.exit == 0)
    let other = try Program.run(
      ["generate", "a.wav", "out", "--weights", "perch_8.h5", "--model", "perch_v2"], in: folder)
    #expect(other.exit == 4)
    #expect(
      other.errors
        == "error: perch_8.h5: holds perch_8, not perch_v2; leave --model out or name weights of perch_v2\n")
  }

  @Test func anInterruptLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let outcome = try Program.run(["weights", "seed", "perch_v2", "-o", "x.h5"], in: folder) { process in
      let deadline = ContinuousClock.now + .seconds(60)
      while folder.unfinishedFiles.isEmpty, process.isRunning, ContinuousClock.now < deadline { usleep(2000) }
      #expect(folder.unfinishedFiles == ["x.h5.inprogress"])
      kill(process.processIdentifier, SIGINT)
    }
    #expect(outcome.exit == 130)
    #expect(folder.files == [])
  }

  @Test(arguments: [
    (
      ["perch_9", "-o", "x.h5"],
      "error: command line: the value 'perch_9' is invalid for '<model>'; "
        + "please provide one of 'perch_8', 'perch_8_c' or 'perch_v2'", 2
    ),
    (
      ["perch_8"],
      "error: command line: missing expected argument '--output <file>'; see 'perch-runner weights seed --help'", 2
    ),
    (
      ["perch_8", "-o", "x.h5", "--classes", "label=0"],
      "error: command line: the value 'label=0' is invalid for '--classes <classes>'; "
        + "see 'perch-runner weights seed --help'", 2
    ),
    (
      ["perch_v2", "-o", "x.h5", "--classes", "genus=3"],
      "error: --classes: perch_v2 has no head 'genus'; its heads are label", 2
    ),
  ] as [([String], String, Int32)])
  func isRefused(arguments: [String], line: String, exit: Int32) throws {
    let folder = try TemporaryFolder()
    let outcome = try Program.run(["weights", "seed"] + arguments, in: folder)
    #expect(outcome.errors == line + "\n")
    #expect(outcome.exit == exit)
    #expect(folder.files == [])
  }
}
