import CPlatform
import Foundation
import KernelTable
import PerchTensor
import PerchWeights
import TestSupport
import Testing

/// Kernels and layers against vectors of the public JAX modules (golden/kernels.h5 of the reference data).
@Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
struct GoldenKernelTests {
  /// The bar of the vectors: 4 times the error of the JAX float32 run, but not below 1e-6 of the rms.
  struct Group {
    let file: Golden
    let name: String

    init(_ name: String) throws {
      file = try Golden(file: "golden/kernels.h5")
      self.name = name
    }

    func floats(_ dataset: String) throws -> [Float] { try file.floats("\(name)/\(dataset)").values }
    func shape(_ dataset: String) throws -> [Int] { try file.floats("\(name)/\(dataset)").shape }
    func number(_ attribute: String) throws -> Double { try file.double(attribute, of: name) }
    func text(_ attribute: String) throws -> String { try file.string(attribute, of: name) }

    func expect(_ got: [Float], sourceLocation: SourceLocation = #_sourceLocation) throws {
      let want = try file.doubles("\(name)/output_f64").values
      #expect(got.count == want.count, sourceLocation: sourceLocation)
      let rms = (want.reduce(0) { $0 + $1 * $1 } / Double(max(want.count, 1))).squareRoot()
      let bar = max(4 * (try number("f32_max_abs_error")), 1e-6 * rms)
      let error = zip(got, want).map { abs(Double($0) - $1) }.map { $0.isNaN ? .infinity : $0 }.max() ?? 0
      #expect(error <= bar, "\(name)", sourceLocation: sourceLocation)
    }
  }

  @Test(
    arguments: Build.all,
    [
      ("relu", ActivationCode.relu), ("swish", ActivationCode.swish), ("sigmoid", ActivationCode.sigmoid),
      ("hard_swish", ActivationCode.hardSwish), ("hard_sigmoid", ActivationCode.hardSigmoid),
    ]
  )
  func activation(_ build: Build, _ activation: (String, Int32)) throws {
    let group = try Group(activation.0)
    try group.expect(ActivationTests.apply(try group.floats("input"), activation.1, build.kernels))
  }

  @Test(arguments: Build.all) func pointwiseConvolution(_ build: Build) throws {
    let group = try Group("conv1x1")
    let layer = PointwiseConvolution(
      weights: try group.floats("kernel"), bias: [Float](repeating: 0, count: 24), inputs: 16, outputs: 24,
      activation: .identity, kernels: build.kernels)
    let workspace = build.workspace([.mapA: 30 * 16, .mapB: 30 * layer.paddedOutputs])
    workspace.set(.mapA, try group.floats("input"))
    layer.apply(workspace, from: .mapA, to: .mapB, pixels: 30)
    try group.expect(
      cutRows(workspace.values(.mapB, 0..<30 * layer.paddedOutputs), columns: 24, from: layer.paddedOutputs))
  }

  static let depthwiseNames = ["3", "5"].flatMap { k in
    ["1", "2"].flatMap { s in
      ["16x4", "3x2", "5x5", "8x6", "9x6", "9x7"].map { "depthwise_k\(k)_s\(s)_\($0)" }
    }
  }

  @Test(arguments: Build.all, depthwiseNames) func depthwise(_ build: Build, _ name: String) throws {
    let group = try Group(name)
    let shape = try group.shape("input")
    let size = try group.shape("kernel")[0]
    let stride = Int(try group.number("stride"))
    let vertical = ConvolutionPadding(size: shape[1], kernel: size, stride: stride)
    let horizontal = ConvolutionPadding(size: shape[2], kernel: size, stride: stride)
    #expect(vertical.before == Int(try group.number("pad_top")))
    #expect(horizontal.after == Int(try group.number("pad_right")))
    let channels = 8.roundedUp(to: build.kernels.channelBlock)
    let got = DepthwiseRun(build.kernels, channels: channels).run(
      padRows(try group.floats("input"), columns: 8, to: channels),
      padRows(try group.floats("kernel"), columns: 8, to: channels),
      bias: [Float](repeating: 0, count: channels), height: shape[1], width: shape[2], size: size, stride: stride,
      vertical, horizontal)
    try group.expect(cutRows(got.map, columns: 8, from: channels))
  }

  @Test(arguments: Build.all) func stem(_ build: Build) throws {
    let group = try Group("stem_conv")
    let layer = StemLayer(
      weights: try group.floats("kernel"), bias: [Float](repeating: 0, count: 8), inputRow: 18,
      shape: MapShape(height: 10, width: 8, channels: 8), activation: .identity, kernels: build.kernels)
    let padded = 8.roundedUp(to: build.kernels.channelBlock)
    let workspace = build.workspace([.spectrogram: 21 * 18, .mapA: 80 * padded])
    let input = try group.floats("input")
    let got = (0..<2).flatMap { map in
      workspace.set(.spectrogram, Array(input[map * 378..<(map + 1) * 378]))
      layer.apply(workspace, to: .mapA)
      return cutRows(workspace.values(.mapA, 0..<80 * padded), columns: 8, from: padded)
    }
    try group.expect(got)
  }

  @Test(arguments: Build.all) func meanPool(_ build: Build) throws {
    let group = try Group("mean_pool")
    let input = try group.floats("input")
    let padded = 8.roundedUp(to: build.kernels.channelBlock)
    let workspace = build.workspace([.spatial: 64 * padded, .embedding: padded])
    let got = (0..<2).flatMap { map in
      workspace.set(.spatial, padRows(Array(input[map * 512..<(map + 1) * 512]), columns: 8, to: padded))
      MeanOverPlaces.apply(workspace, places: 64, channels: padded, kernels: build.kernels)
      return workspace.values(.embedding, 0..<8)
    }
    try group.expect(got)
  }

  @Test(arguments: Build.all) func prototypeHead(_ build: Build) throws {
    let group = try Group("protopnet")
    var plan = MemoryPlan()
    let prototypes = try group.floats("prototypes")
    let head = PrototypeHead(
      count: 4, size: 32, normalized: false,
      normEpsilon: try group.number("norm_epsilon"),
      classWeights: try group.floats("class_kernel").map { max($0, 0) },
      bias: try group.floats("bias"), places: 8, kernels: build.kernels, plan: &plan
    ) { $0(0, prototypes) }
    plan.require(.spatial, 8 * 32)
    let workspace = Workspace(plan)
    let input = try group.floats("input")
    let got = (0..<2).flatMap { map in
      workspace.set(.spatial, Array(input[map * 256..<(map + 1) * 256]))
      var logits = [Float](repeating: .nan, count: 5)
      var span = logits.mutableSpan
      head.logits(workspace, places: 8, into: &span)
      return logits
    }
    try group.expect(got)
  }

  static let bottlenecks = [
    "mbconv_e1_k3_s1", "mbconv_e6_k3_s2_odd", "mbconv_e6_k5_s1", "mbconv_e6_k5_s2_even", "mbconv_hard_e6_k3_s1",
    "mbconv_swish_e1_k3_s1", "mbconv_swish_e6_k3_s1", "mbconv_swish_e6_k5_s2_odd_even",
  ]

  /// Whole blocks, with the map expanded a row at a time, some rows or some channels at a time and at once: the same
  /// bits, since the sizes of the caches must not show in a result.
  @Test(arguments: Build.all, bottlenecks) func invertedBottleneck(_ build: Build, _ name: String) throws {
    let group = try Group(name)
    let byRows = try BottleneckRun(group, build, cacheBytes: 1).run()
    try group.expect(byRows)
    for cacheBytes in [1 << 12, 1 << 14, 1 << 20] {
      #expect(try BottleneckRun(group, build, cacheBytes: cacheBytes).run() == byRows)
    }
  }

  @Test(
    arguments: Build.all,
    [
      "pcen_width_0", "pcen_width_16", "pcen_width_256", "pcen_c_exact_width_-1", "pcen_c_exact_width_16",
      "pcen_c_exact_width_256", "pcen_c_legacy_width_-1", "pcen_c_legacy_width_16", "pcen_c_legacy_width_256",
    ])
  func energyNormalization(_ build: Build, _ name: String) throws {
    let group = try Group(name)
    let shape = try group.shape("input")
    let (frames, bands, row) = (shape[1], shape[2], 8)
    let input = try group.floats("input")
    let legacy =
      try group.file.has(attribute: "pcen_kernel", of: name) ? try group.text("pcen_kernel") == "legacy" : false
    let taps = Int(try group.number("conv_width"))
    let smoothing = [Double](repeating: try group.number("smoothing"), count: row)
    var got: [Float] = []
    for example in 0..<shape[0] {
      let energies = padRows(
        Array(input[example * frames * bands..<(example + 1) * frames * bands]), columns: bands, to: row
      ).map(Double.init)
      var scratch = [Double](repeating: 0, count: frames * 8)
      var output = [Float](repeating: sentinel, count: frames * bands)
      try energies.withUnsafeBufferPointer { energies in
        try smoothing.withUnsafeBufferPointer { smoothing in
          try scratch.withUnsafeMutableBufferPointer { scratch in
            try output.withUnsafeMutableBufferPointer { output in
              var arguments = EnergyNormalization(
                energies: energies.baseAddress!, energy_row: row, frames: frames, bands: bands,
                smoothing: smoothing.baseAddress!, gain: try group.number("gain"), bias: try group.number("bias"),
                root: try group.number("root"), epsilon: try group.number("epsilon"),
                taps: taps < 0 ? frames : taps,
                legacy: legacy ? 1 : 0, scratch: scratch.baseAddress!, output: output.baseAddress!,
                output_row: bands)
              build.kernels.energyNormalization(&arguments)
            }
          }
        }
      }
      got += output
    }
    try group.expect(got)
  }

  @Test(arguments: Build.all, ["stft_same", "stft_centered"]) func spectrum(_ build: Build, _ name: String) throws {
    let group = try Group(name)
    let bins = 513
    var identity = [Double](repeating: 0, count: bins * bins)
    for bin in 0..<bins { identity[bin * bins + bin] = 1 }
    var plan = MemoryPlan()
    let layer = SpectrogramLayer(
      shape: .init(
        samples: 3200, leftPadding: name == "stft_same" ? 160 : 320, frames: 10, hop: 320, windowLength: 640,
        fftLength: 1024, bands: bins),
      placement: .init(offset: 0, row: bins),
      window: HannWindow.coefficients(name == "stft_same" ? .hannSymmetric : .hannPeriodic, length: 640),
      melWeights: identity, power: 1, scaling: .none, kernels: build.kernels, plan: &plan)
    plan.require(.spectrogram, 10 * bins)
    let workspace = Workspace(plan)
    let input = try group.floats("input")
    layer.apply(input.span, workspace)
    try group.expect(workspace.values(.spectrogram, 0..<10 * bins))
  }
}

/// A golden MBConv group as a block. The vectors are of the block without its skip; skips are proved stage by
/// stage (ModelTests).
private struct BottleneckRun {
  let group: GoldenKernelTests.Group
  let build: Build
  let cacheBytes: Int

  init(_ group: GoldenKernelTests.Group, _ build: Build, cacheBytes: Int) {
    self.group = group
    self.build = build
    self.cacheBytes = cacheBytes
  }

  func run() throws -> [Float] {
    let shape = try group.shape("input")
    let output = try group.shape("output_f64")
    let expanded = try group.shape("depthwise_beta")[0]
    let size = Int(try group.number("kernel_size"))
    let stride = Int(try group.number("stride"))
    let swish = try group.text("block_activation") == "swish"
    let activation = swish ? LayerActivation.swish : .relu
    let gate = try group.text("se_gate") == "sigmoid" ? LayerActivation.sigmoid : .hardSigmoid
    let squeezed = try group.shape("se_reduce_bias")[0]
    let kernels = build.kernels
    var plan = MemoryPlan()
    var expansion: PointwiseConvolution?
    if expanded != shape[3] {
      let (weights, bias) = try folded("expand")
      expansion = PointwiseConvolution(
        weights: weights, bias: bias, inputs: shape[3], outputs: expanded, activation: activation, kernels: kernels)
    }
    let depthwise = try folded("depthwise")
    let project = try folded("project")
    let block = InvertedBottleneck(
      input: MapShape(height: shape[1], width: shape[2], channels: shape[3]), skips: false, stem: nil,
      expansion: expansion,
      depthwise: DepthwiseLayer(
        weights: depthwise.weights, bias: depthwise.bias, kernel: size, stride: stride, channels: expanded,
        activation: activation, kernels: kernels),
      squeeze: SqueezeExcitation(
        reduce: Dense(
          weights: try group.floats("se_reduce_kernel"), bias: try group.floats("se_reduce_bias"), inputs: expanded,
          outputs: squeezed, activation: activation, kernels: kernels),
        expand: Dense(
          weights: try group.floats("se_expand_kernel"), bias: try group.floats("se_expand_bias"), inputs: squeezed,
          outputs: expanded, activation: gate, kernels: kernels)),
      projection: PointwiseConvolution(
        weights: project.weights, bias: project.bias, inputs: expanded, outputs: output[3], activation: .identity,
        kernels: kernels),
      cacheBytes: cacheBytes, kernels: kernels, plan: &plan)
    let workspace = Workspace(plan)
    let paddedIn = shape[3].roundedUp(to: kernels.channelBlock)
    let paddedOut = output[3].roundedUp(to: kernels.channelBlock)
    let input = try group.floats("input")
    let count = shape[1] * shape[2] * shape[3]
    return (0..<shape[0]).flatMap { map in
      workspace.set(.mapA, padRows(Array(input[map * count..<(map + 1) * count]), columns: shape[3], to: paddedIn))
      block.apply(workspace, from: .mapA, to: .mapB)
      return cutRows(
        workspace.values(.mapB, 0..<output[1] * output[2] * paddedOut), columns: output[3], from: paddedOut)
    }
  }

  private func folded(_ part: String) throws -> (weights: [Float], bias: [Float]) {
    let read = { (name: String) in try group.floats("\(part)_\(name)").map(Double.init) }
    let (gamma, beta, mean, variance) = (
      try read("gamma"), try read("beta"), try read("mean"), try read("variance")
    )
    let epsilon = try group.number("bn_epsilon")
    let scale = gamma.indices.map { gamma[$0] / (variance[$0] + epsilon).squareRoot() }
    let kernel = try read("kernel")
    return (
      kernel.indices.map { Float(kernel[$0] * scale[$0 % scale.count]) },
      scale.indices.map { Float(beta[$0] - mean[$0] * scale[$0]) }
    )
  }
}
