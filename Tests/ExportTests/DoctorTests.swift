import PerchCore
import PerchExport
import PerchWeights
import Testing

/// Seeded weights in which one kernel is a little too large.
private struct Enlarged: WeightSource {
  let base = SeededWeights(.perch8, classes: [])
  let path: String
  var settings: ModelSettings { base.settings }
  var digest: FileDigest { base.digest }

  func tensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float] {
    let values = try base.tensor(path, shape: shape)
    return path == self.path ? values.map { $0 * 1.001 } : values
  }

  func optionalTensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float]? {
    try base.optionalTensor(path, shape: shape)
  }

  func classNames(head: String) throws(RunnerError) -> [String] { try base.classNames(head: head) }
}

@Suite struct DoctorTests {
  /// Some convolutions of the network; every one where the long tests are asked for.
  static let kernels = SeededWeights(.perch8, classes: []).settings.tensors
    .filter { $0.role == .convolution }.map(\.path).reversed().enumerated()
    .filter { ReleasedStyleTests.cases != nil || $0.offset % 8 == 0 }.map(\.element)

  @Test(arguments: kernels)
  func aWrongKernelIsFoundInItsStage(_ path: String) throws {
    let doctor = try Doctor(Enlarged(path: path))
    let stage =
      path.hasPrefix("backbone/head")
      ? "spatial_embedding" : path.split(separator: "/").dropLast(2).joined(separator: "/")
    let expected = "network against the recipe is wrong (first wrong stage: \(stage), "
    #expect(doctor.failure?.hasPrefix(expected) == true, "\(doctor.failure ?? "nothing found")")
  }

  @Test(arguments: SeededModel.allCases)
  func seededWeightsAreRight(_ model: SeededModel) throws {
    #expect(try Doctor(SeededWeights(model, classes: [])).failure == nil)
  }
}
