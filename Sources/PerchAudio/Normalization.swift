import PerchTensor

extension Normalization {
  /// Scales one window in place; false when it is silent: then all of it is zero afterwards.
  ///
  /// Mean and division are done in Double. A sum of 160,000 Float values is exact there up to a ratio
  /// of 2¹¹ between the largest and the smallest, so a window of one constant value becomes exactly
  /// zero instead of rounding noise blown up to the target peak, and no sum overflows.
  func apply(to window: inout MutableSpan<Float>, targetPeak: Float) -> Bool {
    switch self {
    case .none: true
    case .peak: WindowScaling.apply(to: &window, peak: targetPeak, removesMean: false)
    case .hoplite: WindowScaling.apply(to: &window, peak: targetPeak, removesMean: true)
    }
  }
}
