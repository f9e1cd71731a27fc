import Foundation
import KernelTable
import PerchAudio
import PerchModel
import PerchTables
import PerchTensor
import SystemPackage
import Testing

/// The built program on processors that this machine is not: it must find the kernels that they run, need no
/// instruction that they lack, and compute the same.
@Suite(.enabled(if: Emulator.path != nil, "needs qemu-x86_64 (package qemu-user)"))
struct EmulatedTests {
  /// Processors of qemu and the build that serves each: without AVX, and with AVX2 but without AVX-512.
  static let processors: [(String, KernelBuild)] = [("Nehalem", .baseline), ("Haswell", .v3)]

  @Test(arguments: processors)
  func computesAsHere(processor: String, build: KernelBuild) throws {
    let kernels = try #require(Kernels.available.first { $0.build == build }, "this machine runs no \(build)")
    let folder = try TemporaryFolder()
    let weights = SmallWeights()
    try weights.write(to: folder.path("small.h5"))
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    let outcome = try Program.run(
      ["generate", "-q", "--weights", "small.h5", "--jobs", "1", "a.wav", "out"], in: folder,
      under: [try #require(Emulator.path), "-cpu", processor], timeout: .seconds(300))
    // The emulator tells which features of the processor it leaves out; none is one of arithmetic.
    let lines = outcome.errors.split(separator: "\n").filter { !$0.hasPrefix("qemu-x86_64: warning: TCG") }
    #expect(lines == [])
    #expect(outcome.exit == 0)

    var table = try EmbeddingTableReader(FilePath(folder.path("out/a.embeddings.parquet")))
    #expect(table.provenance["kernels"] == build.rawValue)
    let got = try #require(try table.next()).embedding.map(Double.init)
    let want = try Self.embedding(of: folder.path("a.wav"), weights, kernels).map(Double.init)
    // The gates for a right network: 1e-4 of the rms, and a cosine distance of 1e-9.
    let rms = (want.reduce(0) { $0 + $1 * $1 } / Double(want.count)).squareRoot()
    #expect(rms > 0.01)
    #expect(got.count == want.count)
    #expect(zip(got, want).allSatisfy { abs($0 - $1) <= 1e-4 * rms })
    let (dot, size) = zip(got, want).reduce((0.0, 0.0)) { ($0.0 + $1.0 * $1.1, $0.1 + $1.0 * $1.0) }
    #expect(1 - dot / (size.squareRoot() * rms * Double(want.count).squareRoot()) <= 1e-9)
  }

  /// What this processor makes of the first window with the kernels of another one.
  private static func embedding(
    of recording: String, _ weights: SmallWeights, _ kernels: KernelTable
  ) throws -> [Float] {
    var reading = ReadingSettings()
    reading.targetPeak = Float(weights.settings.targetPeak)
    var reader = try WindowReader(path: recording, settings: reading)
    var window = [Float](repeating: 0, count: weights.settings.windowSamples)
    var samples = window.mutableSpan
    _ = try #require(try reader.next(into: &samples))
    let model = try PerchModel(weights, kernels: kernels)
    var embedding = [Float](repeating: 0, count: weights.settings.embeddingSize)
    var result = embedding.mutableSpan
    model.embed(window.span, model.makeWorkspace(), into: &result)
    return embedding
  }
}

/// The program that runs code for x86-64 on a processor of choice, where it is installed.
enum Emulator {
  static let path: String? = {
    #if arch(x86_64)
      let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      return folders.map { "\($0)/qemu-x86_64" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    #else
      return nil
    #endif
  }()
}
