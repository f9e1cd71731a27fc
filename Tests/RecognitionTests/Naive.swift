import Foundation
import PerchRecognition
import PerchTensor

/// The plainest form of what training computes: loops in double precision.
enum Naive {
  static func probabilities(_ logits: [Double], _ objective: TrainingObjective) -> [Double] {
    switch objective {
    case .oneVsRest: return logits.map { $0 >= 0 ? 1 / (1 + exp(-$0)) : exp($0) / (1 + exp($0)) }
    case .multinomial:
      let top = logits.max()!
      let e = logits.map { exp($0 - top) }
      return e.map { $0 / e.reduce(0, +) }
    }
  }

  /// Largest magnitude of the gradient of F on raw columns.
  static func gradientMaximum(
    _ problem: LogisticProblem, _ weights: [Double], _ bias: [Double], c: Double
  ) -> Double {
    let (p, outputs) = (problem.embeddings.columns, problem.outputs)
    var gradient = [Double](repeating: 0, count: (p + 1) * outputs)
    var totals = [Double](repeating: 0, count: outputs)
    for row in 0..<problem.rows {
      var logits = bias
      for j in 0..<p {
        for k in 0..<outputs { logits[k] += Double(problem.embeddings[row, j]) * weights[j * outputs + k] }
      }
      let probability = probabilities(logits, problem.objective)
      for k in 0..<outputs {
        let s = problem.weights[row * outputs + k]
        totals[k] += s
        let r = s * (probability[k] - problem.targets[row * outputs + k])
        for j in 0..<p { gradient[j * outputs + k] += r * Double(problem.embeddings[row, j]) }
        gradient[p * outputs + k] += r
      }
    }
    var worst = 0.0
    for k in 0..<outputs {
      for j in 0...p {
        let penalty = j < p ? weights[j * outputs + k] / (c * totals[k]) : 0
        worst = max(worst, abs(gradient[j * outputs + k] / totals[k] + penalty))
      }
    }
    return worst
  }
}
