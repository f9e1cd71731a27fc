import KernelTable
import PerchModel
import PerchTensor
import PerchWeights
import TestSupport
import Testing

extension Tag {
  @Tag static var golden: Self
}

struct GoldenCase: CustomTestStringConvertible, Sendable {
  let model: GoldenModel
  let kernels: KernelTable

  var testDescription: String { "\(model.seeded) on \(kernels.build.rawValue)" }

  func load() throws -> PerchModel {
    try PerchModel(SeededWeights(model.seeded, classes: model.smallHeads), kernels: kernels)
  }
}

enum GoldenModel: CaseIterable, Sendable {
  case perch8, perch8C, perchV2

  static var all: [GoldenModel] { allCases }

  var seeded: SeededModel {
    switch self {
    case .perch8: .perch8
    case .perch8C: .perch8C
    case .perchV2: .perchV2
    }
  }

  /// Heads of the vectors `logits_small`.
  var smallHeads: [(head: String, count: Int)] {
    self == .perch8 ? [("label", 64), ("genus", 32), ("family", 16), ("order", 8)] : [("label", 64)]
  }

  func open() throws -> GoldenFile {
    switch self {
    case .perch8: try GoldenFile("golden/perch_8.h5")
    case .perch8C: try GoldenFile("golden/perch_8_c.h5")
    case .perchV2: try GoldenFile("golden/perch_v2.h5")
    }
  }

  /// perch_8_c's spectrogram is small (rms 3e-4 to 2e-3, 8e-13 for quiet noise), so its bar is relative.
  func spectrogramBar(rms: Double) -> Double { self == .perch8C ? max(1e-5 * rms, 1e-8) : 1e-6 }
}

struct GoldenFile {
  let file: Golden

  init(_ name: String) throws { file = try Golden(file: name) }

  /// Values of one window of a dataset [windows, …].
  func window(_ dataset: String, _ index: Int) throws -> [Double] {
    let (shape, values) = try file.doubles(dataset)
    let count = shape.dropFirst().reduce(1, *)
    return Array(values[index * count..<(index + 1) * count])
  }
}

struct GoldenWindows {
  static let realCount = 8
  static let count = 14

  let name: String
  let samples: [Float]

  static func read() throws -> [GoldenWindows] {
    let golden = try Golden(file: "golden/inputs.h5")
    let (shape, values) = try golden.floats("inputs")
    let names = try golden.strings("names")
    return (0..<shape[0]).map {
      GoldenWindows(name: names[$0], samples: Array(values[$0 * shape[1]..<($0 + 1) * shape[1]]))
    }
  }
}

extension [Double] {
  var rms: Double { (reduce(0) { $0 + $1 * $1 } / Double(Swift.max(count, 1))).squareRoot() }
}

/// Largest absolute difference; infinite where a value is not a number.
func maximumError(_ got: [Float], _ want: [Double]) -> Double {
  zip(got, want).reduce(0) { worst, pair in
    let error = abs(Double(pair.0) - pair.1)
    return error.isNaN ? .infinity : max(worst, error)
  }
}

func cosineDistance(_ a: [Float], _ b: [Double]) -> Double {
  var (dot, aa, bb) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a, b) {
    dot += Double(x) * y
    aa += Double(x) * Double(x)
    bb += y * y
  }
  return 1 - dot / (aa * bb).squareRoot()
}
