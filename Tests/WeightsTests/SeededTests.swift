import Foundation
import PerchCore
import PerchWeights
import SystemPackage
import TestSupport
import Testing

struct SeededTests {
  @Test func hashAndFirstIntegers() throws {
    #expect(fnv1a("backbone/stem/conv/kernel") == 0xfc63_0b05_37fd_0789)
  }

  /// First five elements and the last as bits, from the reference generator.
  @Test(arguments: TestValue.all) func values(_ value: TestValue) throws {
    let weights = SeededWeights(try #require(SeededModel(rawValue: value.model)))
    let tensor = try weights.tensor(value.path, shape: value.shape)
    #expect(tensor.count == value.shape.reduce(1, *))
    #expect(tensor.prefix(5).map(\.bitPattern) == Array(value.bits.dropLast()))
    #expect(tensor.last?.bitPattern == value.bits.last)
  }

  struct Whole: Sendable, CustomTestStringConvertible {
    let model: SeededModel
    let classes: [String: Int]?
    let sha256: String
    var testDescription: String { "\(model.rawValue) \(classes ?? [:])" }
    var source: SeededWeights {
      let heads = model.classes.map { (head: $0.head, count: classes?[$0.head] ?? $0.count) }
      return SeededWeights(model, classes: heads)
    }
  }

  static let wholes = [
    Whole(
      model: .perch8, classes: nil,
      sha256: "803c1cd26fe2cd703b8efa44a41dd7e413ce8efe636e65c1947f442c2814a405"),
    Whole(
      model: .perch8, classes: ["label": 64, "genus": 32, "family": 16, "order": 8],
      sha256: "0e8e5a807d9044478e558d85a21e803a89ceafdc0088012430f8fff07c817fe2"),
    Whole(
      model: .perch8C, classes: nil,
      sha256: "516e60fa8775da6f5e03e01c47751794dde411a27ea26a70fc101def48729279"),
    Whole(
      model: .perchV2, classes: ["label": 64],
      sha256: "f5be2b499a348d45dce62ef2284aecfb00f077a4b2ff15bc1365c0f0519ce045"),
    Whole(
      model: .perchV2, classes: nil,
      sha256: "23a34bc2bff0b73756c78fd4e320d5d8399b5cec4f06779cc9b3932c5a7b679f"),
  ]

  /// Every bit of every tensor: the digest that the reference generator states for each model, over the
  /// tensors' bytes in byte order of their paths.
  @Test(arguments: wholes) func digestOfAllTensors(_ whole: Whole) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("tensors")
    try Data().write(to: URL(filePath: path.string))
    let output = try #require(FileHandle(forWritingAtPath: path.string))
    let source = whole.source
    for entry in source.settings.tensors.sorted(by: {
      Array($0.path.utf8).lexicographicallyPrecedes(Array($1.path.utf8))
    }) {
      let values = try source.tensor(entry)
      output.write(values.withUnsafeBytes { Data($0) })
    }
    try output.close()
    #expect(try Digest.sha256(file: path) == whole.sha256)
  }

  @Test func digestNamesModelSeedAndChangedHeads() throws {
    #expect(try SeededWeights(.perchV2).digest.text == "seeded:perch_v2:20260101")
    #expect(try SeededWeights(.perchV2, classes: [("label", 64)]).digest.text == "seeded:perch_v2:20260101:label=64")
  }

  /// Block table of perch_v2 (B3): counts of the public modules.
  @Test(arguments: [(SeededModel.perch8, 23, 6_512_608 + 62_048), (.perchV2, 26, 10_695_512 + 87_296)])
  func sizes(_ model: SeededModel, blocks: Int, values: Int) {
    let settings = SeededWeights(model).settings
    #expect(settings.backbone.blocks.count == blocks)
    let tensors = settings.backbone.tensors(embeddingSize: settings.embeddingSize)
    #expect(tensors.reduce(0) { $0 + $1.count } == values)
  }

  @Test func classNamesAreNumbered() throws {
    let names = try SeededWeights(.perch8).classNames(head: "order")
    #expect(names.count == 41 && names[0] == "order_00000" && names[40] == "order_00040")
  }

  @Test func refusesAnotherShape() throws {
    let want = RunnerError(
      "seeded:perch_8", "has no backbone/stem/bn/mean of the wanted shape", remedy: "use weights that have it",
      exit: .weights)
    #expect(throws: want) { try SeededWeights(.perch8).tensor("backbone/stem/bn/mean", shape: [31]) }
    #expect(try SeededWeights(.perch8).optionalTensor("frontend/pcen_smoothing", shape: [128]) == nil)
  }

  /// Counted properties of the published matrix: 1007 entries, 510 bins in use, none at 0 Hz.
  @Test func melMatrix() {
    let weights = MelMatrix.weights(bins: 513, bands: 128, sampleRate: 32000, lowerHertz: 60, upperHertz: 16000)
    #expect(weights.count { $0 > 0 } == 1007)
    #expect(weights[..<128].allSatisfy { $0 == 0 })
    #expect((0..<513).count { bin in weights[bin * 128..<(bin + 1) * 128].contains { $0 > 0 } } == 510)
    #expect(weights.allSatisfy { $0 >= 0 && $0 <= 1 })
  }

  @Test func hannWindow() {
    // sum of n terms 0.5 − 0.5 cos is (n − 1)/2 for the symmetric form, n/2 for the periodic one
    let symmetric = HannWindow.coefficients(.hannSymmetric, length: 640)
    let periodic = HannWindow.coefficients(.hannPeriodic, length: 640)
    #expect(abs(symmetric.reduce(0, +) - 1) < 1e-14 && abs(periodic.reduce(0, +) - 1) < 1e-14)
    #expect(symmetric[0] == 0 && abs(symmetric[639]) < 1e-18 && periodic[639] > 1e-8)
    #expect(abs(periodic[320] - 1 / 320) < 1e-15)
    #expect(abs(symmetric[319] - symmetric[320]) < 1e-17)
  }
}
