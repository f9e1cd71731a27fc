import Foundation
import TestSupport
import Testing

/// The direction of imports: down only, and siblings do not know each other.
@Suite struct ImportTests {
  /// What each target may import of this package.
  private static let allowed: [String: Set<String>] = [
    "PerchCore": [],
    "CPlatform": [], "CHDF5": [], "CSndFile": [], "COpenBLAS": [],
    "CClassLists": [],
    "KernelTable": ["CPlatform"],
    "PerchKernels": ["KernelTable", "CPlatform"],
    "PerchKernelsV3": ["KernelTable", "CPlatform"],
    "PerchKernelsV4": ["KernelTable", "CPlatform"],
    "PerchKernelsVNNI": ["KernelTable", "CPlatform"],
    "PerchTensor": [
      "PerchCore", "KernelTable", "CPlatform", "PerchKernels", "PerchKernelsV3", "PerchKernelsV4",
      "PerchKernelsVNNI",
    ],
    "PerchWeights": ["PerchCore", "CHDF5"],
    "PerchAudio": ["PerchCore", "PerchTensor", "KernelTable", "CSndFile"],
    "PerchTables": ["PerchCore"],
    "PerchModel": ["PerchCore", "PerchTensor", "KernelTable", "PerchWeights", "CClassLists"],
    "PerchExport": ["PerchCore", "PerchTensor", "KernelTable", "PerchWeights", "PerchModel"],
    "PerchRecognition": ["PerchCore", "PerchTensor", "KernelTable", "PerchWeights"],
    "PerchHoplite": ["PerchCore"],
    "PerchPipeline": [
      "PerchHoplite",
      "PerchCore", "KernelTable", "PerchTensor", "PerchWeights", "PerchAudio", "PerchModel", "PerchRecognition",
      "PerchTables", "PerchReport",
    ],
    "PerchReport": ["PerchCore"],
    "perch-runner": [
      "PerchCore", "PerchWeights", "PerchAudio", "PerchModel", "PerchRecognition", "PerchTables",
      "PerchPipeline", "PerchTensor", "PerchExport",
    ],
  ]

  private struct Package: Decodable {
    struct Target: Decodable {
      let name: String
      let type: String
      let targetDependencies: [String]?

      enum CodingKeys: String, CodingKey {
        case name, type
        case targetDependencies = "target_dependencies"
      }
    }
    let targets: [Target]
  }

  @Test func targetsDependDownwardsOnly() throws {
    let package = try JSONDecoder().decode(Package.self, from: try Self.describe())
    let shipped = package.targets.filter { $0.type != "test" && $0.name != "TestSupport" }
    #expect(shipped.contains { $0.name == "perch-runner" })
    for target in shipped {
      let allowed = try #require(Self.allowed[target.name], "\(target.name) has no place in the table")
      let more = Set(target.targetDependencies ?? []).subtracting(allowed)
      #expect(more.isEmpty, "\(target.name) depends on \(more.sorted())")
    }
  }

  /// The manifest alone does not say it: a build lets a file import what another target brought along.
  @Test(arguments: SourceFile.all)
  func filesImportDownwardsOnly(_ file: SourceFile) throws {
    let allowed = try #require(Self.allowed[file.target], "\(file.target) has no place in the table")
    let known = Set(Self.allowed.keys)
    let more = try Set(file.imports).intersection(known).subtracting(allowed)
    #expect(more.isEmpty, "\(file.path) imports \(more.sorted())")
  }

  private static func describe() throws -> Data {
    // In a build folder of its own: the one that runs these tests is locked.
    let scratch = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: scratch) }
    return try Tool.run(
      "swift",
      [
        "package", "--package-path", TestFiles.project.path, "--scratch-path", scratch.path, "describe", "--type",
        "json",
      ])
  }
}
