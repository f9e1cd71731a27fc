import Crypto
import Foundation
import PerchExport
import PerchWeights
import SystemPackage
import TestSupport
import Testing

/// All sources and damaged variants that the scripts beside the reference vectors make (they need TensorFlow,
/// JAX and a checkout of google-research/perch). The variable `PERCH_EXPORT_CASES` names a folder with
/// `sources` and `damaged`.
@Suite struct ReleasedStyleTests {
  static let cases = ProcessInfo.processInfo.environment["PERCH_EXPORT_CASES"].map { URL(filePath: $0) }

  struct Source: Decodable, Sendable {
    struct Export: Decodable, Sendable { let tensors_sha256: String }
    let kind: String
    let verification: String
    let export: Export
  }

  struct Variant: Decodable, Sendable, CustomTestStringConvertible {
    let kind: String
    let name: String
    let verdict: String
    let reason: String
    var testDescription: String { "\(kind)/\(name)" }
  }

  static let sources: [String] = (try? decode([String: Source].self, "sources/expected.json").keys.sorted()) ?? []
  static let variants: [Variant] = (try? decode([Variant].self, "damaged/verdicts.json")) ?? []

  private static func decode<T: Decodable>(_ type: T.Type, _ name: String) throws -> T {
    let folder = try #require(cases)
    return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
  }

  @Test(.enabled(if: cases != nil, "needs the folder that PERCH_EXPORT_CASES names"))
  func thereAreAllOfThem() {
    #expect(Self.sources.count == 13)
    #expect(Self.variants.count == 214 || Self.variants.count == 215)
  }

  /// Tensors bit for bit, by one digest over all of them.
  @Test(.enabled(if: cases != nil, "needs the folder that PERCH_EXPORT_CASES names"), arguments: sources)
  func anIntactSourceGivesTheExpectedTensors(_ name: String) throws {
    let folder = try #require(Self.cases).appending(path: "sources")
    let expected = try #require(Self.decode([String: Source].self, "sources/expected.json")[name])
    var options = WeightExport.Options()
    options.verification = FilePath(folder.appending(path: expected.verification).path)
    options.labels = FilePath(folder.appending(path: "perch_v2/assets/labels.csv").path)
    let export = try WeightExport(FilePath(folder.appending(path: name).path), options)
    #expect(export.warnings.isEmpty)
    let output = try TemporaryFolder()
    _ = try export.write(to: output.path("out.h5"))
    let file = try WeightFile(path: output.path("out.h5"), heads: .all)
    var hash = SHA256()
    for entry in file.settings.tensors.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
      hash.update(data: Wire.floats(try file.tensor(entry)))
    }
    let digest = hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(digest == expected.export.tensors_sha256)
    #expect(try WeightCheck(output.path("out.h5")).error == nil)
  }

  @Test(.enabled(if: cases != nil, "needs the folder that PERCH_EXPORT_CASES names"), arguments: variants)
  func aVariantIsJudgedAsItDeserves(_ variant: Variant) throws {
    let folder = try #require(Self.cases).appending(path: "damaged/\(variant.kind)/\(variant.name)")
    let source = variant.kind == "onnx" ? folder.appending(path: "model.onnx") : folder
    var options = WeightExport.Options()
    options.verification = FilePath(folder.appending(path: "verification.h5").path)
    do {
      let export = try WeightExport(FilePath(source.path), options)
      #expect(variant.verdict == (export.warnings.isEmpty ? "accept" : "warn"))
      if variant.verdict == "warn" { #expect(export.warnings.map(\.reason.rawValue) == [variant.reason]) }
    } catch let fault as ExportFault {
      #expect(variant.verdict == "refuse", "\(fault.cause)")
      #expect(fault.reason.rawValue == variant.reason, "\(fault.cause)")
    }
  }
}
