import Glibc
import PerchWeights

/// From the samples to the spectrogram: every step must be the one that perch_v2 is known to have, every
/// constant the one of its formula.
struct FrontendWalk {
  private let graph: ONNXGraph
  private let settings: FrontendSettings
  private let samples: Int
  private(set) var window: Placed?
  private(set) var melWeights: Placed?
  /// Greatest difference of the mel matrix from its formula.
  private(set) var melDifference = 0.0

  /// Follows the graph from `inputs` to `spectrogram`.
  init(_ graph: ONNXGraph, _ model: ModelSettings) throws(ExportFault) {
    self.graph = graph
    settings = model.frontend
    samples = model.windowSamples
    let frames = try framing()
    let windowed = try windowing(frames)
    let spectrum = try transform(windowed)
    let energies = try mel(try magnitude(spectrum), sampleRate: model.sampleRate.hertz)
    try logarithm(energies)
  }

  /// A convolution with one identity filter for each sample of a frame.
  private func framing() throws(ExportFault) -> String {
    let length = settings.windowLength
    guard let node = graph.model.nodes.first(where: { $0.kind == "Conv" }),
      let kernel = graph.constant(node, input: 1)
    else { throw ExportFault(.framing, "there is no framing") }
    let frames = (samples + settings.hopLength - 1) / settings.hopLength
    let padding = ((frames - 1) * settings.hopLength + length - samples) / 2
    guard kernel.shape == [length, 1, length], node.integers["strides"] == [settings.hopLength],
      node.integers["pads"] == [padding, padding], ConvolutionNode.isPlain(node), node.inputs.count == 2
    else {
      throw ExportFault(
        .framing, "\(node.name) does not cut frames of \(length) samples every \(settings.hopLength)")
    }
    let values = try kernel.floats()
    guard values.indices.allSatisfy({ values[$0] == ($0 / length == $0 % length ? 1 : 0) }) else {
      throw ExportFault(.framing, "\(node.name) does not copy the samples")
    }
    return try graph.next(node.output, "Transpose", .framing).output
  }

  private mutating func windowing(_ frames: String) throws(ExportFault) -> String {
    let node = try graph.next(frames, "Mul", .window)
    let known = settings.windowCoefficients
    guard let constant = graph.constant(of: node), constant.count == known.count,
      zip(try constant.floats(), known).allSatisfy({ abs(Double($0) - $1) <= 1e-8 })
    else { throw ExportFault(.window, "the window is not a symmetric Hann window divided by its sum") }
    window = Placed(constant, .asIs)
    return try graph.next(node.output, "Pad", .dft).output
  }

  /// The Fourier transform: a node, or a product with cosines and sines.
  private func transform(_ windowed: String) throws(ExportFault) -> String {
    guard let node = graph.users(windowed).first else { throw ExportFault(.dft, "there is no Fourier transform") }
    switch node.kind {
    case "Reshape":
      let dft = try graph.next(node.output, "DFT", .dft)
      // Operator set 20 made the axis an input.
      let axis =
        graph.model.operatorSet < 20
        ? dft.integer("axis") ?? 1 : try graph.constant(dft, input: 2)?.integers().first ?? -2
      guard axis == -2 || axis == 2, dft.integer("onesided") == 1, dft.integer("inverse") ?? 0 == 0 else {
        throw ExportFault(.dft, "\(dft.name) is not the one-sided transform of a frame")
      }
      return dft.output
    case "MatMul":
      guard let matrix = graph.constant(of: node), try isTransform(matrix) else {
        throw ExportFault(.dft, "the matrix of \(node.name) is not that of a Fourier transform")
      }
      return try graph.next(node.output, "Reshape", .dft).output
    default: throw ExportFault(.dft, "a Fourier transform is expected after \(windowed), not \(node.kind)")
    }
  }

  /// Columns are real and imaginary part in turn, or all real parts and then all imaginary ones.
  private func isTransform(_ matrix: ONNXTensor) throws(ExportFault) -> Bool {
    let (points, bins) = (settings.fftLength, settings.spectrumBins)
    guard matrix.shape == [points, 2 * bins] else { return false }
    let values = try matrix.floats()
    let angles = (0..<points).map { 2 * Double.pi * Double($0) / Double(points) }
    let (cosines, sines) = (angles.map { cos($0) }, angles.map { -sin($0) })
    func agrees(_ column: (Int, Bool) -> Int) -> Bool {
      for point in 0..<points {
        let row = point * 2 * bins
        for bin in 0..<bins {
          let angle = point * bin % points
          guard abs(Double(values[row + column(bin, false)]) - cosines[angle]) <= 1e-5,
            abs(Double(values[row + column(bin, true)]) - sines[angle]) <= 1e-5
          else { return false }
        }
      }
      return true
    }
    return agrees { 2 * $0 + ($1 ? 1 : 0) } || agrees { $1 ? bins + $0 : $0 }
  }

  private func magnitude(_ spectrum: String) throws(ExportFault) -> String {
    guard let square = graph.users(spectrum).first, square.kind == "Mul", square.inputs == [spectrum, spectrum]
    else { throw ExportFault(.magnitude, "the spectrum is not squared") }
    let sum = try graph.next(square.output, "ReduceSum", .magnitude)
    return try graph.next(sum.output, "Sqrt", .magnitude).output
  }

  private mutating func mel(_ magnitude: String, sampleRate: Int) throws(ExportFault) -> String {
    let node = try graph.next(magnitude, "MatMul", .mel)
    let formula = settings.melWeights(sampleRate: sampleRate)
    guard let matrix = graph.constant(of: node), matrix.shape == [settings.spectrumBins, settings.melBins] else {
      throw ExportFault(.mel, "there is no mel matrix of \(settings.spectrumBins) by \(settings.melBins)")
    }
    melDifference = zip(try matrix.floats(), formula).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
    guard melDifference <= 5e-5 else {
      throw ExportFault(
        .mel,
        "the mel matrix differs by \(Float(melDifference)) from that of \(settings.lowerHertz) to "
          + "\(settings.upperHertz) Hz"
      )
    }
    melWeights = Placed(matrix, .asIs)
    return node.output
  }

  private func logarithm(_ energies: String) throws(ExportFault) {
    guard case .log(let floor, _, let scalar) = settings.scaling else { return }
    let maximum = try graph.next(energies, "Max", .log)
    guard let found = try graph.scalar(of: maximum), abs(Double(found) - floor) <= 1e-6 * floor else {
      throw ExportFault(.log, "the floor under the logarithm is not \(floor)")
    }
    let logarithm = try graph.next(maximum.output, "Log", .log)
    let product = try graph.next(logarithm.output, "Mul", .log)
    guard let found = try graph.scalar(of: product), abs(Double(found) - scalar) <= 1e-6 * scalar else {
      throw ExportFault(.log, "the logarithm is not multiplied by \(scalar)")
    }
    guard product.output == "spectrogram" else { throw ExportFault(.log, "the logarithm is not the spectrogram") }
  }
}
