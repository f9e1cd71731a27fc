import CPlatform
import KernelTable

/// Depthwise convolution with folded batch norm, on blocked maps.
package struct DepthwiseLayer: Sendable {
  package let kernel: Int
  package let stride: Int
  package let paddedChannels: Int
  private let weights: Storage<Float>
  private let bias: Storage<Float>
  private let activation: LayerActivation
  private let kernels: KernelTable

  /// - Parameters:
  ///   - weights: [kernel, kernel, channels], batch norm folded in.
  ///   - bias: [channels].
  package init(
    weights: [Float], bias: [Float], kernel: Int, stride: Int, channels: Int, activation: LayerActivation,
    kernels: KernelTable
  ) {
    precondition(weights.count == kernel * kernel * channels, "as many numbers as the shape says")
    let block = kernels.channelBlock
    self.kernel = kernel
    self.stride = stride
    paddedChannels = channels.roundedUp(to: block)
    self.weights = Storage(count: kernel * kernel * paddedChannels)
    for tap in 0..<kernel * kernel {
      for channel in 0..<channels {
        let at = (channel / block * kernel * kernel + tap) * block + channel % block
        self.weights[at] = weights[tap * channels + channel]
      }
    }
    self.bias = Storage(bias.padded(to: paddedChannels))
    self.activation = activation
    self.kernels = kernels
  }

  /// `count` output rows of `channels`, whole blocks, of which the input holds no others; `inputs` points to the
  /// (count − 1)·stride + kernel input rows.
  func rows(
    _ inputs: UnsafePointer<UnsafePointer<Float>>, inputBlock: Int, channels: Range<Int>, count: Int,
    columns: Int, output: UnsafeMutablePointer<Float>, outputBlock: Int, sums: UnsafeMutablePointer<Float>
  ) {
    let first = channels.lowerBound
    var arguments = unsafe DepthwiseConvolution(
      input_rows: inputs, input_block: inputBlock, kernel_size: kernel, stride: stride, rows: count,
      columns: columns, channels: channels.count, weights: UnsafePointer(weights.base + first * kernel * kernel),
      bias: UnsafePointer(bias.base + first), output: output + first / kernels.channelBlock * outputBlock,
      output_block: outputBlock, sums: sums + first, activation: activation.code)
    unsafe kernels.depthwiseConvolution(&arguments)
  }
}
