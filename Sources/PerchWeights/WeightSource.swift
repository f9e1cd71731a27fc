import PerchCore

/// Where a model's settings and numbers come from: a file or the seeded recipe.
///
/// Tensors are made or read one at a time on demand, so that a caller can pack each and let it go.
package protocol WeightSource {
  var settings: ModelSettings { get }
  /// SHA-256 of the file, or `seeded:<model>:<seed>`: what outputs record as `model_sha256`.
  var digest: FileDigest { get }

  /// The elements of a dataset, row-major. Throws where it is missing, has another shape, or holds
  /// values that no model can have.
  func tensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float]

  /// The same, or nil where the dataset does not exist.
  func optionalTensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float]?

  /// The elements of a large dataset, some rows (indices of its first axis) after the other, so that it need not
  /// be in memory as a whole. Throws as `tensor` does, possibly after some rows.
  func slabs(
    _ path: String, shape: [Int], _ body: (_ firstRow: Int, [Float]) -> Void
  ) throws(RunnerError)

  /// Names of a head's classes in the order of its logits: unique, none empty.
  func classNames(head: String) throws(RunnerError) -> [String]
}

extension WeightSource {
  /// All at once, where a part costs as much as the whole.
  package func slabs(
    _ path: String, shape: [Int], _ body: (_ firstRow: Int, [Float]) -> Void
  ) throws(RunnerError) {
    body(0, try tensor(path, shape: shape))
  }

  package func tensor(_ entry: TensorEntry) throws(RunnerError) -> [Float] {
    try tensor(entry.path, shape: entry.shape)
  }
}
