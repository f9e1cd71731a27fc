/// Height (time), width (mel frequency) and channels of a map.
package struct MapShape: Equatable, Sendable {
  package let height: Int
  package let width: Int
  package let channels: Int

  package init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  package var pixels: Int { height * width }
}

/// Zeros around a map before a depthwise convolution, and the size after it.
///
/// Stride 1: half the kernel on each side. Stride 2: before the map half the kernel, less one where the
/// size is even; after it half the kernel (google-research/perch, chirp/models/layers.py, `MBConv`).
package struct ConvolutionPadding: Equatable, Sendable {
  package let before: Int
  package let after: Int
  package let outputSize: Int

  package init(size: Int, kernel: Int, stride: Int) {
    before = stride == 1 ? kernel / 2 : kernel / 2 - (1 - size % 2)
    after = kernel / 2
    outputSize = (size + before + after - kernel) / stride + 1
  }
}
