import KernelTable

/// Scaling of a window's samples to a peak, in double.
package enum WindowScaling {
  /// Each sample becomes (x − mean) / max |x − mean| · peak, or without the mean x / max |x| · peak; all zero
  /// where that maximum is 0.
  ///
  /// - Returns: whether there was any sound.
  package static func apply(
    to window: inout MutableSpan<Float>, peak: Float, removesMean: Bool, kernels: KernelTable = Kernels.active
  ) -> Bool {
    unsafe window.withUnsafeMutableBufferPointer { samples in
      guard let first = samples.baseAddress else { return false }
      return unsafe kernels.scaleToPeak(first, samples.count, peak, removesMean)
    }
  }
}
