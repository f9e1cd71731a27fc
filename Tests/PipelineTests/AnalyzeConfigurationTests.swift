import Foundation
import PerchCore
import PerchPipeline
import Testing

/// Where `analyze` finds its configuration.
@Suite struct AnalyzeConfigurationTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "perch-config-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func make(_ names: String...) {
    for name in names {
      _ = FileManager.default.createFile(atPath: folder.appending(path: name).path, contents: nil)
    }
  }

  @Test func aFolderWithoutOneIsFine() throws {
    make("other.yml")
    #expect(try AnalyzeConfiguration.find(in: folder.path) == nil)
    #expect(try AnalyzeConfiguration.find(in: folder.path + "/absent") == nil)
  }

  @Test(arguments: ["config.yml", "config.yaml", "config.json"]) func itHasOneOfThreeNames(name: String) throws {
    make(name)
    #expect(try AnalyzeConfiguration.find(in: folder.path) == folder.path + "/" + name)
  }

  @Test func twoOfThemAreAnError() throws {
    make("config.yml", "config.json")
    let error = #expect(throws: RunnerError.self) { try AnalyzeConfiguration.find(in: folder.path) }
    #expect(
      error?.description
        == "error: \(folder.path): holds config.yml and config.json, and only one of them can be "
        + "the configuration; "
        + "remove the others, or name one with --config_file")
    #expect(error?.exit == .usage)
  }
}
