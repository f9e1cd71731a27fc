import Glibc

/// The loss of rows of logits and what it is differentiated by. Nothing here overflows: exponentials are only
/// taken of numbers below 0, and 1 − σ(z) is computed as σ(−z).
struct CrossEntropy: Sendable {
  let objective: TrainingObjective
  let outputs: Int
  let targets: [Double]
  let weights: [Double]

  init(_ problem: LogisticProblem) {
    objective = problem.objective
    outputs = problem.outputs
    targets = problem.targets
    weights = problem.weights
  }

  /// ln(1 + eᶻ).
  static func softplus(_ z: Double) -> Double { max(z, 0) + log1p(exp(-abs(z))) }

  /// 1 / (1 + e⁻ᶻ).
  static func sigmoid(_ z: Double) -> Double {
    let e = exp(-abs(z))
    return z >= 0 ? 1 / (1 + e) : e / (1 + e)
  }

  /// Replaces logits by probabilities and returns −Σ y·ln p.
  static func softmax(_ logits: inout [Double], target: ArraySlice<Double>) -> Double {
    let top = logits.max() ?? 0
    var sum = 0.0
    var dot = 0.0
    for (k, y) in zip(logits.indices, target) {
      let z = logits[k] - top
      dot += y * z
      logits[k] = exp(z)
      sum += logits[k]
    }
    for k in logits.indices { logits[k] /= sum }
    return log(sum) - dot
  }

  /// Replaces the logits of `row`, which begin at `start`, by s·(p − y); writes the probabilities (under
  /// `oneVsRest` s·p·(1 − p)) to `curvature` and s·ℓ to `losses`, both from `from` on; under `multinomial` the
  /// first of the losses is that of the row.
  func differentiate(
    row: Int, at start: Int, of logits: inout MutableSpan<Double>, curvature: inout MutableSpan<Float>,
    losses: inout MutableSpan<Double>, at from: Int
  ) {
    let base = row * outputs
    switch objective {
    case .oneVsRest:
      for k in 0..<outputs {
        let (s, y, z) = (weights[base + k], targets[base + k], logits[start + k])
        losses[from + k] = s * (Self.softplus(z) - y * z).zeroed(when: s == 0)
        let p = Self.sigmoid(z)
        logits[start + k] = s == 0 ? 0 : s * (y == 1 ? -Self.sigmoid(-z) : p - y)
        curvature[from + k] = Float(s * p * Self.sigmoid(-z)).flushed
      }
    case .multinomial:
      let s = weights[base]
      var top = -Double.infinity
      for k in 0..<outputs { top = max(top, logits[start + k]) }
      var sum = 0.0
      var dot = 0.0
      for k in 0..<outputs {
        let z = logits[start + k] - top
        dot += targets[base + k] * z
        let e = exp(z)
        logits[start + k] = e
        sum += e
      }
      losses[from] = s * (log(sum) - dot)
      for k in 0..<outputs {
        let p = logits[start + k] / sum
        logits[start + k] = s * (p - targets[base + k])
        curvature[from + k] = Float(p).flushed
      }
    }
  }

  /// Replaces the products x·v of `row` by the Hessian's: s·p·(1 − p)·v, or s·(p∘v − p·(p·v)).
  func bend(
    row: Int, at start: Int, of products: inout MutableSpan<Float>, curvature: Span<Float>, at curvatureStart: Int
  ) {
    switch objective {
    case .oneVsRest:
      for k in 0..<outputs { products[start + k] *= curvature[curvatureStart + k] }
    case .multinomial:
      let s = Float(weights[row * outputs])
      var dot: Float = 0
      for k in 0..<outputs { dot += curvature[curvatureStart + k] * products[start + k] }
      for k in 0..<outputs {
        products[start + k] = s * curvature[curvatureStart + k] * (products[start + k] - dot)
      }
    }
  }
}

extension Float {
  /// 0 in place of numbers so small that computing with them is slow and changes nothing.
  fileprivate var flushed: Float { abs(self) < 1e-30 ? 0 : self }
}

extension Double {
  fileprivate func zeroed(when condition: Bool) -> Double { condition ? 0 : self }
}
