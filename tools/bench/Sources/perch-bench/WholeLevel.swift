import FoundationEssentials
import Glibc

/// The built program as users run it: `bench` for windows in memory, `generate` for a file.
struct WholeLevel {
  let program: String
  let model: String
  /// Of each measurement.
  let seconds: Double

  struct Failed: Error, CustomStringConvertible { let description: String }

  /// What the program says of itself, and a table of ten minutes of sound.
  func measure(jobs: Int) throws -> [Record] {
    [try windows(jobs: jobs), try file(minutes: 10, jobs: jobs)]
  }

  /// The members of `perch-runner bench --json` that are of use here.
  private struct Windows: Decodable {
    let fastestSecondsPerWindow: Double
    let windowsPerSecond: Double
    let cpuSecondsPerWindow: Double
    let peakBytes: Double
  }

  private func windows(jobs: Int) throws -> Record {
    let (output, _) = try run(
      [
        program, "bench", "-q", "--json", "--weights", "seeded:\(model)", "--jobs", "\(jobs)", "--seconds",
        "\(seconds)",
      ])
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let result = try decoder.decode(Windows.self, from: Data(output.utf8))
    return Record(
      level: "whole", name: "\(model) window in memory, jobs \(jobs)",
      milliseconds: result.fastestSecondsPerWindow * 1e3,
      more: [
        "windows_per_second": result.windowsPerSecond, "cpu_seconds_per_window": result.cpuSecondsPerWindow,
        "peak_megabytes": result.peakBytes * 1e-6,
      ])
  }

  private func file(minutes: Int, jobs: Int) throws -> Record {
    let folder = FileManager.default.temporaryDirectory.appending(path: "perch-bench-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let recording = folder.appending(path: "noise.wav")
    try Self.noise(seconds: minutes * 60).write(to: recording)
    let clock = ContinuousClock()
    let start = clock.now
    let (_, usage) = try run(
      [
        program, "generate", "-q", "--weights", "seeded:\(model)", "--jobs", "\(jobs)", recording.path, folder.path,
      ])
    let took = (clock.now - start) / .seconds(1)
    return Record(
      level: "whole", name: "\(model) \(minutes) min at 44.1 kHz to Parquet, jobs \(jobs)",
      milliseconds: took * 1e3,
      more: [
        // No peak of memory: the system counts that of this process for a child of it too.
        "windows_per_second": Double(minutes * 12) / took, "cpu_seconds": usage.processorSeconds,
      ])
  }

  /// 16-bit noise in one channel.
  private static func noise(seconds: Int) -> Data {
    let rate = 44_100
    let bytes = seconds * rate * 2
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var file = Data("RIFF".utf8) + word(36 + bytes) + Data("WAVEfmt ".utf8) + word(16)
    file += [1, 0, 1, 0] + word(rate) + word(rate * 2) + [2, 0, 16, 0] + Data("data".utf8) + word(bytes)
    var state: UInt64 = 1
    for _ in 0..<seconds * rate {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      file.append(UInt8(truncatingIfNeeded: state >> 40))
      file.append(UInt8(truncatingIfNeeded: Int8(truncatingIfNeeded: state >> 56) / 4))
    }
    return file
  }

  /// Runs a program to its end: what it wrote to standard output, and what it used.
  private func run(_ arguments: [String]) throws -> (output: String, usage: rusage) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Failed(description: "no pipe: \(String(cString: strerror(errno)))") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    for end in ends { posix_spawn_file_actions_addclose(&actions, end) }
    defer { posix_spawn_file_actions_destroy(&actions) }
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let status = posix_spawn(&child, program, &actions, nil, &words, environ)
    close(ends[1])
    guard status == 0 else {
      close(ends[0])
      throw Failed(
        description: "\(program): cannot be started: \(String(cString: strerror(status))); build it first")
    }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(ends[0], &buffer, buffer.count), count > 0 { output += buffer[..<count] }
    close(ends[0])
    var usage = rusage()
    var end: Int32 = 0
    guard wait4(child, &end, 0, &usage) == child, end == 0 else {
      throw Failed(description: "\(arguments.joined(separator: " ")) failed; see above")
    }
    return (String(decoding: output, as: UTF8.self), usage)
  }
}

extension rusage {
  /// In user and in system mode.
  var processorSeconds: Double {
    [ru_utime, ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6 }
  }
}
