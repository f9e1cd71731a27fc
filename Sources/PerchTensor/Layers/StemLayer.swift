import CPlatform
import KernelTable

/// The first convolution: 3×3, stride 2, one input channel, folded batch norm.
package struct StemLayer: Sendable {
  /// Size of its output.
  package let shape: MapShape
  let paddedChannels: Int
  private let inputRow: Int
  private let weights: Storage<Float>
  private let bias: Storage<Float>
  private let activation: LayerActivation
  private let kernels: KernelTable

  /// - Parameters:
  ///   - weights: [3, 3, channels], batch norm folded in.
  ///   - inputRow: floats between two rows of the spectrogram region, padding included.
  ///   - shape: size of the output.
  package init(
    weights: [Float], bias: [Float], inputRow: Int, shape: MapShape, activation: LayerActivation,
    kernels: KernelTable
  ) {
    let channels = shape.channels
    let padded = channels.roundedUp(to: kernels.channelBlock)
    self.shape = shape
    self.inputRow = inputRow
    self.weights = Storage(
      (0..<9).flatMap { Array(weights[$0 * channels..<($0 + 1) * channels]).padded(to: padded) })
    self.bias = Storage(bias.padded(to: padded))
    paddedChannels = padded
    self.activation = activation
    self.kernels = kernels
  }

  /// Spectrogram region in, row-major map [pixels][channels padded to blocks] out.
  package func apply(_ workspace: Workspace, to: Region) {
    unsafe rows(
      workspace, first: 0, count: shape.height, output: workspace.pointer(to),
      outputRow: shape.width * paddedChannels, outputPixel: paddedChannels, outputBlock: kernels.channelBlock)
  }

  /// Output rows [first, first + count), laid out as the caller says.
  func rows(
    _ workspace: Workspace, first: Int, count: Int, output: UnsafeMutablePointer<Float>, outputRow: Int,
    outputPixel: Int, outputBlock: Int
  ) {
    var arguments = unsafe StemConvolution(
      input: UnsafePointer(workspace.pointer(.spectrogram, at: 2 * first * inputRow)), input_row: inputRow,
      rows: count, columns: shape.width, channels: paddedChannels, weights: UnsafePointer(weights.base),
      bias: UnsafePointer(bias.base), output: output, output_row: outputRow, output_pixel: outputPixel,
      output_block: outputBlock, activation: activation.code)
    unsafe kernels.stemConvolution(&arguments)
  }
}
