import Foundation
import KernelTable
import PerchModel
import PerchTensor
import PerchWeights
import TestSupport
import Testing

/// The reference vectors that the project carries itself (Golden/README.md), so that every machine proves
/// the whole chain, frontend included.
struct BundledGoldenTests {
  static let cases = Kernels.available.flatMap { kernels in
    GoldenModel.all.map { GoldenCase(model: $0, kernels: kernels) }
  }

  @Test(arguments: cases) func embeddings(_ test: GoldenCase) throws {
    let model = try test.load()
    let workspace = model.makeWorkspace()
    for name in ["silence", "impulse"] {
      var window = [Float](repeating: 0, count: model.settings.windowSamples)
      if name == "impulse" { window[80_000] = 1 }
      let file = TestFiles.project.appending(path: "Tests/ModelTests/Golden/\(model.settings.name)_\(name).f64")
      let want = try Data(contentsOf: file).withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
      var got = [Float](repeating: .nan, count: model.settings.embeddingSize)
      var span = got.mutableSpan
      model.embed(window.span, workspace, into: &span)
      #expect(want.count == got.count)
      #expect(maximumError(got, want) <= 1e-4 * want.rms, "\(name)")
      #expect(cosineDistance(got, want) <= 1e-9, "\(name)")
    }
  }
}
