import Foundation
import PerchCore
import PerchWeights
import SystemPackage
import Testing

struct WeightLocatorTests {
  @Test func placesInTheirOrder() throws {
    let folder = try TemporaryFolder()
    let (first, second) = (folder.path("first"), folder.path("second"))
    for place in [first, second] {
      try FileManager.default.createDirectory(atPath: place.string, withIntermediateDirectories: true)
      try Data().write(to: URL(filePath: place.appending("perch_v2.h5").string))
    }
    try Data().write(to: URL(filePath: second.appending("perch_8.h5").string))
    func locate(_ option: String?, _ variable: String?, _ model: String? = nil) throws -> WeightLocator.Place {
      try WeightLocator(option: option, environment: variable, folders: [first, second]).locate(model: model)
    }
    #expect(try locate(nil, nil) == .file(first.appending("perch_v2.h5")))
    #expect(try locate(nil, nil, "perch_8") == .file(second.appending("perch_8.h5")))
    #expect(try locate(nil, "") == .file(first.appending("perch_v2.h5")))
    #expect(try locate(nil, second.string) == .file(second.appending("perch_v2.h5")))
    #expect(try locate("seeded:perch_8", second.string) == .seeded(.perch8))
    #expect(try locate(first.string, "seeded:perch_8", "perch_8") == .file(first.appending("perch_8.h5")))
    #expect(try locate("/x/absent.h5", nil) == .file("/x/absent.h5"))
  }

  @Test func usualFolders() {
    #expect(WeightLocator.usualFolders.last == "/app/weights")
    #expect(WeightLocator.usualFolders.first?.lastComponent == "weights")
  }

  @Test func saysHowToGetWeights() throws {
    let locator = WeightLocator(option: nil, environment: nil, folders: ["/x/weights", "/app/nowhere"])
    let error = #expect(throws: RunnerError.self) { try locator.open(model: "perch_8") }
    #expect(
      error?.description
        == "error: perch_8.h5: no such weights in /x/weights or /app/nowhere; get the released model (Kaggle "
        + "google/bird-vocalization-classifier, or Hugging Face justinchuby/Perch-onnx for perch_v2), turn it "
        + "into a weights file as weights/README.md says and name that with --weights, or try "
        + "--weights seeded:perch_v2")
    #expect(error?.exit == .weights)
  }

  @Test func refusesUnknownSeededWeights() throws {
    let error = #expect(throws: RunnerError.self) {
      try WeightLocator(option: "seeded:perch_9", environment: nil).locate()
    }
    #expect(
      error?.description
        == "error: seeded:perch_9: there are no seeded weights of that name; use seeded:perch_8, "
        + "seeded:perch_8_c, seeded:perch_v2")
    #expect(error?.exit == .weights)
  }

  @Test func refusesAnotherModel() throws {
    let folder = try TemporaryFolder()
    try TinyFile().write(to: folder.path("tiny.h5"))
    for (option, subject, holds) in [
      (folder.path("tiny.h5").string, folder.path("tiny.h5").string, "tiny"),
      ("seeded:perch_8", "seeded:perch_8", "perch_8"),
    ] {
      let locator = WeightLocator(option: option, environment: nil)
      let error = #expect(throws: RunnerError.self) { try locator.open(model: "perch_v2") }
      #expect(
        error?.description
          == "error: \(subject): holds \(holds), not perch_v2; leave --model out or name weights of perch_v2")
      #expect(error?.exit == .weights)
      #expect(try locator.open().settings.name == holds)
      #expect(try locator.open(model: holds, heads: .all).settings.name == holds)
    }
  }
}
