import PerchCore
import PerchWeights
import SystemPackage

/// perch_v2 as an ONNX file.
final class ONNXSource: ReleasedSource {
  let path: FilePath
  let family = PerchFamily.v2
  let settings: ModelSettings
  let warnings: [ExportWarning]
  let findings: [String]
  let hasFoldedNorms: Bool
  var candidates: [ModelSettings] { [settings] }
  private let tensors: [String: Placed]
  private let norms: [String: ConvolutionNode.Norm]
  private let names: [String]

  /// Operator sets whose operators mean what is checked here: 17 brought DFT, later ones are unknown.
  private static let operatorSets = 17...22
  private static let outputNames: Set<String> = ["embedding", "spatial_embedding", "spectrogram", "label"]

  /// - Parameter labels: the label file; `labels.csv` beside the model where nil.
  init(_ path: FilePath, labels: FilePath?) throws(ExportFault) {
    let model = try ONNXModel(path)
    guard Self.operatorSets.contains(model.operatorSet) else {
      throw ExportFault(.opset, "it uses operator set \(model.operatorSet), not one of \(Self.operatorSets)")
    }
    var settings = family.settings(heads: [("label", 1)], provenance: .unknown)
    try Self.checkPorts(model, settings)
    let (file, header) = family.labelFile("label")
    let labels = try LabelFile(
      labels ?? path.removingLastComponent().appending(file), header: header, isReleasedStyle: true)
    let classes = model.outputs.first { $0.name == "label" }?.shape.last.flatMap { $0 }
    guard classes == labels.names.count else {
      throw ExportFault(
        .classCount,
        "the output has \(classes.map(String.init) ?? "unknown") classes, but there are "
          + "\(labels.names.count) labels"
      )
    }
    settings.heads[0].classes = labels.names.count
    let count = model.nodes.count { $0.kind == "Conv" }
    let layers = settings.tensors.count { $0.role == .convolution }
    guard count == layers + 1 else {
      throw ExportFault(.convolutionCount, "it has \(count) convolutions, not \(layers + 1)")
    }
    let graph = try ONNXGraph(model)
    let frontend = try FrontendWalk(graph, settings)
    let frames = (settings.windowSamples + settings.frontend.hopLength - 1) / settings.frontend.hopLength
    let backbone = try BackboneWalk(graph, settings, frames: frames)
    let head = try HeadWalk(graph, settings, classes: labels.names.count, places: backbone.places)
    guard backbone.epsilons.count <= 1 else {
      throw ExportFault(.normEpsilon, "its batch normalisations have several epsilons")
    }
    settings.backbone.batchNormEpsilon = backbone.epsilons.first.map(Self.decimal) ?? 1e-5
    settings.heads[0].kind = .protoPNet(
      prototypes: HeadWalk.prototypeCount, normEpsilon: Self.decimal(head.normEpsilon), nonNegativeKernel: true,
      prototypesNormalized: true)
    let digest: String
    do { digest = try Digest.sha256(file: path) } catch {
      throw ExportFault(.unreadable, "it cannot be read (\(error))")
    }
    let provenance = ReleasedFile.provenance(digest, of: path.lastComponent?.string ?? "ONNX", what: "file")
    settings.provenance = provenance.record
    var tensors = backbone.tensors
    tensors["heads/label/prototypes"] = head.prototypes
    tensors["heads/label/class_kernel"] = head.classKernel
    tensors["heads/label/bias"] = head.bias
    tensors["frontend/window"] = frontend.window
    tensors["frontend/mel_weights"] = frontend.melWeights
    (self.path, self.settings, self.tensors, norms) = (path, settings, tensors, backbone.norms)
    (warnings, names) = (labels.warnings, labels.names)
    hasFoldedNorms = backbone.foldedCount > 0
    findings = provenance.findings + Self.findings(model, frontend, backbone)
  }

  private static func findings(_ model: ONNXModel, _ frontend: FrontendWalk, _ backbone: BackboneWalk) -> [String] {
    let vectors = backbone.norms.values.count(where: \.isVectors)
    let pairs = backbone.norms.count - vectors - backbone.foldedCount
    return [
      "ONNX format \(model.formatVersion), operator set \(model.operatorSet), \(model.nodes.count) nodes, "
        + "\(model.constants.count) constants",
      "batch normalisations: \(vectors) nodes, \(pairs) by Mul and Add, \(backbone.foldedCount) in the kernels; "
        + "\(backbone.biasCount) convolutions have a bias",
      "mel matrix: within \(frontend.melDifference) of its formula",
    ]
  }

  func sourceName(_ path: String) -> String {
    if let placed = tensors[path] { return placed.tensor.name }
    return "batch normalisation"
  }

  func labels(_ head: String) -> [String] { head == "label" ? names : [] }

  func values(_ entry: TensorEntry) throws(ExportFault) -> [Float]? {
    if let placed = tensors[entry.path] { return try placed.values() }
    let parts = entry.path.split(separator: "/")
    guard let norm = norms[parts.dropLast().joined(separator: "/")] else { return nil }
    switch (norm, entry.role) {
    case (.vectors(let gamma, let beta, let mean, let variance, _), _):
      switch entry.role {
      case .gamma: return try gamma.values()
      case .beta: return try beta.values()
      case .mean: return try mean.values()
      default: return try variance.values()
      }
    case (.affine(let gamma, _), .gamma): return gamma
    case (.affine(_, let beta), .beta): return beta
    case (.affine, .mean): return [Float](repeating: 0, count: entry.count)
    // With the epsilon added it is 1, but for half a unit in the last place.
    case (.affine, _): return [Float](repeating: Float(1 - settings.backbone.batchNormEpsilon), count: entry.count)
    }
  }

  /// The input and the four outputs, by name.
  private static func checkPorts(_ model: ONNXModel, _ settings: ModelSettings) throws(ExportFault) {
    // An older file lists its constants among the inputs.
    let inputs = model.inputs.filter { model.constants[$0.name] == nil }
    guard inputs.count == 1, inputs[0].name == "inputs", inputs[0].shape.dropFirst() == [settings.windowSamples]
    else {
      let found = inputs.map {
        "\($0.name) [\($0.shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", "))]"
      }
      .joined(separator: "; ")
      throw ExportFault(.inputs, "its input is \(found), not inputs [?, \(settings.windowSamples)]")
    }
    let outputs = Dictionary(model.outputs.map { ($0.name, $0.shape) }) { first, _ in first }
    guard Set(outputs.keys) == outputNames, outputs["embedding"]?.last == settings.embeddingSize,
      outputs["spatial_embedding"]?.last == settings.embeddingSize,
      outputs["spectrogram"]?.last == settings.frontend.melBins
    else {
      let found = model.outputs.map(\.name).joined(separator: ", ")
      throw ExportFault(.outputs, "its outputs are \(found), not those of perch_v2")
    }
    for (name, constant) in model.constants.sorted(by: { $0.key < $1.key }) where !constant.isFloat32 {
      // Integers are shapes and axes; a kernel is never one of them.
      guard constant.count <= 64 else { throw ExportFault(.dtype, "constant \(name) is not float32") }
    }
  }

  /// The shortest decimal that rounds to a float32: the number that somebody wrote into the source.
  private static func decimal(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }
}
