import Foundation
import PerchCore
import PerchExport
import PerchWeights
import SystemPackage
import Testing

@Suite struct ONNXTests {
  private static let labels = Array(
    (["inat2024_fsd50k"] + (0..<ONNXFixture.classes).map { "label_\($0)" }).map { $0 + "\r\n" }.joined().utf8)

  private static let reasons: [ONNXFixture.Damage: ExportFault.Reason] = [
    .missingAdd: .normIncomplete, .missingMul: .normIncomplete, .addBeforeMul: .normOrder,
    .unknownOperator: .unknownOperator, .relu: .activation, .stemPadding: .convolutionTable,
    .extraConvolution: .convolutionCount, .residual: .topology, .seDivisor: .meanDivisor,
    .reorderedBlocks: .scopeOrder, .periodicWindow: .window, .melCell: .mel, .hop: .framing, .floor: .log,
    .noRoot: .magnitude, .scaledPrototypes: .prototypeNorm, .negativeClassWeights: .classWeights,
    .outputName: .outputs, .inputLength: .inputs, .shortConstant: .truncated, .missingConstant: .constantMissing,
    .half: .dtype, .operatorSet: .opset, .domain: .unknownOperator, .outsidePath: .externalPath,
    .externalMissing: .externalMissing, .cut: .corrupt, .notANumber: .nonFinite,
  ]

  @Test(arguments: ONNXFixture.Damage.allCases)
  func aDamagedModelIsRefused(_ damage: ONNXFixture.Damage) throws {
    let folder = try TemporaryFolder()
    try folder.write(try ONNXFixture.bytes(.biasMulAdd, damage), to: "model.onnx")
    try folder.write(Self.labels, to: "labels.csv")
    let fault = #expect(throws: ExportFault.self) { try WeightExport(folder.path("model.onnx"), .init()) }
    #expect(fault?.reason == Self.reasons[damage], "\(fault?.cause ?? "")")
  }

  /// Whatever the form of the batch normalisation, kernel · scale and shift are the same.
  @Test(arguments: ONNXFixture.Norm.allCases)
  func everyFormOfBatchNormGivesTheSameNetwork(_ norm: ONNXFixture.Norm) throws {
    let folder = try TemporaryFolder()
    try folder.write(try ONNXFixture.bytes(norm), to: "model.onnx")
    try folder.write(Self.labels, to: "labels.csv")
    var options = WeightExport.Options()
    options.verification = try ProbeFixture.write(
      .perchV2, classes: [("label", ONNXFixture.classes)], to: folder)
    let export = try WeightExport(folder.path("model.onnx"), options)
    #expect(export.warnings.isEmpty)
    let worst = try #require(export.distances.filter(\.isGate).map(\.relativeL2).max())
    // Constants rounded once to float32 (2⁻²⁴ relative) through 78 layers: intact files of this kind differ
    // by at most 1e-5.
    #expect(worst < 1e-4)
    _ = try export.write(to: folder.path("out.h5"))
    try expectSameFunction(WeightFile(path: folder.path("out.h5"), heads: .all), exact: norm == .node)
  }

  private func expectSameFunction(_ file: WeightFile, exact: Bool) throws {
    let seeded = ONNXFixture.weights
    for entry in seeded.settings.tensors where entry.role == .dense {
      #expect(try file.tensor(entry) == seeded.tensor(entry), "\(entry.path)")
    }
    for gamma in seeded.settings.tensors where gamma.role == .gamma {
      let (ours, theirs) = (try affine(file, gamma), try affine(seeded, gamma))
      #expect(difference(ours.weights, theirs.weights) <= (exact ? 0 : 1e-6), "\(gamma.path)")
      #expect(difference(ours.shift, theirs.shift) <= (exact ? 0 : 1e-6), "\(gamma.path)")
    }
    let prototypes = try #require(seeded.settings.tensors.first { $0.role == .prototypes })
    let matrix = ONNXFixture.matrix([prototypes.path: try seeded.tensor(prototypes)])
    let stored = try file.tensor(prototypes)
    let columns = 4 * ONNXFixture.classes
    #expect(stored.indices.allSatisfy { stored[$0] == matrix[$0 % 1536 * columns + $0 / 1536] })
  }

  /// Kernel times scale, and shift, in double.
  private func affine(
    _ source: some WeightSource, _ gamma: TensorEntry
  ) throws -> (weights: [Double], shift: [Double]) {
    let norm = String(gamma.path.dropLast("/gamma".count))
    let layer = norm.hasSuffix("/bn") ? norm.dropLast(2) + "conv" : norm.dropLast(2) + "conv"
    let kernel = try #require(source.settings.tensors.first { $0.path == "\(layer)/kernel" })
    let vectors = try ["gamma", "beta", "mean", "variance"].map {
      try source.tensor("\(norm)/\($0)", shape: gamma.shape)
    }
    let epsilon = source.settings.backbone.batchNormEpsilon
    let scale = gamma.shape[0]
    let factors = (0..<scale).map { Double(vectors[0][$0]) / (Double(vectors[3][$0]) + epsilon).squareRoot() }
    let weights = try source.tensor(kernel).enumerated().map { Double($0.element) * factors[$0.offset % scale] }
    return (weights, (0..<scale).map { Double(vectors[1][$0]) - Double(vectors[2][$0]) * factors[$0] })
  }

  /// Greatest difference over the largest value.
  private func difference(_ a: [Double], _ b: [Double]) -> Double {
    let greatest = b.reduce(0) { max($0, abs($1)) }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / greatest
  }

  @Test func foldedKernelsAreNotStoredInHalfPrecision() throws {
    let folder = try TemporaryFolder()
    try folder.write(try ONNXFixture.bytes(.folded), to: "model.onnx")
    try folder.write(Self.labels, to: "labels.csv")
    var options = WeightExport.Options()
    options.storage = .float16
    let fault = #expect(throws: ExportFault.self) { try WeightExport(folder.path("model.onnx"), options) }
    #expect(fault?.reason == .half)
  }

  /// No byte may bring the program down: it is refused or gives the same as before.
  @Test func randomDamageIsNeverFatal() throws {
    let folder = try TemporaryFolder()
    let intact = try ONNXFixture.bytes(.mulAdd)
    try folder.write(Self.labels, to: "labels.csv")
    var generator = SplitMix(state: 20_260_101)
    for _ in 0..<12 {
      var bytes = intact
      // Nodes stand before the constants: their bytes are where structure is.
      for _ in 0..<3 { bytes[Int(generator.next() % 200_000)] = UInt8(truncatingIfNeeded: generator.next()) }
      try folder.write(bytes, to: "model.onnx")
      #expect(throws: ExportFault.self) { try WeightExport(folder.path("model.onnx"), .init()) }
    }
  }
}

/// SplitMix64 (Steele et al. 2014).
private struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
