import PerchCore

/// Reads and checks everything that a weights file says in attributes.
struct SettingsReader {
  let file: HDF5File

  /// The newest layout that this program reads.
  static let formatVersion = 1
  static let format = "perch-weights"

  /// Ranges wide enough for every model of this family and narrow enough that no product overflows.
  private enum Range {
    static let samples = 1...(1 << 24)
    static let width = 1...(1 << 16)
    static let classes = 1...(1 << 24)
  }

  private enum OriginName: String, CaseIterable { case trained, seeded }
  private enum Architecture: String, CaseIterable { case efficientnet }
  private enum MelScale: String, CaseIterable { case htk }
  private enum ScalingName: String, CaseIterable { case pcen, log, none }
  private enum HeadType: String, CaseIterable { case dense, protopnet }

  private func attributes(_ group: String) -> AttributeReader { AttributeReader(file: file, group: group) }

  func model(heads: ModelSettings.HeadChoice) throws(WeightFault) -> ModelSettings {
    let root = attributes("/")
    try checkFormat(root)
    let sampleRate = try root.integer("sample_rate", in: 1...1_000_000)
    let embeddingSize = try root.integer("embedding_size", in: Range.width)
    let frontend = try frontend(sampleRate: sampleRate)
    let windowSamples = try root.integer("window_samples", in: frontend.windowLength...Range.samples.upperBound)
    return ModelSettings(
      name: try root.text("model"), sampleRate: SampleRate(hertz: sampleRate), windowSamples: windowSamples,
      targetPeak: try root.notNegative("target_peak"), embeddingSize: embeddingSize,
      origin: try origin(root), verified: file.has("verification"), provenance: try provenance(root),
      frontend: frontend, backbone: try backbone(embeddingSize: embeddingSize),
      heads: heads == .none ? [] : try self.heads(heads))
  }

  private func checkFormat(_ root: AttributeReader) throws(WeightFault) {
    guard let format = try root.optional("format") else {
      throw WeightFault("is an HDF5 file without weights (attribute format is missing)", .checkPath)
    }
    guard format.text == Self.format else {
      throw WeightFault("holds no weights (attribute format is not \"\(Self.format)\")", .checkPath)
    }
    let version = try root.integer("format_version", in: 1...Int.max)
    guard version <= Self.formatVersion else {
      throw WeightFault(
        "has weights layout \(version), newer than \(Self.formatVersion) which this program reads",
        .updateProgram)
    }
  }

  private func origin(_ root: AttributeReader) throws(WeightFault) -> ModelSettings.Origin {
    let origin: OriginName = try root.choice("origin")
    switch origin {
    case .trained: return .trained
    case .seeded: return .seeded(UInt64(try root.integer("seed", in: 0...Int.max)))
    }
  }

  private func provenance(_ root: AttributeReader) throws(WeightFault) -> WeightProvenance {
    _ = try root.text("storage_dtype")
    return WeightProvenance(
      source: try root.text("source"), sourceSHA256: try root.text("source_sha256"),
      license: try root.text("license"), creator: try root.text("creator"))
  }

  // MARK: Frontend

  private func frontend(sampleRate: Int) throws(WeightFault) -> FrontendSettings {
    let group = attributes("frontend")
    let windowLength = try group.integer("window_length", in: 2...(1 << 16))
    let fftLength = try group.integer("fft_length", in: windowLength...(1 << 16))
    guard fftLength.nonzeroBitCount == 1 else {
      throw WeightFault("attribute frontend/fft_length is \(fftLength), not a power of two")
    }
    let nyquist = Double(sampleRate) / 2
    let lower = try group.real("lower_hz", "from 0 to below \(nyquist)") { $0 >= 0 && $0 < nyquist }
    let _: MelScale = try group.choice("mel_scale")
    return FrontendSettings(
      framing: try group.choice("framing"), window: try group.choice("window"), windowLength: windowLength,
      hopLength: try group.integer("hop_length", in: 1...windowLength), fftLength: fftLength,
      power: try group.positive("power"), melBins: try group.integer("mel_bins", in: 1...4096),
      lowerHertz: lower,
      upperHertz: try group.real("upper_hz", "above lower_hz and up to \(nyquist)") {
        $0 > lower && $0 <= nyquist
      },
      scaling: try scaling(group))
  }

  private func scaling(_ group: AttributeReader) throws(WeightFault) -> FrontendSettings.Scaling {
    let name: ScalingName = try group.choice("scaling")
    switch name {
    case .none: return .none
    case .log:
      let floor = try group.notNegative("log_floor")
      let offset = try group.real("log_offset", "above -log_floor") { $0 + floor > 0 }
      return .log(floor: floor, offset: offset, scalar: try group.finite("log_scalar"))
    case .pcen:
      return .pcen(
        PCENSettings(
          smoothing: try group.real("pcen_smoothing", "above 0 and up to 1") { $0 > 0 && $0 <= 1 },
          gain: try group.notNegative("pcen_gain"), bias: try group.notNegative("pcen_bias"),
          root: try group.positive("pcen_root"), epsilon: try group.positive("pcen_epsilon"),
          convWidth: try group.integer("pcen_conv_width", in: -1...(1 << 16)),
          kernel: try group.choice("pcen_kernel", absent: .exact)))
    }
  }

  // MARK: Backbone

  private func backbone(embeddingSize: Int) throws(WeightFault) -> BackboneSettings {
    let group = attributes("backbone")
    let _: Architecture = try group.choice("architecture")
    var stages: [StageSettings] = []
    for index in 1...(try group.integer("stages", in: 1...32)) { stages.append(try stage(index)) }
    let settings = BackboneSettings(
      variant: try group.text("variant"), widthCoefficient: try group.optional("width_coefficient")?.real,
      depthCoefficient: try group.optional("depth_coefficient")?.real,
      stemPadding: try group.choice("stem_padding"), batchNormEpsilon: try group.notNegative("bn_epsilon"),
      stemActivation: try group.choice("stem_activation"),
      blockActivation: try group.choice("block_activation"),
      squeezeActivation: try group.choice("se_activation"), gate: try group.choice("se_gate"),
      headActivation: try group.choice("head_activation"),
      stemFeatures: try lastSide(of: "backbone/stem/conv/kernel"), stages: stages)
    if let block = settings.blocks.first(where: { $0.squeezeFeatures < 1 }) {
      throw WeightFault("\(block.name) squeezes \(block.inputFeatures) channels to none (attribute se_ratio)")
    }
    let width = try lastSide(of: "backbone/head/conv/kernel")
    guard width == embeddingSize else {
      throw WeightFault("attribute embedding_size is \(embeddingSize), but backbone/head/conv has \(width) outputs")
    }
    return settings
  }

  private func stage(_ index: Int) throws(WeightFault) -> StageSettings {
    let group = attributes("backbone/stage\(index)")
    let kernelSize = try group.integer("kernel_size", in: 1...31)
    guard kernelSize % 2 == 1 else {
      throw WeightFault("attribute \(group.group)/kernel_size is \(kernelSize), not odd")
    }
    return StageSettings(
      blocks: try group.integer("blocks", in: 1...64), kernelSize: kernelSize,
      stride: try group.integer("stride", in: 1...2), expandRatio: try group.integer("expand_ratio", in: 1...32),
      seRatio: try group.real("se_ratio", "above 0 and up to 1") { $0 > 0 && $0 <= 1 },
      features: try group.integer("features", in: Range.width))
  }

  /// Output channels of a convolution, which only its shape says.
  private func lastSide(of path: String) throws(WeightFault) -> Int {
    let shape = try WeightFault.reading { () throws(HDF5Error) in try file.shape(of: path) }
    guard shape.count == 4, Range.width.contains(shape[3]) else {
      throw WeightFault("\(path) has shape \(shape), not that of a convolution")
    }
    return shape[3]
  }

  // MARK: Heads

  func heads(_ choice: ModelSettings.HeadChoice) throws(WeightFault) -> [HeadSettings] {
    guard file.has("heads") else { return [] }
    var heads: [HeadSettings] = []
    for name in try WeightFault.reading({ () throws(HDF5Error) in try file.links(in: "heads") })
    where choice.contains(name) {
      heads.append(try head(name))
    }
    return heads.sorted { $0.order < $1.order }
  }

  private func head(_ name: String) throws(WeightFault) -> HeadSettings {
    let group = attributes("heads/\(name)")
    return HeadSettings(
      name: name, kind: try headKind(group), classes: try group.integer("num_classes", in: Range.classes),
      order: try group.integer("order", in: 0...(1 << 16)), logitSlope: try group.finite("logit_slope"),
      logitIntercept: try group.finite("logit_intercept"))
  }

  private func headKind(_ group: AttributeReader) throws(WeightFault) -> HeadSettings.Kind {
    let type: HeadType = try group.choice("type")
    switch type {
    case .dense: return .dense
    case .protopnet:
      return .protoPNet(
        prototypes: try group.integer("num_prototypes", in: 1...1024),
        normEpsilon: try group.notNegative("norm_epsilon"),
        nonNegativeKernel: try group.flag("non_negative_kernel"),
        prototypesNormalized: try group.flag("prototypes_normalized"))
    }
  }
}
