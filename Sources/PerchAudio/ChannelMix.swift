/// Takes the wanted channels out of interleaved blocks and mends samples that are not finite.
struct ChannelMix {
  private enum Source {
    /// One channel each.
    case channels([Int])
    /// The mean of all.
    case mean
  }

  private let source: Source
  private let channels: Int
  /// Samples that were NaN or infinite and became 0, and the frame of the first.
  private(set) var mended = 0
  private(set) var firstMended: Int?

  init(_ choice: ChannelChoice, of channels: Int) throws(SoundFileError) {
    self.channels = channels
    switch choice {
    case .first: source = .channels([0])
    case .all: source = .channels(Array(0..<channels))
    case .mean: source = channels == 1 ? .channels([0]) : .mean
    case .index(let index):
      guard 0..<channels ~= index else { throw .noSuchChannel(index, of: channels) }
      source = .channels([index])
    }
  }

  /// The number that a stream's rows carry; 0 for the mean.
  var numbers: [Int] {
    switch source {
    case .channels(let numbers): numbers
    case .mean: [0]
    }
  }

  /// How many channels of the recording do not reach any row.
  var leftOut: Int {
    switch source {
    case .channels(let numbers): channels - numbers.count
    case .mean: 0
    }
  }

  /// Appends the given frames of `block`, of which the first is number `frame` of the recording, to
  /// `output`; `stream` counts as `numbers` does.
  mutating func extract(
    _ stream: Int, of block: [Float], frames: Range<Int>, firstFrame frame: Int, into output: inout [Float]
  ) {
    output.reserveCapacity(output.count + frames.count)
    switch source {
    case .channels where channels == 1 && block[frames].allSatisfy(\.isFinite):
      output.append(contentsOf: block[frames])
    case .channels(let numbers):
      let channel = numbers[stream]
      for i in frames {
        output.append(finite(block[i * channels + channel], at: frame + i - frames.lowerBound))
      }
    case .mean:
      for i in frames {
        var sum = 0.0
        for channel in 0..<channels {
          sum += Double(finite(block[i * channels + channel], at: frame + i - frames.lowerBound))
        }
        output.append(Float(sum / Double(channels)))
      }
    }
  }

  private mutating func finite(_ sample: Float, at frame: Int) -> Float {
    if sample.isFinite { return sample }
    mended += 1
    firstMended = min(firstMended ?? frame, frame)
    return 0
  }
}
