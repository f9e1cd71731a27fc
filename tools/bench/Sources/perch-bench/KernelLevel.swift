import COpenBLAS
import CPlatform
import KernelTable
import PerchTensor
import PerchWeights

/// Every shape of the list on its own, its operands in the caches as far as they fit.
struct KernelLevel {
  let kernels: KernelTable
  let limits: Limits
  /// Processor time for one shape.
  let seconds: Double

  /// A kernel ready to run, and what one run of it counts.
  struct Work {
    let run: () -> Void
    /// One run does this part of the shape: what the network gives the kernel at a time.
    var part = 1.0
    /// Operations of one run, for kernels that compute more than they move.
    var operations: Double?
    /// Bytes that one run reads and writes, for the others. They are held against reading as many.
    var bytes: Double?
    /// Another engine on the same operands.
    var reference: (name: String, run: () -> Void)?
  }

  func measure(_ shape: KernelShape) -> Record {
    let work = work(shape)
    let limit: (count: Double, run: () -> Void)
    if let bytes = work.bytes {
      let floats = Block(max(128, Int(bytes) / 4 / 128 * 128))
      limit = (Double(floats.count * 4), limits.reads(floats))
    } else {
      limit = (limits.multiplyAdds.operations, limits.multiplyAdds.work)
    }
    let works = [work.run, limit.run] + (work.reference.map { [$0.run] } ?? [])
    let times = InTurn.least(works, seconds: seconds)
    let count = work.bytes ?? work.operations ?? 0
    let rate = count / times[0]
    return Record(
      level: "kernels", name: shape.name, milliseconds: times[0] / work.part * 1e3,
      gigaflops: work.bytes == nil ? rate * 1e-9 : nil, gigabytesPerSecond: work.bytes == nil ? nil : rate * 1e-9,
      shareOfLimit: rate / (limit.count / times[1]), reference: work.reference?.name,
      referenceMilliseconds: work.reference.map { _ in times[2] / work.part * 1e3 })
  }

  private func work(_ shape: KernelShape) -> Work {
    switch shape.size {
    case .product(let rows, let depth, let columns):
      return product(rows, depth, columns, shape.layerActivation)
    case .depthwise(let height, let width, let channels, let side, let stride):
      return depthwise(height, width, channels, side, stride, shape.code)
    case .stem(let height, let width, let channels): return stem(height, width, channels, shape.code)
    case .scaleMap(let pixels, let channels): return scaleMap(pixels, padded(channels))
    case .scaleWeights(let depth, let columns): return scaleWeights(depth, padded(columns))
    case .mean(let rows, let columns): return mean(rows, padded(columns))
    }
  }

  private func padded(_ channels: Int) -> Int { channels.roundedUp(to: kernels.channelBlock) }

  /// With bias and activation; OpenBLAS computes the bare product.
  private func product(_ rows: Int, _ depth: Int, _ columns: Int, _ activation: LayerActivation) -> Work {
    let b = Block(depth * columns, seed: 2)
    let layer = PointwiseConvolution(
      weights: b.values.prefix(depth * columns).map(\.self), bias: [Float](repeating: 0.1, count: columns),
      inputs: depth, outputs: columns, activation: activation, kernels: kernels)
    var plan = MemoryPlan()
    let inputs = rows * padded(depth)
    plan.require(.mapA, inputs)
    plan.require(.mapB, rows * layer.paddedOutputs)
    let workspace = Workspace(plan)
    let a = Block(inputs)
    workspace.withMutableSpan(.mapA, 0..<inputs) { span in
      for i in 0..<inputs { span[i] = a.start[i] }
    }
    let c = Block(rows * columns)
    var work = Work { layer.apply(workspace, from: .mapA, to: .mapB, pixels: rows) }
    work.operations = 2 * Double(rows) * Double(depth) * Double(columns)
    work.reference = (
      "OpenBLAS",
      {
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(depth), 1, a.start,
          Int32(depth), b.start, Int32(columns), 0, c.start, Int32(columns))
      }
    )
    return work
  }

  /// A group of rows whose input stays in the second-level cache.
  private func depthwise(
    _ height: Int, _ width: Int, _ channels: Int, _ side: Int, _ stride: Int, _ activation: Int32
  ) -> Work {
    let block = kernels.channelBlock
    let padded = padded(channels)
    let rows = max(1, min(height, CacheSize.chunkBytes / 2 / (width * padded * 4)))
    let inputRow = ((width - 1) * stride + side) * block
    let inputRows = (rows - 1) * stride + side
    let input = Block(padded / block * inputRows * inputRow)
    let weights = Block(side * side * padded, seed: 2)
    let bias = Block(padded, seed: 3)
    let output = Block(padded * rows * width)
    let sums = Block(padded)
    let pointers = UnsafeMutablePointer<UnsafePointer<Float>>.allocate(capacity: inputRows)
    for row in 0..<inputRows { (pointers + row).initialize(to: UnsafePointer(input.start + row * inputRow)) }
    let kernel = kernels.depthwiseConvolution
    var arguments = DepthwiseConvolution(
      input_rows: UnsafePointer(pointers), input_block: inputRows * inputRow, kernel_size: side, stride: stride,
      rows: rows, columns: width, channels: padded, weights: weights.start, bias: bias.start,
      output: output.start, output_block: rows * width * block, sums: sums.start, activation: activation)
    let operands = [input, weights, bias, output, sums]
    var work = Work {
      kernel(&arguments)
      keep(operands)
    }
    work.part = Double(rows) / Double(height)
    work.operations = 2 * Double(rows * width * channels * side * side)
    return work
  }

  private func stem(_ height: Int, _ width: Int, _ channels: Int, _ activation: Int32) -> Work {
    let padded = padded(channels)
    let inputRow = 2 * width + 1
    let input = Block((2 * height + 1) * inputRow)
    let weights = Block(9 * padded, seed: 2)
    let bias = Block(padded, seed: 3)
    let output = Block(height * width * padded)
    let kernel = kernels.stemConvolution
    var arguments = StemConvolution(
      input: UnsafePointer(input.start), input_row: inputRow, rows: height, columns: width, channels: padded,
      weights: UnsafePointer(weights.start), bias: UnsafePointer(bias.start), output: output.start,
      output_row: width * padded, output_pixel: padded, output_block: kernels.channelBlock, activation: activation)
    let operands = [input, weights, bias, output]
    var work = Work {
      kernel(&arguments)
      keep(operands)
    }
    work.operations = 2 * 9 * Double(height * width * channels)
    return work
  }

  private func scaleMap(_ pixels: Int, _ channels: Int) -> Work {
    let map = Block(pixels * channels)
    // Factors of 1: the map is scaled in place again and again.
    let factors = Block(channels)
    factors.start.update(repeating: 1, count: channels)
    let (kernel, step) = (kernels.scaleChannels, pixels * kernels.channelBlock)
    var work = Work { kernel(map.start, step, pixels, channels, factors.start) }
    work.bytes = 8 * Double(pixels * channels)
    return work
  }

  private func scaleWeights(_ depth: Int, _ columns: Int) -> Work {
    let panels = Block(depth * columns)
    let scaled = Block(depth * columns)
    let factors = Block(depth)
    let kernel = kernels.scalePanels
    var work = Work { kernel(panels.start, scaled.start, depth, columns, factors.start) }
    work.bytes = 8 * Double(depth * columns)
    return work
  }

  private func mean(_ rows: Int, _ columns: Int) -> Work {
    let matrix = Block(rows * columns)
    let result = Block(columns)
    let kernel = kernels.meanOverRows
    var work = Work { kernel(matrix.start, rows, columns, result.start) }
    work.bytes = 4 * Double(rows * columns)
    return work
  }
}

extension KernelShape {
  var layerActivation: LayerActivation {
    switch activation {
    case "relu": .relu
    case "swish": .swish
    case "hard_swish": .hardSwish
    case "sigmoid": .sigmoid
    case "hardSigmoid": .hardSigmoid
    default: .identity
    }
  }

  var code: Int32 {
    switch layerActivation {
    case .identity: ActivationCode.none
    case .relu: ActivationCode.relu
    case .swish: ActivationCode.swish
    case .hardSwish: ActivationCode.hardSwish
    case .sigmoid: ActivationCode.sigmoid
    case .hardSigmoid: ActivationCode.hardSigmoid
    }
  }
}
