/// A model that this program knows by name.
package enum ModelName: String, Sendable, CaseIterable {
  case perch8 = "perch_8"
  case perchV2 = "perch_v2"

  /// Values of an embedding.
  package var embeddingSize: Int {
    switch self {
    case .perch8: 1280
    case .perchV2: 1536
    }
  }

  /// One line for a person: released version and elements of an embedding.
  package var summary: String {
    switch self {
    case .perch8: "Perch v8 (1280d)"
    case .perchV2: "Perch v2 (1536d)"
    }
  }
}

/// How the values of an embedding leave the network's 32-bit floats.
package enum Precision: String, Sendable, CaseIterable {
  case float32
  /// Rounded to the nearest 16-bit float, ties to even; the tables keep their 32-bit columns.
  case float16

  /// Rounds `values` in place; one beyond the largest 16-bit float, 65504, becomes infinite.
  package func round(_ values: inout [Float]) {
    guard self == .float16 else { return }
    for index in values.indices { values[index] = Float(Float16(values[index])) }
  }
}
