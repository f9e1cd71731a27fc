import Glibc

/// Probability of a label from its logit: σ(slope·logit + offset) (Platt 1999).
package struct PlattScaling: Equatable, Sendable {
  package let slope: Double
  package let offset: Double

  /// Fitted to its optimum on smoothed targets (N₊ + 1)/(N₊ + 2) and 1/(N₋ + 2); nil without both kinds or where
  /// all logits are equal.
  package init?(_ cases: [(logit: Double, isPositive: Bool)]) {
    let positives = Double(cases.count { $0.isPositive })
    let negatives = Double(cases.count) - positives
    guard positives > 0, negatives > 0, cases.contains(where: { $0.logit != cases[0].logit }) else { return nil }
    let present = (positives + 1) / (positives + 2)
    let absent = 1 / (negatives + 2)
    let points = cases.map { (z: $0.logit, target: $0.isPositive ? present : absent) }
    var (slope, offset) = (0.0, log((positives + 1) / (negatives + 1)))
    for _ in 0..<200 {
      let here = Self.derivatives(points, slope, offset)
      if max(abs(here.gradient.0), abs(here.gradient.1)) < 1e-15 { break }
      let determinant = here.hessian.0 * here.hessian.2 - here.hessian.1 * here.hessian.1
      guard determinant > 0 else { break }
      let a = (here.hessian.2 * here.gradient.0 - here.hessian.1 * here.gradient.1) / determinant
      let b = (here.hessian.0 * here.gradient.1 - here.hessian.1 * here.gradient.0) / determinant
      var length = 1.0
      while length > 1e-8,
        Self.derivatives(points, slope - length * a, offset - length * b).value > here.value + 1e-15
      { length /= 2 }
      if length <= 1e-8 { break }
      slope -= length * a
      offset -= length * b
    }
    self.slope = slope
    self.offset = offset
  }

  package func logit(_ score: Double) -> Double { slope * score + offset }

  private struct Derivatives {
    var value = 0.0
    var gradient = (0.0, 0.0)
    var hessian = (0.0, 0.0, 0.0)
  }

  private static func derivatives(
    _ points: [(z: Double, target: Double)], _ slope: Double, _ offset: Double
  ) -> Derivatives {
    var sum = Derivatives()
    let count = Double(points.count)
    for (z, target) in points {
      let u = slope * z + offset
      let p = CrossEntropy.sigmoid(u)
      let weight = p * CrossEntropy.sigmoid(-u) / count
      sum.value += (CrossEntropy.softplus(u) - target * u) / count
      sum.gradient.0 += (p - target) * z / count
      sum.gradient.1 += (p - target) / count
      sum.hessian.0 += weight * z * z
      sum.hessian.1 += weight * z
      sum.hessian.2 += weight
    }
    return sum
  }
}

/// Probabilities of all labels from their logits: softmax(logits / temperature) (Guo et al. 2017).
package struct TemperatureScaling: Equatable, Sendable {
  package let temperature: Double
  package let lossBefore: Double
  package let lossAfter: Double

  /// Minimises the log loss, which is convex in 1/T; nil where that has no minimum at a positive finite T.
  package init?(_ rows: [(logits: [Double], label: Int)]) {
    if rows.isEmpty { return nil }
    let bracket = (1e-6, 1e3)
    guard Self.slope(rows, bracket.0) < 0, Self.slope(rows, bracket.1) > 0 else { return nil }
    var (low, high) = bracket
    // Halving until the two are neighbours: no tolerance to choose.
    while true {
      let middle = (low + high) / 2
      if middle <= low || middle >= high { break }
      if Self.slope(rows, middle) < 0 { low = middle } else { high = middle }
    }
    temperature = 1 / high
    lossBefore = Self.loss(rows, 1)
    lossAfter = Self.loss(rows, high)
  }

  private static func loss(_ rows: [(logits: [Double], label: Int)], _ inverse: Double) -> Double {
    var sum = 0.0
    for (logits, label) in rows {
      var scaled = logits.map { $0 * inverse }
      let target = scaled.indices.map { $0 == label ? 1.0 : 0 }
      sum += CrossEntropy.softmax(&scaled, target: target[...])
    }
    return sum / Double(rows.count)
  }

  private static func slope(_ rows: [(logits: [Double], label: Int)], _ inverse: Double) -> Double {
    var sum = 0.0
    for (logits, label) in rows {
      var p = logits.map { $0 * inverse }
      _ = CrossEntropy.softmax(&p, target: [Double](repeating: 0, count: p.count)[...])
      for k in p.indices { sum += p[k] * logits[k] }
      sum -= logits[label]
    }
    return sum / Double(rows.count)
  }
}
