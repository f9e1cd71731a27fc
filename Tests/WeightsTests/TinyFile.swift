import Foundation
import PerchWeights
import SystemPackage

/// A folder that lives as long as a test.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: "weights-\(UUID().uuidString)")
  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }
  func path(_ name: String) -> FilePath { FilePath(url.appending(path: name).path) }
}

/// A complete weights file of a very small model, written value by value so that a test can spoil one.
struct TinyFile {
  var attributes: [String: HDF5Value]
  var shapes: [String: [Int]] = [:]
  var values: [String: [Float]] = [:]
  var names: [String: [String]] = [
    "heads/label/class_names": ["Pica pica", "Ninox connivens", "Ånd"], "heads/calls/class_names": ["a", "b"],
  ]

  static let backbone = BackboneSettings(
    variant: "tiny", widthCoefficient: nil, depthCoefficient: nil, stemPadding: .same, batchNormEpsilon: 1e-3,
    stemActivation: .hardSwish, blockActivation: .relu, squeezeActivation: .swish, gate: .hardSigmoid,
    headActivation: .swish, stemFeatures: 4,
    stages: [
      StageSettings(blocks: 1, kernelSize: 3, stride: 1, expandRatio: 1, seRatio: 0.25, features: 4),
      StageSettings(blocks: 2, kernelSize: 5, stride: 2, expandRatio: 2, seRatio: 0.5, features: 6),
    ])

  static let heads = [
    HeadSettings(name: "label", kind: .dense, classes: 3, order: 0, logitSlope: 0.97, logitIntercept: -10),
    HeadSettings(
      name: "calls",
      kind: .protoPNet(prototypes: 2, normEpsilon: 1e-5, nonNegativeKernel: true, prototypesNormalized: false),
      classes: 2, order: 1, logitSlope: 1, logitIntercept: 0),
  ]

  init() {
    attributes = Self.attributes
    let entries = Self.backbone.tensors(embeddingSize: 8) + Self.heads.flatMap { $0.tensors(embeddingSize: 8) }
    for entry in entries {
      shapes[entry.path] = entry.shape
      values[entry.path] = (0..<entry.count).map { 0.5 + Float($0 % 7) / 8 }
    }
  }

  /// Group and name of each attribute as one path.
  private static let attributes: [String: HDF5Value] = [
    "/format": .text("perch-weights"), "/format_version": .integer(1), "/model": .text("tiny"),
    "/sample_rate": .integer(32000), "/window_samples": .integer(160_000), "/target_peak": .real(0.25),
    "/embedding_size": .integer(8), "/storage_dtype": .text("float32"), "/origin": .text("trained"),
    "/source": .text("none"), "/source_sha256": .text(""), "/license": .text("CC0-1.0"),
    "/creator": .text("test"),
    "frontend/framing": .text("centered"), "frontend/window": .text("hann_periodic"),
    "frontend/window_length": .integer(640), "frontend/hop_length": .integer(320),
    "frontend/fft_length": .integer(1024), "frontend/power": .real(2), "frontend/mel_bins": .integer(16),
    "frontend/mel_scale": .text("htk"), "frontend/lower_hz": .real(60), "frontend/upper_hz": .real(10000),
    "frontend/scaling": .text("pcen"), "frontend/pcen_smoothing": .real(0.1),
    "frontend/pcen_gain": .real(0.5), "frontend/pcen_bias": .real(2), "frontend/pcen_root": .real(2),
    "frontend/pcen_epsilon": .real(1e-6), "frontend/pcen_conv_width": .integer(-1),
    "backbone/architecture": .text("efficientnet"), "backbone/variant": .text("tiny"),
    "backbone/stages": .integer(2), "backbone/stem_padding": .text("same"), "backbone/bn_epsilon": .real(1e-3),
    "backbone/stem_activation": .text("hard_swish"), "backbone/block_activation": .text("relu"),
    "backbone/se_activation": .text("swish"), "backbone/se_gate": .text("hard_sigmoid"),
    "backbone/head_activation": .text("swish"),
    "backbone/stage1/blocks": .integer(1), "backbone/stage1/kernel_size": .integer(3),
    "backbone/stage1/stride": .integer(1), "backbone/stage1/expand_ratio": .integer(1),
    "backbone/stage1/se_ratio": .real(0.25), "backbone/stage1/features": .integer(4),
    "backbone/stage2/blocks": .integer(2), "backbone/stage2/kernel_size": .integer(5),
    "backbone/stage2/stride": .integer(2), "backbone/stage2/expand_ratio": .integer(2),
    "backbone/stage2/se_ratio": .real(0.5), "backbone/stage2/features": .integer(6),
    "heads/label/type": .text("dense"), "heads/label/num_classes": .integer(3),
    "heads/label/order": .integer(0), "heads/label/logit_slope": .real(0.97),
    "heads/label/logit_intercept": .real(-10),
    "heads/calls/type": .text("protopnet"), "heads/calls/num_classes": .integer(2),
    "heads/calls/order": .integer(1), "heads/calls/logit_slope": .real(1),
    "heads/calls/logit_intercept": .real(0), "heads/calls/num_prototypes": .integer(2),
    "heads/calls/norm_epsilon": .real(1e-5), "heads/calls/non_negative_kernel": .integer(1),
    "heads/calls/prototypes_normalized": .integer(0),
  ]

  func write(to path: FilePath) throws {
    let file = try HDF5File(writing: path)
    for (path, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      try file.write(values[path] ?? [], shape: shape, to: path)
    }
    for (path, names) in names.sorted(by: { $0.key < $1.key }) { try file.write(names, to: path) }
    for (path, value) in attributes.sorted(by: { $0.key < $1.key }) {
      let parts = path.split(separator: "/")
      let group = parts.dropLast().joined(separator: "/")
      if !group.isEmpty, !file.has(group) { try file.createGroup(group) }
      try file.set(String(parts[parts.count - 1]), value, of: group.isEmpty ? "/" : group)
    }
    try file.finish()
  }
}
