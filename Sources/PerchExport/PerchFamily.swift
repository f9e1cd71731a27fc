import PerchCore
import PerchWeights

/// The two models that were released, with what all their files have in common.
package enum PerchFamily: String, Sendable, CaseIterable {
  case v2 = "perch_v2"
  case v8 = "perch_8"

  /// Settings with the given classes; `frontend` and activations of perch_8 are still open.
  ///
  /// The seeded models have the sizes of the released ones, so theirs are taken.
  func settings(heads: [(name: String, classes: Int)], provenance: WeightProvenance) -> ModelSettings {
    var settings = (self == .v2 ? SeededModel.perchV2 : .perch8).settings(
      seed: 0, classes: heads.map { ($0.name, $0.classes) })
    settings.name = rawValue
    settings.origin = .trained
    settings.provenance = provenance
    // The presets of perch-hoplite (zoo/model_configs.py) give perch_v2's logits this slope and intercept.
    if self == .v2 {
      for index in settings.heads.indices {
        (settings.heads[index].logitSlope, settings.heads[index].logitIntercept) = (0.97, -10)
      }
    }
    return settings
  }

  /// Heads in output order, by the name of their label file.
  var headNames: [String] { self == .v2 ? ["label"] : ["label", "genus", "family", "order"] }

  /// Name and header of a head's label file.
  func labelFile(_ head: String) -> (name: String, header: String) {
    switch (self, head) {
    case (.v2, _): ("labels.csv", "inat2024_fsd50k")
    case (.v8, "genus"): ("genus.csv", "ebird2021_genera")
    case (.v8, "family"): ("family.csv", "ebird2021_families")
    case (.v8, "order"): ("order.csv", "ebird2021_orders")
    case (.v8, _): ("label.csv", "ebird2021")
    }
  }
}
