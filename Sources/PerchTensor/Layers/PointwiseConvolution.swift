import CPlatform
import KernelTable

/// 1×1 convolution with folded batch norm: a matrix product of pixels and channels.
package struct PointwiseConvolution: Sendable {
  let matrix: PackedMatrix
  let bias: Storage<Float>
  let activation: LayerActivation
  private let kernels: KernelTable

  /// - Parameters:
  ///   - weights: [input channels, output channels], batch norm folded in.
  ///   - bias: [output channels].
  package init(
    weights: [Float], bias: [Float], inputs: Int, outputs: Int, activation: LayerActivation,
    kernels: KernelTable
  ) {
    matrix = PackedMatrix(weights, depth: inputs, columns: outputs, kernels: kernels)
    self.bias = Storage(bias.padded(to: matrix.paddedColumns))
    self.activation = activation
    self.kernels = kernels
  }

  package var paddedOutputs: Int { matrix.paddedColumns }

  /// Row-major map in, row-major map out: [pixels][channels padded to blocks].
  package func apply(_ workspace: Workspace, from: Region, to: Region, pixels: Int) {
    let block = kernels.channelBlock
    unsafe product(
      input: workspace.pointer(from), row: matrix.depth.roundedUp(to: block), block: block, pixels: pixels,
      output: workspace.pointer(to), outputRow: matrix.paddedColumns, outputBlock: block)
  }

  /// The general form: where rows and blocks of input and output stand is the caller's choice.
  ///
  /// - Parameter columns: whole panels of the output channels, the first of which goes to block 0 of the output;
  ///   all where none are named.
  func product(
    input: UnsafePointer<Float>, row: Int, block: Int, pixels: Int, panels: UnsafePointer<Float>? = nil,
    columns: Range<Int>? = nil, output: UnsafeMutablePointer<Float>, offsets: UnsafePointer<Int32>? = nil,
    outputRow: Int,
    outputBlock: Int, residual: UnsafePointer<Float>? = nil
  ) {
    let columns = columns ?? 0..<matrix.paddedColumns
    let first = columns.lowerBound
    var arguments = unsafe MatrixProduct(
      a: input, a_row: row, a_block: block, rows: pixels, depth: matrix.depth, columns: columns.count,
      b: (panels ?? UnsafePointer(matrix.storage.base)) + first * matrix.depth,
      bias: UnsafePointer(bias.base + first), c: output,
      c_offsets: offsets, c_row: outputRow, c_block: outputBlock, residual: residual,
      activation: activation.code)
    unsafe kernels.matrixProduct(&arguments)
  }
}
