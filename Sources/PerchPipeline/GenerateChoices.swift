/// A model that this program knows by name.
package enum ModelName: String, Sendable, CaseIterable {
  case perch8 = "perch_8"
  case perchV2 = "perch_v2"
}

/// How the values of an embedding leave the network's 32-bit floats.
package enum Precision: String, Sendable, CaseIterable {
  case float32
  /// Rounded to the nearest 16-bit float, ties to even; the tables keep their 32-bit columns.
  case float16
}

package enum TableFormat: String, Sendable, CaseIterable { case csv, parquet }
package enum EmbeddingLayout: String, Sendable, CaseIterable { case list, columns, serialized }
package enum MetadataPlacement: String, Sendable, CaseIterable { case header, sidecar, none }
package enum Tail: String, Sendable, CaseIterable { case pad, drop }
package enum Compat: String, Sendable, CaseIterable { case none, reference }
package enum Normalization: String, Sendable, CaseIterable { case hoplite, peak, none }
package enum ChannelChoice: Equatable, Sendable { case first, mean, all, index(Int) }
