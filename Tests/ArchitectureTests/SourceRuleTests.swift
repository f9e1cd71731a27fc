import Foundation
import Testing

/// Rules of the sources that the compiler does not know.
@Suite struct SourceRuleTests {
  /// Where the keyword `unsafe` may stand: kernels and their memory, and one file at each border to C or to
  /// raw bytes.
  private static let unsafeTargets: Set<String> = [
    "PerchKernels", "PerchKernelsV3", "PerchKernelsV4", "PerchKernelsVNNI", "KernelTable", "PerchTensor",
  ]
  private static let unsafeFiles: Set<String> = [
    "PerchCore/AtomicFile.swift", "PerchCore/Digest.swift", "PerchCore/MappedFile.swift",
    "PerchCore/ScratchFile.swift", "PerchTables/Bytes.swift",
    "PerchWeights/HDF5File.swift", "PerchWeights/HDF5Object.swift", "PerchAudio/SoundFile.swift",
    "PerchAudio/VirtualFile.swift", "PerchAudio/Resampler.swift", "PerchPipeline/Signals.swift", "PerchModel/ClassLists.swift",
    "PerchExport/Bytes/ByteSource.swift",
  ]

  /// Files over 400 lines, with the reason.
  private static let longFiles: [String: String] = [:]

  @Test(arguments: SourceFile.all)
  func unsafeStandsInTheNamedFilesOnly(_ file: SourceFile) throws {
    if Self.unsafeTargets.contains(file.target) || Self.unsafeFiles.contains(file.path) { return }
    let words = try file.code().flatMap { $0.split { !$0.isLetter && !$0.isNumber && $0 != "_" } }
    #expect(!words.contains("unsafe"), "\(file.path) holds the keyword unsafe")
  }

  @Test func namedFilesExist() {
    let paths = Set(SourceFile.all.map(\.path))
    for file in Self.unsafeFiles.union(Self.longFiles.keys) { #expect(paths.contains(file), "\(file)") }
  }

  @Test(arguments: SourceFile.all)
  func filesSayOneThing(_ file: SourceFile) throws {
    let lines = try file.text().split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count <= 401 || Self.longFiles[file.path] != nil, "\(file.path) has \(lines.count) lines")
  }
}
