import Foundation
import Testing

/// Published recordings: seeded weights can only show that another network's answer is refused.
@Suite struct DoctorRecordingTests {
  @Test func anotherRecordingIsRefused() throws {
    let folder = try TemporaryFolder()
    try ToneFile.wav(seconds: 5).write(to: folder.url.appending(path: "tone.wav"))
    let run = try Program.run(["doctor", "--weights", "seeded:perch_8", "--recording", "tone.wav"], in: folder)
    #expect(run.exit == 2)
    #expect(run.errors.hasSuffix("error: tone.wav: no answer of perch_8 is known for it; give 100sec.wav\n"))
  }

  @Test func embeddingsOfAnotherNetworkAreWrong() throws {
    let folder = try TemporaryFolder()
    try ToneFile.wav(seconds: 100).write(to: folder.url.appending(path: "100sec.wav"))
    let run = try Program.run(["doctor", "--weights", "seeded:perch_8", "--recording", "100sec.wav"], in: folder)
    #expect(run.exit == 4)
    #expect(run.output.contains("WRONG: embeddings of the recording (20 windows, numbers within "))
    #expect(!run.output.contains("no fault found"))
    #expect(
      run.errors.hasSuffix(
        "error: 100sec.wav: its embeddings are not those published; check that it is the published recording and "
          + "that the weights are the trained ones\n"))
  }

  @Test func aShorterRecordingIsWrong() throws {
    let folder = try TemporaryFolder()
    try ToneFile.wav(seconds: 12).write(to: folder.url.appending(path: "100sec.wav"))
    let run = try Program.run(["doctor", "--weights", "seeded:perch_8", "--recording", "100sec.wav"], in: folder)
    #expect(run.exit == 4)
    #expect(run.output.contains("(2 windows, 20 published: another recording)"))
  }
}
