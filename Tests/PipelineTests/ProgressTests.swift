import PerchPipeline
import Testing

@Suite struct ProgressTests {
  @Test(arguments: [
    (12, 60, 600, 2, "a.wav  12 windows  30.0 x real time  0:18 left"),
    (1, 5, 86_400, 0.1, "a.wav  1 windows  50.0 x real time  28:48 left"),
    (1, 5, 86_400, 1, "a.wav  1 windows  5.0 x real time  4:47:59 left"),
    (1, 5, nil, 1, "a.wav  1 windows  5.0 x real time"), (0, 0, 10, 0, "a.wav  0 windows"),
    (3, 15, 10, 1, "a.wav  3 windows  15.0 x real time"),
    (1, 5, 1e300, 1, "a.wav  1 windows  5.0 x real time  8760:00:00 left"),
  ] as [(Int, Double, Double?, Double, String)])
  func line(windows: Int, sound: Double, total: Double?, elapsed: Double, line: String) {
    let progress = Progress(
      recording: "a.wav", windows: windows, soundSeconds: sound, totalSeconds: total, elapsedSeconds: elapsed,
      isEnd: false)
    #expect(progress.line == line)
  }

  @Test func jsonHasSortedKeys() {
    let progress = Progress(
      recording: "a\"b.wav", windows: 2, soundSeconds: 10, totalSeconds: 20, elapsedSeconds: 0.5, isEnd: true)
    #expect(
      progress.json == #"{"elapsed_seconds":0.5,"event":"done","recording":"a\"b.wav","sound_seconds":10.0,"#
        + #""total_seconds":20.0,"windows":2}"#)
  }
}
