import PerchCore
import SystemPackage

/// Writes any source of weights as a file of the layout "perch-weights": one tensor in memory at a time,
/// complete under its final name or not there at all. Equal weights give equal bytes.
package struct WeightFileWriter {
  /// How kernels and prototypes are stored; everything else is float32.
  package enum Storage: String, Sendable, CaseIterable { case float32, float16 }

  private let source: any WeightSource
  private let file: HDF5File
  private let storage: Storage
  private var settings: ModelSettings { source.settings }

  /// Writes `source` to `path`, replacing what stands there. A file that cannot be written ends with
  /// exit code 6, weights that do not fit `storage` with 4.
  ///
  /// - Parameter verification: outputs of the source model that the file shall carry.
  package static func write(
    _ source: any WeightSource, to path: FilePath, storage: Storage = .float32,
    verification: Verification? = nil
  ) throws(RunnerError) {
    func stored(_ body: () throws(HDF5Error) -> Void) throws(RunnerError) {
      do { try body() } catch {
        throw RunnerError(
          path.string, error.cause, remedy: "check that the folder exists, can be written and has space",
          exit: .output)
      }
    }
    var opened: HDF5File?
    try stored { () throws(HDF5Error) in opened = try HDF5File(writing: path) }
    guard let file = opened else { return }
    let writer = WeightFileWriter(source: source, file: file, storage: storage)
    try stored { () throws(HDF5Error) in try writer.writeSettings() }
    for entry in source.settings.frontend.optionalTensors {
      guard let values = try source.optionalTensor(entry.path, shape: entry.shape) else { continue }
      try stored { () throws(HDF5Error) in try file.write(values, shape: entry.shape, to: entry.path) }
    }
    for entry in source.settings.tensors {
      let values = try source.tensor(entry)
      let half = storage == .float16 && entry.mayBeHalf
      if half { try checkHalf(values, entry.path, path) }
      try stored { () throws(HDF5Error) in
        try file.write(values, shape: entry.shape, to: entry.path, half: half)
      }
    }
    for head in source.settings.heads {
      let names = try source.classNames(head: head.name)
      try stored { () throws(HDF5Error) in try writer.writeHead(head, names: names) }
    }
    if let verification { try stored { () throws(HDF5Error) in try verification.write(to: file) } }
    try stored { () throws(HDF5Error) in try file.finish() }
  }

  private static func checkHalf(_ values: [Float], _ tensor: String, _ path: FilePath) throws(RunnerError) {
    guard let value = values.first(where: { !Float16($0).isFinite }) else { return }
    throw RunnerError(
      path.string, "\(tensor) holds \(value), which float16 cannot", remedy: "use --dtype float32",
      exit: .weights)
  }

  // MARK: Attributes

  private typealias Attributes = KeyValuePairs<String, HDF5Value>

  private func set(_ attributes: Attributes, of group: String) throws(HDF5Error) {
    for (name, value) in attributes { try file.set(name, value, of: group) }
  }

  private func writeSettings() throws(HDF5Error) {
    let origin: String
    switch settings.origin {
    case .trained: origin = "trained"
    case .seeded(let seed):
      origin = "seeded"
      try file.set("seed", .integer(Int(truncatingIfNeeded: seed)), of: "/")
    }
    try set(
      [
        "format": .text(SettingsReader.format), "format_version": .integer(SettingsReader.formatVersion),
        "model": .text(settings.name), "sample_rate": .integer(settings.sampleRate.hertz),
        "window_samples": .integer(settings.windowSamples), "target_peak": .real(settings.targetPeak),
        "embedding_size": .integer(settings.embeddingSize), "storage_dtype": .text(storage.rawValue),
        "origin": .text(origin), "source": .text(settings.provenance.source),
        "source_sha256": .text(settings.provenance.sourceSHA256),
        "license": .text(settings.provenance.license), "creator": .text(settings.provenance.creator),
      ], of: "/")
    try writeFrontend(settings.frontend)
    try writeBackbone(settings.backbone)
  }

  private func writeFrontend(_ frontend: FrontendSettings) throws(HDF5Error) {
    try file.createGroup("frontend")
    try set(
      [
        "framing": .text(frontend.framing.rawValue), "window": .text(frontend.window.rawValue),
        "window_length": .integer(frontend.windowLength), "hop_length": .integer(frontend.hopLength),
        "fft_length": .integer(frontend.fftLength), "power": .real(frontend.power),
        "mel_bins": .integer(frontend.melBins), "mel_scale": .text("htk"),
        "lower_hz": .real(frontend.lowerHertz), "upper_hz": .real(frontend.upperHertz),
      ], of: "frontend")
    switch frontend.scaling {
    case .none: try file.set("scaling", .text("none"), of: "frontend")
    case .log(let floor, let offset, let scalar):
      try set(
        [
          "scaling": .text("log"), "log_floor": .real(floor), "log_offset": .real(offset),
          "log_scalar": .real(scalar),
        ], of: "frontend")
    case .pcen(let pcen):
      try set(
        [
          "scaling": .text("pcen"), "pcen_smoothing": .real(pcen.smoothing), "pcen_gain": .real(pcen.gain),
          "pcen_bias": .real(pcen.bias), "pcen_root": .real(pcen.root), "pcen_epsilon": .real(pcen.epsilon),
          "pcen_conv_width": .integer(pcen.convWidth), "pcen_kernel": .text(pcen.kernel.rawValue),
        ], of: "frontend")
    }
  }

  private func writeBackbone(_ backbone: BackboneSettings) throws(HDF5Error) {
    try file.createGroup("backbone")
    if let width = backbone.widthCoefficient { try file.set("width_coefficient", .real(width), of: "backbone") }
    if let depth = backbone.depthCoefficient { try file.set("depth_coefficient", .real(depth), of: "backbone") }
    try set(
      [
        "architecture": .text("efficientnet"), "variant": .text(backbone.variant),
        "stages": .integer(backbone.stages.count), "stem_padding": .text(backbone.stemPadding.rawValue),
        "bn_epsilon": .real(backbone.batchNormEpsilon),
        "stem_activation": .text(backbone.stemActivation.rawValue),
        "block_activation": .text(backbone.blockActivation.rawValue),
        "se_activation": .text(backbone.squeezeActivation.rawValue),
        "se_gate": .text(backbone.gate.rawValue), "head_activation": .text(backbone.headActivation.rawValue),
      ], of: "backbone")
    for (index, stage) in backbone.stages.enumerated() {
      let group = "backbone/stage\(index + 1)"
      try file.createGroup(group)
      try set(
        [
          "blocks": .integer(stage.blocks), "kernel_size": .integer(stage.kernelSize),
          "stride": .integer(stage.stride), "expand_ratio": .integer(stage.expandRatio),
          "se_ratio": .real(stage.seRatio), "features": .integer(stage.features),
        ], of: group)
    }
  }

  private func writeHead(_ head: HeadSettings, names: [String]) throws(HDF5Error) {
    let group = "heads/\(head.name)"
    try file.write(names, to: head.classNamesPath)
    try set(
      [
        "num_classes": .integer(head.classes), "order": .integer(head.order),
        "logit_slope": .real(head.logitSlope), "logit_intercept": .real(head.logitIntercept),
      ], of: group)
    switch head.kind {
    case .dense: try file.set("type", .text("dense"), of: group)
    case .protoPNet(let prototypes, let normEpsilon, let nonNegativeKernel, let prototypesNormalized):
      try set(
        [
          "type": .text("protopnet"), "num_prototypes": .integer(prototypes),
          "norm_epsilon": .real(normEpsilon), "non_negative_kernel": .integer(nonNegativeKernel ? 1 : 0),
          "prototypes_normalized": .integer(prototypesNormalized ? 1 : 0),
        ], of: group)
    }
  }
}
