/// The part of a resampled channel that windows still need; positions count from the start of the
/// stretch of sound.
struct SampleQueue {
  var samples: [Float] = []
  /// Position of `samples[0]`.
  private var origin = 0
  /// Samples at the front that are done with; removed in bulk, so that a hop of one sample does not
  /// move a whole window each time.
  private var stale = 0

  /// Position after the last sample.
  var end: Int { origin + samples.count }

  mutating func discard(before position: Int) {
    stale = max(stale, min(position - origin, samples.count))
    if stale == samples.count || stale >= max(16_384, samples.count / 2) {
      samples.removeFirst(stale)
      origin += stale
      stale = 0
    }
  }

  mutating func restart() { self = SampleQueue() }

  /// Writes the placed window, with its zeros, over all of `window`.
  func copy(_ placement: Placement, into window: inout MutableSpan<Float>) {
    let first = placement.start - origin
    let (left, valid) = (placement.leftPadding, placement.validSamples)
    for i in 0..<left { window[i] = 0 }
    for i in 0..<valid { window[left + i] = samples[first + i] }
    for i in left + valid..<window.count { window[i] = 0 }
  }
}
