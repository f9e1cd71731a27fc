extension Normalization {
  /// Scales one window in place; false when it is silent: then all of it is zero afterwards.
  ///
  /// Mean and division are done in Double. A sum of 160,000 Float values is exact there up to a ratio
  /// of 2¹¹ between the largest and the smallest, so a window of one constant value becomes exactly
  /// zero instead of rounding noise blown up to the target peak, and no sum overflows.
  func apply(to window: inout MutableSpan<Float>, targetPeak: Float) -> Bool {
    var mean = 0.0
    switch self {
    case .none: return true
    case .peak: break
    case .hoplite:
      for i in window.indices { mean += Double(window[i]) }
      mean /= Double(window.count)
    }
    var peak = 0.0
    for i in window.indices { peak = max(peak, abs(Double(window[i]) - mean)) }
    guard peak > 0 else {
      for i in window.indices { window[i] = 0 }
      return false
    }
    for i in window.indices {
      window[i] = Float((Double(window[i]) - mean) / peak * Double(targetPeak))
    }
    return true
  }
}
