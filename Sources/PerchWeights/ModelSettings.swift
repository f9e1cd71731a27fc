import PerchCore

/// Everything a weights file says about its model beside the numbers. The frontend and the network are
/// built from these values, never from the model's name.
package struct ModelSettings: Equatable, Sendable {
  package enum Origin: Equatable, Sendable {
    case trained
    /// Made by the seeded recipe from this seed: results mean nothing and must say so.
    case seeded(UInt64)
  }

  /// Which of the heads below `heads/` a caller wants.
  package enum HeadChoice: Equatable, Sendable {
    case none, all
    /// The head of that name, if there is one.
    case named(String)

    func contains(_ head: String) -> Bool {
      switch self {
      case .none: false
      case .all: true
      case .named(let name): head == name
      }
    }
  }

  /// `perch_8`, `perch_v2` or free text.
  package var name: String
  package var sampleRate: SampleRate
  /// Samples of one window.
  package var windowSamples: Int
  /// Largest absolute sample after normalisation; 0 leaves windows as they are.
  package var targetPeak: Double
  /// Elements of an embedding.
  package var embeddingSize: Int
  package var origin: Origin
  /// Whether the file holds outputs of the source model to compare with.
  package var verified: Bool
  package var provenance: WeightProvenance
  package var frontend: FrontendSettings
  package var backbone: BackboneSettings
  /// In the order of the model's outputs; empty where none exist or none were asked for.
  package var heads: [HeadSettings]

  package init(
    name: String, sampleRate: SampleRate, windowSamples: Int, targetPeak: Double, embeddingSize: Int,
    origin: Origin, verified: Bool, provenance: WeightProvenance, frontend: FrontendSettings,
    backbone: BackboneSettings, heads: [HeadSettings]
  ) {
    self.name = name
    self.sampleRate = sampleRate
    self.windowSamples = windowSamples
    self.targetPeak = targetPeak
    self.embeddingSize = embeddingSize
    self.origin = origin
    self.verified = verified
    self.provenance = provenance
    self.frontend = frontend
    self.backbone = backbone
    self.heads = heads
  }
}

/// Where the numbers of a weights file came from.
package struct WeightProvenance: Equatable, Sendable {
  /// Model handle and version.
  package var source: String
  /// Digest of the source file, hexadecimal; may be empty.
  package var sourceSHA256: String
  /// Licence identifier.
  package var license: String
  /// Tool and version that wrote the file.
  package var creator: String

  package init(source: String, sourceSHA256: String, license: String, creator: String) {
    self.source = source
    self.sourceSHA256 = sourceSHA256
    self.license = license
    self.creator = creator
  }
}

/// A head: what turns an embedding (or the spatial embedding) into logits.
package struct HeadSettings: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    case dense
    /// Similarity to `prototypes` vectors a class. `normEpsilon` is added to each norm,
    /// `nonNegativeKernel` clamps class weights at zero, `prototypesNormalized` says that they have
    /// unit length already.
    case protoPNet(
      prototypes: Int, normEpsilon: Double, nonNegativeKernel: Bool, prototypesNormalized: Bool)
  }

  package var name: String
  package var kind: Kind
  package var classes: Int
  /// Place among the model's outputs; 0 is first.
  package var order: Int
  /// A user's logit is `slope · raw + intercept`.
  package var logitSlope: Double
  package var logitIntercept: Double

  package init(name: String, kind: Kind, classes: Int, order: Int, logitSlope: Double, logitIntercept: Double) {
    self.name = name
    self.kind = kind
    self.classes = classes
    self.order = order
    self.logitSlope = logitSlope
    self.logitIntercept = logitIntercept
  }
}
