import PerchWeights

/// Names and order of the variables that google-research/perch's exporter writes: the tree of flax
/// parameters flattened with keys in byte order at every level (`MBConv_10` before `MBConv_2`).
package enum VariableOrder {
  package struct Row: Equatable, Sendable {
    /// As in `params/encoder/Stem_0/Conv_0/kernel`.
    package let path: String
    /// The dataset of a weights file.
    package let dataset: String
    /// Whether the source has the last two sides the other way round.
    package let isTransposed: Bool
  }

  /// Rows in the order of their numbers, from 0. The model's heads must be those of the family.
  package static func rows(_ settings: ModelSettings, _ family: PerchFamily) -> [Row] {
    var rows: [Row] = []
    let root = family == .v2 ? "embedding_model/backbone" : "encoder"
    let blocks = settings.backbone.blocks.map(\.name)
    for entry in settings.backbone.tensors(embeddingSize: settings.embeddingSize) {
      let statistics = entry.role == .mean || entry.role == .variance
      let path = backbonePath(entry, blocks: blocks)
      rows.append(
        Row(
          path: "\(statistics ? "batch_stats" : "params")/\(root)/\(path)", dataset: entry.path,
          isTransposed: false))
    }
    for (index, head) in settings.heads.enumerated() {
      for entry in head.tensors(embeddingSize: settings.embeddingSize) {
        let leaf = entry.path.split(separator: "/").last.map(String.init) ?? ""
        let group = family == .v2 ? "heads_label" : "Dense_\(index)"
        rows.append(
          Row(
            path: "params/\(group)/\(leaf == "class_kernel" ? "protop_kernel" : leaf)", dataset: entry.path,
            isTransposed: entry.role == .prototypes))
      }
    }
    return rows.sorted {
      parts($0.path).lexicographicallyPrecedes(parts($1.path)) { $0.lexicographicallyPrecedes($1) }
    }
  }

  private static func parts(_ path: String) -> [[UInt8]] { path.split(separator: "/").map { Array($0.utf8) } }

  /// `backbone/stage2/block1/expand_bn/gamma` → `MBConv_2/ExpandBatchNorm/scale`.
  private static func backbonePath(_ entry: TensorEntry, blocks: [String]) -> String {
    let parts = entry.path.split(separator: "/").map(String.init)
    let (layer, leaf) = (parts[parts.count - 2], leaves[parts[parts.count - 1]] ?? parts[parts.count - 1])
    guard let block = blocks.firstIndex(of: parts.dropLast(2).joined(separator: "/")) else {
      let part = parts[1] == "stem" ? "Stem_0" : "Head_0"
      return "\(part)/\(layer == "bn" ? "BatchNorm_0" : "Conv_0")/\(leaf)"
    }
    return "MBConv_\(block)/\(layers[layer] ?? layer)/\(leaf)"
  }

  private static let leaves = ["gamma": "scale", "beta": "bias", "variance": "var"]
  private static let layers = [
    "expand_conv": "ExpandConv", "depthwise_conv": "DepthwiseConv", "project_conv": "ProjectConv",
    "expand_bn": "ExpandBatchNorm", "depthwise_bn": "DepthwiseBatchNorm", "project_bn": "ProjectBatchNorm",
    "se_reduce": "SqueezeAndExcitation_0/Reduce", "se_expand": "SqueezeAndExcitation_0/Expand",
  ]
}
