import Foundation
import PerchPipeline
import PerchTables
import SystemPackage
import TestSupport
import Testing

/// The excerpts that are built in against the published arrays that they were taken from.
@Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
struct PublishedEmbeddingsTests {
  static let arrays = [
    "a2o_minjerribah_perch_v2_cpu1_f16", "perchrunner_100sec_perch_v2_cpu1_f16", "perchrunner_100sec_perch_8_f16",
  ]

  static func published(_ index: Int) throws -> (PublishedEmbeddings, [[Float]]) {
    let shared = try #require(TestFiles.shared)
    let data = try Data(contentsOf: shared.appending(path: "golden/released/\(arrays[index]).npy"))
    // NumPy's format 1.0: ten bytes, then the header whose length the last two of them tell.
    let start = 10 + Int(data[8]) + 256 * Int(data[9])
    let published = PublishedEmbeddings.all[index]
    let size = published.model == "perch_8" ? 1280 : 1536
    let values = data[start...].withUnsafeBytes { bytes in
      (0..<bytes.count / 2).map { place in
        Float(Float16(bitPattern: bytes.loadUnaligned(fromByteOffset: 2 * place, as: UInt16.self)))
      }
    }
    return (published, stride(from: 0, to: values.count, by: size).map { Array(values[$0..<$0 + size]) })
  }

  @Test(arguments: arrays.indices) func thePublishedArraysPass(_ index: Int) throws {
    let (published, embeddings) = try Self.published(index)
    let comparison = try #require(published.compare(embeddings))
    #expect(comparison.passes)
    // What is built in are the same 16-bit numbers; lengths are rounded to seven digits.
    #expect(comparison.difference == 0)
    #expect(comparison.norm < 1e-6)
  }

  @Test(arguments: arrays.indices) func othersDoNotPass(_ index: Int) throws {
    let (published, embeddings) = try Self.published(index)
    // Windows in another order; one number wrong; another gain; not a number; one window missing.
    #expect(published.compare(Array(embeddings.dropFirst()) + [embeddings[0]])?.passes == false)
    for change in [Float(0.01), .nan] {
      var wrong = embeddings
      wrong[3][2] += change
      let comparison = try #require(published.compare(wrong))
      #expect(!comparison.passes && comparison.window == 3)
    }
    #expect(published.compare(embeddings.map { $0.map { $0 * 1.02 } })?.passes == false)
    #expect(published.compare(Array(embeddings.dropLast())) == nil)
  }
}
