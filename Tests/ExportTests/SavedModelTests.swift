import Foundation
import PerchCore
import PerchExport
import PerchWeights
import SystemPackage
import TestSupport
import Testing

/// Changes of an intact SavedModel, each with the reason for which it must be refused.
enum SavedModelDamage: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case truncated, bitFlip, indexFlip, indexCut, indexEmpty, indexMagic, bigEndian, bundleVersion, missingLast
  case missingMiddle, extra, swappedNeighbours, meanForVariance, notANumber, zeroVariance, double, partitioned
  case sizeOverflow, offsetOverflow, shardNumber, fewerClasses, labelTwice, labelEmpty, labelBytes, noLabels
  case keyWithoutEnd

  var testDescription: String { rawValue }

  var reason: ExportFault.Reason {
    switch self {
    case .truncated, .offsetOverflow: .truncated
    case .bitFlip: .tensorChecksum
    case .indexFlip, .indexCut, .indexEmpty, .indexMagic, .shardNumber, .keyWithoutEnd: .indexCorrupt
    case .bigEndian, .bundleVersion, .partitioned: .unsupported
    case .missingLast, .extra: .variableCount
    case .missingMiddle: .numbering
    case .swappedNeighbours, .sizeOverflow: .shape
    case .meanForVariance, .zeroVariance: .negativeVariance
    case .notANumber: .nonFinite
    case .double: .dtype
    case .fewerClasses: .classCount
    case .labelTwice: .labelsDuplicate
    case .labelEmpty: .labelsEmpty
    case .labelBytes: .labelsEncoding
    case .noLabels: .labelsMissing
    }
  }

  func apply(to model: inout SavedModelFixture) {
    func key(_ index: Int) -> String { SavedModelFixture.key(index, .v8) }
    func key(_ dataset: String) -> String { model.key(of: dataset, .v8, .perch8) }
    let kernel = key("backbone/stage7/block2/project_conv/kernel")
    let variance = key("backbone/stage3/block2/project_bn/variance")
    switch self {
    case .truncated: model.data.removeLast(100)
    case .bitFlip: model.data[(model.entries[kernel]?.offset ?? 0) + 1001] ^= 4
    case .indexFlip: model.spoilIndex = { $0[$0.count / 2] ^= 1 }
    case .indexCut: model.spoilIndex = { $0.removeLast(10) }
    case .indexEmpty: model.spoilIndex = { $0 = [] }
    case .indexMagic: model.spoilIndex = { $0[$0.count - 1] = 0 }
    case .bigEndian: model.header += Wire.number(2, 1)
    case .bundleVersion: model.header += Wire.bytes(3, Wire.number(1, 2) + Wire.number(2, 2))
    case .missingLast: model.entries[key(444)] = nil
    case .missingMiddle: model.entries[key(200)] = nil
    case .extra: model.entries[key(445)] = model.entries[key(0)]
    case .swappedNeighbours:
      (model.entries[key(155)], model.entries[key(156)]) = (model.entries[key(156)], model.entries[key(155)])
    case .meanForVariance: model.entries[variance] = model.entries[key("backbone/stage3/block2/project_bn/mean")]
    case .notANumber: change(&model, kernel) { $0[3] = .nan }
    case .zeroVariance: change(&model, variance) { $0[3] = 0 }
    case .double: model.entries[kernel]?.type = 2
    case .partitioned: model.entries[kernel]?.isPartitioned = true
    case .sizeOverflow: model.entries[kernel]?.shape = [Int.max, 2, 3, 4]
    case .offsetOverflow: model.entries[kernel]?.offset = Int.max
    case .shardNumber: model.entries[kernel]?.shard = 7
    case .fewerClasses: model.labels["label.csv"]? += Array("more\n".utf8)
    case .labelTwice: model.labels["label.csv"] = Array("ebird2021\na\nb\nc\nd\ne\na\n".utf8)
    case .labelEmpty: model.labels["label.csv"] = Array("ebird2021\na\n\nc\nd\ne\nf\n".utf8)
    case .labelBytes: model.labels["label.csv"]? += [0xFF, 0x0A]
    case .noLabels: model.labels["label.csv"] = nil
    case .keyWithoutEnd: model.spoilIndex = { $0.replaceSubrange(0..<3, with: [0x80, 0x80, 0x80]) }
    }
  }

  private func change(_ model: inout SavedModelFixture, _ key: String, _ body: (inout [Float]) -> Void) {
    var values = model.values(key)
    body(&values)
    model.put(values, shape: model.entries[key]?.shape ?? [], as: key)
  }
}

@Suite struct SavedModelTests {
  @Test(arguments: SavedModelDamage.allCases)
  func aDamagedModelIsRefused(_ damage: SavedModelDamage) throws {
    let folder = try TemporaryFolder()
    var model = SavedModelFixture.perch8
    damage.apply(to: &model)
    try model.write(to: folder)
    let fault = #expect(throws: ExportFault.self) { try WeightExport(folder.path(), .init()) }
    #expect(fault?.reason == damage.reason, "\(fault?.cause ?? "")")
    #expect(fault?.error(in: "x").exit == .weights)
  }

  /// Frontend and activations are found by comparison, the tensors are those that went in.
  @Test(arguments: [(1 << 18, false), (700, false), (4096, true)])
  func perch8IsExportedBitForBit(_ blockSize: Int, _ isCompressed: Bool) throws {
    let folder = try TemporaryFolder()
    var model = SavedModelFixture.perch8
    (model.blockSize, model.isCompressed) = (blockSize, isCompressed)
    try model.write(to: folder)
    var options = WeightExport.Options()
    options.verification = try ProbeFixture.write(.perch8, classes: SavedModelFixture.classes, to: folder)
    let export = try WeightExport(folder.path(), options)
    #expect(export.warnings.isEmpty)
    let output = folder.path("out.h5")
    #expect(try export.write(to: output) == Digest.sha256(file: output))
    let seeded = SeededWeights(.perch8, classes: SavedModelFixture.classes.map { (head: $0.0, count: $0.1) })
    try expectEqual(WeightFile(path: output, heads: .all), seeded)
    let check = try WeightCheck(output)
    #expect(check.error == nil)
    #expect(check.lines.contains("origin: seeded 20260101; results made with these weights mean nothing"))
  }

  @Test func perchV2IsExportedBitForBit() throws {
    let folder = try TemporaryFolder()
    try SavedModelFixture.perchV2.write(to: folder)
    var options = WeightExport.Options()
    options.verification = try ProbeFixture.write(.perchV2, classes: [("label", 6)], to: folder)
    let export = try WeightExport(folder.path(), options)
    #expect(export.settings.heads.map(\.logitSlope) == [0.97])
    #expect(export.settings.heads.map(\.logitIntercept) == [-10])
    _ = try export.write(to: folder.path("out.h5"))
    try expectEqual(
      WeightFile(path: folder.path("out.h5"), heads: .all), SeededWeights(.perchV2, classes: [("label", 6)]))
  }

  private func expectEqual(_ file: WeightFile, _ seeded: SeededWeights) throws {
    #expect(file.settings.frontend == seeded.settings.frontend)
    #expect(file.settings.backbone == seeded.settings.backbone)
    #expect(file.settings.origin == seeded.settings.origin)
    #expect(file.settings.heads.map(\.name) == seeded.settings.heads.map(\.name))
    #expect(file.settings.verified)
    for entry in seeded.settings.tensors {
      #expect(try file.tensor(entry) == seeded.tensor(entry), "\(entry.path)")
    }
  }

  /// What no shape shows: the outputs must agree.
  @Test(arguments: ["embedding", "logits/label", "logits/order", "spectrogram"])
  func otherOutputsAreRefused(_ output: String) throws {
    let folder = try TemporaryFolder()
    try SavedModelFixture.perch8.write(to: folder)
    var options = WeightExport.Options()
    options.verification = try ProbeFixture.write(.perch8, classes: SavedModelFixture.classes, to: folder) {
      guard let index = $0.outputs.firstIndex(where: { $0.name == output }) else { return }
      // 0.2 % more, twice the limit.
      $0.outputs[index].values = $0.outputs[index].values.map { $0 * 1.002 }
    }
    let fault = #expect(throws: ExportFault.self) { try WeightExport(folder.path(), options) }
    #expect(fault?.reason == .probe)
  }

  @Test func outputsOfTheOtherActivationAreRefused() throws {
    let folder = try TemporaryFolder()
    var model = SavedModelFixture.perch8
    // The graph says swish only, the outputs are those of a network with relu.
    model.graph = SavedModelFixture.perchV2.graph
    try model.write(to: folder)
    var options = WeightExport.Options()
    options.verification = try ProbeFixture.write(.perch8, classes: SavedModelFixture.classes, to: folder)
    let fault = #expect(throws: ExportFault.self) { try WeightExport(folder.path(), options) }
    #expect(fault?.reason == .probe)
    // A graph that says nothing leaves both open, and the outputs decide.
    model.graph = []
    try model.write(to: folder)
    #expect(try WeightExport(folder.path(), options).settings.backbone.blockActivation == .relu)
  }

  @Test func withoutOutputsNothingIsProved() throws {
    let folder = try TemporaryFolder()
    try SavedModelFixture.perchV2.write(to: folder)
    let fault = #expect(throws: ExportFault.self) { try WeightExport(folder.path(), .init()) }
    #expect(fault?.reason == .probe)
    #expect(fault?.cause.hasPrefix("the embedding of the sweep is not that of the released perch_v2") == true)
  }

  @Test func unusualLabelsAreReported() throws {
    let folder = try TemporaryFolder()
    var model = SavedModelFixture.perchV2
    model.labels["labels.csv"] = Array("species\nb\na\nc\nd\ne\nf".utf8)
    try model.write(to: folder)
    var options = WeightExport.Options()
    options.verification = try ProbeFixture.write(.perchV2, classes: [("label", 6)], to: folder)
    let warnings = try WeightExport(folder.path(), options).warnings
    #expect(warnings.map(\.reason) == [.lineEnds, .labelsHeader, .labelsOrder])
  }
}

@Suite struct VariableOrderTests {
  /// The order that the public modules themselves gave.
  @Test(
    .enabled(if: TestFiles.hasShared, "needs the shared reference data"),
    arguments: [(PerchFamily.v8, SeededModel.perch8), (.v2, .perchV2)])
  func theOrderIsThatOfThePublicModules(_ family: PerchFamily, _ model: SeededModel) throws {
    let shared = try #require(TestFiles.shared)
    let file = shared.appending(path: "spec/\(family.rawValue)_pytree_order.csv")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst()
    let rows = VariableOrder.rows(model.settings(seed: 0), family)
    #expect(rows.count == lines.count)
    for (line, row) in zip(lines, rows) {
      let fields = line.split(separator: ",", maxSplits: 4)
      #expect(fields[1] == row.path)
      #expect(fields[3] == row.dataset)
      #expect((fields[4] != "as is") == row.isTransposed)
    }
  }
}
