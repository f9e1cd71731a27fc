import PerchCore
import SystemPackage

/// A weights file: HDF5 in the layout "perch-weights", whose attributes and shapes have been checked.
///
/// Opening reads attributes and shapes only; values are read and checked tensor by tensor. With
/// `heads: .none` nothing below `heads/` is touched, so that computing embeddings does not pay for it.
package final class WeightFile: WeightSource, Sendable {
  package let settings: ModelSettings
  package let digest: FileDigest
  /// Where the file is.
  package let path: FilePath
  private let file: HDF5File
  private let varianceEpsilon: Float
  /// Shapes of the datasets that were checked when the file was opened.
  private let shapes: [String: [Int]]

  /// Opens `path`. Every fault is a `RunnerError` with exit code 4 that names the attribute or dataset.
  package init(path: FilePath, heads: ModelSettings.HeadChoice = .none) throws(RunnerError) {
    (file, settings, shapes) = try WeightFault.reporting(path) { () throws(WeightFault) in
      let file = try WeightFault.reading { () throws(HDF5Error) in try HDF5File(reading: path) }
      let settings = try SettingsReader(file: file).model(heads: heads)
      var shapes: [String: [Int]] = [:]
      for entry in settings.tensors + settings.frontend.optionalTensors.filter({ file.has($0.path) }) {
        try Self.checkShape(entry, in: file)
        shapes[entry.path] = entry.shape
      }
      return (file, settings, shapes)
    }
    do { digest = try FileDigest(of: path) } catch {
      throw WeightFault(HDF5Error.cannotOpen(error)).error(in: path)
    }
    self.path = path
    varianceEpsilon = Float(settings.backbone.batchNormEpsilon)
  }

  package func tensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float] {
    try WeightFault.reporting(self.path) { () throws(WeightFault) in
      try values(TensorEntry(path: path, shape: shape, role: path.hasSuffix("/variance") ? .variance : .bias))
    }
  }

  package func slabs(
    _ path: String, shape: [Int], _ body: (_ firstRow: Int, [Float]) -> Void
  ) throws(RunnerError) {
    try WeightFault.reporting(self.path) { () throws(WeightFault) in
      let entry = TensorEntry(path: path, shape: shape, role: .bias)
      let isContiguous = try WeightFault.reading { () throws(HDF5Error) in try file.isContiguous(path) }
      let (rows, rowSize) = (shape.first ?? 1, shape.dropFirst().reduce(1, *))
      let step = isContiguous ? max(1, Self.slabElements / max(rowSize, 1)) : max(rows, 1)
      for first in stride(from: 0, to: rows, by: step) {
        body(first, try values(entry, rows: first..<min(first + step, rows)))
      }
    }
  }

  /// 16 MB.
  private static let slabElements = 4 << 20

  package func optionalTensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float]? {
    file.has(path) ? try tensor(path, shape: shape) : nil
  }

  package func classNames(head: String) throws(RunnerError) -> [String] {
    try WeightFault.reporting(path) { () throws(WeightFault) in
      let group = AttributeReader(file: file, group: "heads/\(head)")
      return try names(of: head, count: try group.integer("num_classes", in: 1...Int.max))
    }
  }

  /// Reads every value and class name of the file, those of the heads too, and throws at the first
  /// fault. Holds one tensor at a time.
  package func validateAll() throws(RunnerError) {
    try WeightFault.reporting(path) { () throws(WeightFault) in
      let complete = try SettingsReader(file: file).model(heads: .all)
      for entry in complete.tensors { _ = try values(entry) }
      for entry in complete.frontend.optionalTensors where file.has(entry.path) { _ = try values(entry) }
      for head in complete.heads { _ = try names(of: head.name, count: head.classes) }
    }
  }

  // MARK: Checks

  private static func checkShape(_ entry: TensorEntry, in file: HDF5File) throws(WeightFault) {
    let shape = try WeightFault.reading { () throws(HDF5Error) in try file.shape(of: entry.path) }
    guard shape == entry.shape else {
      throw WeightFault("\(entry.path) has shape \(shape), not \(entry.shape)")
    }
  }

  /// - Parameter rows: indices of the first axis; nil for everything.
  private func values(_ entry: TensorEntry, rows: Range<Int>? = nil) throws(WeightFault) -> [Float] {
    if shapes[entry.path] != entry.shape { try Self.checkShape(entry, in: file) }
    let values = try WeightFault.reading { () throws(HDF5Error) in try file.floats(entry.path, rows: rows) }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      let rowSize = entry.shape.dropFirst().reduce(1, *)
      throw WeightFault(
        "\(entry.path): value \((rows?.lowerBound ?? 0) * rowSize + index + 1) of \(entry.shape.reduce(1, *)) "
          + "is not finite", .copyAgain)
    }
    guard entry.role == .variance else { return values }
    if let index = values.firstIndex(where: { $0 < 0 || $0 + varianceEpsilon <= 0 }) {
      throw WeightFault("\(entry.path): value \(index + 1) of \(values.count) is \(values[index]), not above 0")
    }
    return values
  }

  private func names(of head: String, count: Int) throws(WeightFault) -> [String] {
    let path = "heads/\(head)/class_names"
    let names = try WeightFault.reading { () throws(HDF5Error) in try file.texts(path) }
    guard names.count == count else {
      throw WeightFault("\(path) has \(names.count) names, not \(count) (attribute num_classes)")
    }
    var seen: Set<String> = []
    for (index, name) in names.enumerated() {
      guard !name.isEmpty else { throw WeightFault("\(path): name \(index + 1) is empty") }
      guard seen.insert(name).inserted else {
        throw WeightFault("\(path): name \(index + 1), \"\(name)\", is there twice")
      }
    }
    return names
  }
}
