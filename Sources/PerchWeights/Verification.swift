import PerchCore
import SystemPackage

/// What a source model answered on some windows: the group `verification` of a weights file, or of a file of
/// its own that the companion script writes. It proves the settings that no shape shows.
package struct Verification: Equatable, Sendable {
  package struct Output: Equatable, Sendable {
    /// `embedding`, `spectrogram`, `spatial_embedding` or `logits/<head>`.
    package var name: String
    /// Shape of one window's output.
    package var shape: [Int]
    /// All windows, one after the other.
    package var values: [Float]

    package init(name: String, shape: [Int], values: [Float]) {
      self.name = name
      self.shape = shape
      self.values = values
    }

    /// The output for one window.
    package func window(_ index: Int) -> ArraySlice<Float> {
      let count = shape.reduce(1, *)
      return values[index * count..<(index + 1) * count]
    }
  }

  /// Program and version that ran the source model.
  package var runtime: String
  /// Greatest error over rms of the embedding that the author of the group saw fit to allow.
  package var tolerance: Double
  /// Names of the windows: `silence`, `impulse`, `sweep`, `noise` or others.
  package var windowNames: [String]
  /// Samples of a window.
  package var windowSamples: Int
  /// All windows as fed to the network, one after the other.
  package var input: [Float]
  package var outputs: [Output]

  package init(
    runtime: String, tolerance: Double, windowNames: [String], windowSamples: Int, input: [Float],
    outputs: [Output]
  ) {
    self.runtime = runtime
    self.tolerance = tolerance
    self.windowNames = windowNames
    self.windowSamples = windowSamples
    self.input = input
    self.outputs = outputs
  }

  package func output(_ name: String) -> Output? { outputs.first { $0.name == name } }

  package func window(_ index: Int) -> ArraySlice<Float> {
    input[index * windowSamples..<(index + 1) * windowSamples]
  }
}

extension Verification {
  static let group = "verification"
  private static let fixedOutputs = ["embedding", "spectrogram", "spatial_embedding"]

  /// Reads the group of the file `path`; nil where it has none.
  ///
  /// - Throws: exit code 4 where the file or the group is damaged.
  package static func read(_ path: FilePath) throws(RunnerError) -> Verification? {
    try WeightFault.reporting(path) { () throws(WeightFault) in
      let file = try WeightFault.reading { () throws(HDF5Error) in try HDF5File(reading: path) }
      return file.has(group) ? try Verification(file) : nil
    }
  }

  private init(_ file: HDF5File) throws(WeightFault) {
    let attributes = AttributeReader(file: file, group: Self.group)
    runtime = try attributes.text("runtime")
    tolerance = try attributes.positive("tolerance")
    let inputs = try Self.read(file, "input")
    guard inputs.shape.count == 2, inputs.shape[0] > 0, inputs.shape[1] > 0 else {
      throw WeightFault("\(Self.group)/input has shape \(inputs.shape), not that of windows")
    }
    let count = inputs.shape[0]
    (windowSamples, input) = (inputs.shape[1], inputs.values)
    let names = try attributes.optional("probes")?.text?.split(separator: ",").map(String.init) ?? []
    windowNames = names.count == count ? names : (0..<count).map { "window \($0 + 1)" }
    var found = Self.fixedOutputs.filter { file.has("\(Self.group)/\($0)") }
    if file.has("\(Self.group)/logits") {
      let heads = try WeightFault.reading { () throws(HDF5Error) in try file.links(in: "\(Self.group)/logits") }
      found += heads.map { "logits/\($0)" }
    }
    guard found.contains("embedding") else { throw WeightFault("\(Self.group)/embedding is missing") }
    outputs = []
    for name in found {
      let (shape, values) = try Self.read(file, name)
      guard shape.count >= 2, shape[0] == count else {
        throw WeightFault("\(Self.group)/\(name) has shape \(shape), not one output for each of \(count) windows")
      }
      outputs.append(Output(name: name, shape: Array(shape.dropFirst()), values: values))
    }
  }

  private static func read(
    _ file: HDF5File, _ name: String
  ) throws(WeightFault) -> (shape: [Int], values: [Float]) {
    let path = "\(group)/\(name)"
    let (shape, values) = try WeightFault.reading { () throws(HDF5Error) in
      (try file.shape(of: path), try file.floats(path))
    }
    guard values.allSatisfy(\.isFinite) else {
      throw WeightFault("\(path) holds values that are not finite", .copyAgain)
    }
    return (shape, values)
  }

  /// Adds the group to a file that is being written.
  func write(to file: HDF5File) throws(HDF5Error) {
    let count = windowNames.count
    try file.createGroup(Self.group)
    try file.set("runtime", .text(runtime), of: Self.group)
    try file.set("tolerance", .real(tolerance), of: Self.group)
    try file.set("probes", .text(windowNames.joined(separator: ",")), of: Self.group)
    try file.write(input, shape: [count, windowSamples], to: "\(Self.group)/input")
    for output in outputs {
      try file.write(output.values, shape: [count] + output.shape, to: "\(Self.group)/\(output.name)")
    }
  }
}
