import Foundation
import TestSupport

/// A folder with the files that the manual's commands speak of, and a shell to run them in.
///
/// | file | what it is |
/// | --- | --- |
/// | `night.flac` | `Tests/Recordings/birds_10s.flac`, 10.1 s |
/// | `call.wav` | a clip of 5 s |
/// | `recordings/` | two sites with a recording each |
/// | `clips/` | clips to train on: `whistle/`, `buzz/`, `noise/` |
/// | `koala.json` | a recognizer of one class for perch_v2 |
/// | `my_database/` | a database of perch-hoplite |
struct ManualFolder {
  let folder: TemporaryFolder
  private let programs: TemporaryFolder

  struct Outcome {
    let output: String
    let exit: Int32
  }

  init() throws {
    folder = try TemporaryFolder()
    programs = try TemporaryFolder()
    try FileManager.default.createSymbolicLink(
      atPath: programs.path("perch-runner"), withDestinationPath: Program.path)
    let birds = try Data(contentsOf: TestFiles.project.appending(path: "Tests/Recordings/birds_10s.flac"))
    try folder.write(birds, to: "night.flac")
    try folder.write(Clip.whistle(1).wav, to: "call.wav")
    try folder.write(birds, to: "recordings/creek/20260110_050000.flac")
    try folder.write(Clip.whistle(2).wav, to: "recordings/ridge/20260110_050000.wav")
    for number in 1...6 {
      try folder.write(Clip.whistle(number).wav, to: "clips/whistle/\(number).wav")
      try folder.write(Clip.buzz(number).wav, to: "clips/buzz/\(number).wav")
      try folder.write(Clip.noise(number).wav, to: "clips/noise/\(number).wav")
    }
    try folder.write(Self.recognizer, to: "koala.json")
    try FileManager.default.copyItem(
      at: TestFiles.project.appending(path: "Tests/HopliteTests/Golden/database"),
      to: folder.url.appending(path: "my_database"))
  }

  /// Runs a fence's text, from the first line to the last or to the first that fails.
  func run(_ fence: ManualPage.Fence) throws -> Outcome {
    switch fence.kind {
    case .python: try run([Python.interpreter, "-c", fence.text])
    case .r: try run(["Rscript", "-e", fence.text])
    default: try run(["sh", "-e", "-c", fence.text])
    }
  }

  private func run(_ words: [String]) throws -> Outcome {
    let log = programs.url.appending(path: UUID().uuidString)
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    process.currentDirectoryURL = folder.url
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    let writing = try FileHandle(forWritingTo: log)
    (process.standardOutput, process.standardError) = (writing, writing)
    try process.run()
    process.waitUntilExit()
    let status = process.terminationStatus
    return Outcome(
      output: String(decoding: try Data(contentsOf: log), as: UTF8.self),
      exit: process.terminationReason == .uncaughtSignal ? 128 + status : status)
  }

  private var environment: [String: String] {
    let own = ProcessInfo.processInfo.environment
    return [
      "PATH": programs.url.path + ":" + (own["PATH"] ?? ""), "HOME": folder.url.path, "LC_ALL": "C.UTF-8",
      "TZ": "UTC", "SOURCE_DATE_EPOCH": "1768021200", "PERCH_RUNNER_WEIGHTS": "seeded:perch_v2",
    ]
  }

  /// One class; the numbers are of no meaning, as the weights are.
  private static var recognizer: String {
    let beta = (0..<1536).map { Float($0 % 7) * 0.001 - 0.002 }
    let bytes = beta.withUnsafeBufferPointer { Data(buffer: $0) }
    let bias = [Float(0.25)].withUnsafeBufferPointer { Data(buffer: $0) }
    return """
      {"classifier_name": "koala", "model_config": {"model_key": "perch_v2", "embedding_dim": 1536},
       "classes": ["Koala"], "beta": "\(bytes.base64EncodedString())",
       "beta_bias": "\(bias.base64EncodedString())"}

      """
  }
}

/// A sound of 5 s made for the manual: 16-bit WAV of 32 kHz, the same bytes every time.
private enum Clip {
  /// A tone that goes up, different for each number.
  case whistle(Int)
  /// Pulses of a low tone.
  case buzz(Int)
  case noise(Int)

  var wav: Data {
    let count = 160_000
    var data = Data("RIFF".utf8)
    Self.append(UInt32(36 + 2 * count), to: &data)
    data += Data("WAVEfmt ".utf8)
    Self.append(UInt32(16), to: &data)
    for half: UInt16 in [1, 1] { Self.append(half, to: &data) }
    for word: UInt32 in [32_000, 64_000] { Self.append(word, to: &data) }
    for half: UInt16 in [2, 16] { Self.append(half, to: &data) }
    data += Data("data".utf8)
    Self.append(UInt32(2 * count), to: &data)
    // Linear congruential noise, constants of Numerical Recipes.
    var noise = UInt32(truncatingIfNeeded: seed &* 7919)
    for index in 0..<count {
      noise = noise &* 1_664_525 &+ 1_013_904_223
      let hiss = Double(noise >> 16) / 65_536 - 0.5
      Self.append(Int16(12_000 * value(Double(index) / 32_000) + 4000 * hiss), to: &data)
    }
    return data
  }

  private var seed: Int {
    switch self {
    case .whistle(let number): number
    case .buzz(let number): 100 + number
    case .noise(let number): 200 + number
    }
  }

  private func value(_ time: Double) -> Double {
    switch self {
    case .whistle(let number): sin(2 * .pi * (2000 + 150 * Double(number) + 100 * time) * time)
    case .buzz(let number):
      (time * Double(6 + number)).truncatingRemainder(dividingBy: 1) < 0.3 ? sin(2 * .pi * 300 * time) : 0
    case .noise: 0
    }
  }

  private static func append<Number: FixedWidthInteger>(_ number: Number, to data: inout Data) {
    withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
  }
}
