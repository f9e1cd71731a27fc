import PerchCore
import PerchModel
import PerchWeights

/// The names of a model's classes.
package enum ClassLabels {
  /// Those that this program knows of `model`, or those of weights that are named.
  ///
  /// - Parameters:
  ///   - model: perch_v2 where nobody says.
  ///   - weights: a file, a folder or `seeded:NAME`.
  /// - Throws: exit code 4 when there are no such weights, or they hold no classes or another model.
  package static func of(model: ModelName?, weights: String?) throws(RunnerError) -> [String] {
    guard let weights else { return ((model ?? .perchV2) == .perch8 ? ClassList.perch8 : .perchV2).labels }
    let source = try WeightLocator(option: weights, environment: nil)
      .open(model: model?.rawValue, heads: .named(ClassSelection.head))
    return try labels(of: source)
  }

  /// - Throws: exit code 4 where the weights have no head with classes.
  static func labels(of source: some WeightSource) throws(RunnerError) -> [String] {
    let name = ClassSelection.head
    guard let head = source.settings.heads.first(where: { $0.name == name }) else {
      throw RunnerError(
        source.settings.name, "the weights hold no classes (no head '\(name)')",
        remedy: "export them with their heads, or give recognizers with --config", exit: .weights)
    }
    return try ClassList.labels(count: head.classes) { () throws(RunnerError) in try source.classNames(head: name) }
  }
}
