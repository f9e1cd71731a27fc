/// Position of a sample in one channel of a recording at `rate`; counted from 0, exact on
/// recordings of any length. Seconds are derived from it once, when a row is built.
package struct SampleIndex: Hashable, Comparable, Sendable {
  package let value: Int

  package init(_ value: Int) { self.value = value }

  package static func < (a: SampleIndex, b: SampleIndex) -> Bool { a.value < b.value }

  /// Seconds since the start of the recording.
  package func seconds(at rate: SampleRate) -> Double { Double(value) / Double(rate.hertz) }
}

/// Samples a second in each channel.
package struct SampleRate: Hashable, Comparable, Sendable {
  package let hertz: Int

  package init(hertz: Int) { self.hertz = hertz }

  package static func < (a: SampleRate, b: SampleRate) -> Bool { a.hertz < b.hertz }
}
