/// A linear layer on embeddings: score of a label = embedding · its weights + its bias, without any
/// further function. Higher is better; 0 is the natural boundary.
package struct Recognizer: Sendable {
  package let name: String
  package let labels: [String]
  /// Size of the embeddings it takes.
  package let dimension: Int
  /// [dimension, labels], row after row.
  package let weights: [Float]
  /// One number a label.
  package let bias: [Float]

  package init(name: String, labels: [String], dimension: Int, weights: [Float], bias: [Float]) {
    precondition(
      weights.count == dimension * labels.count && bias.count == labels.count,
      "sizes are checked by who read the numbers")
    self.name = name
    self.labels = labels
    self.dimension = dimension
    self.weights = weights
    self.bias = bias
  }
}
