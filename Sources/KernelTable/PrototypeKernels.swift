import CPlatform

/// What the kernels of the prototype head have in common with those who call them: layout and functions of
/// one build. The arguments are described in CPlatform/kernel_arguments.h.
public struct PrototypeKernels: Sendable {
  /// Places are padded to a multiple of this.
  public let placeLanes: Int
  /// Places of a full panel.
  public let panelPlaces: Int
  /// Quads whose blocks of `depthBlock` steps of k stand side by side.
  public let quadGroup: Int
  public let depthBlock: Int
  public var unitPlaces: @convention(c) (UnsafePointer<UnitPlaces>) -> Void
  public var quadSimilarities: @convention(c) (UnsafePointer<QuadSimilarities>) -> Void

  public init(
    placeLanes: Int, panelPlaces: Int, quadGroup: Int, depthBlock: Int,
    unitPlaces: @escaping @convention(c) (UnsafePointer<UnitPlaces>) -> Void,
    quadSimilarities: @escaping @convention(c) (UnsafePointer<QuadSimilarities>) -> Void
  ) {
    self.placeLanes = placeLanes
    self.panelPlaces = panelPlaces
    self.quadGroup = quadGroup
    self.depthBlock = depthBlock
    self.unitPlaces = unitPlaces
    self.quadSimilarities = quadSimilarities
  }
}

/// How products of codes are summed.
public enum ScreeningForm: String, Sendable, CaseIterable {
  /// Any processor: products of 16-bit numbers, eight of them summed in 16 bits.
  case plain
  /// AVX2 `vpmaddubsw`, 16-bit sums of eight products, wrapping.
  case pairs256
  /// The same in registers of 512 bits (AVX-512BW).
  case pairs512
  /// AVX-512 VNNI `vpdpbusd`: straight into sums of 32 bits.
  case dot512
}

/// Screening of prototypes by 8-bit codes: layout and functions of one form. Bounds are upper bounds in every
/// form; scores never depend on which one ran.
public struct ScreeningKernels: Sendable {
  public let form: ScreeningForm
  /// Prototypes of a panel, and codes of each that stand side by side.
  public let panelWidth: Int
  public let stepCodes: Int
  public let tilePlaces: Int
  /// Steps that are summed before the sums go to memory, at most (`groupIsFixed`: exactly).
  public let groupSteps: Int
  public let groupIsFixed: Bool
  /// Codes of prototypes are in −limit ... limit.
  public let codeLimit: Float
  /// Sums of one group must stay below this; infinite where nothing can overflow.
  public let sumLimit: Float
  /// Squared distance of the coded vector from the vector, in float32.
  public var vectorCodes: @convention(c) (UnsafePointer<VectorCodes>) -> Float
  /// Greatest Σ code² over the codes that meet in one sum of a group. Arguments: codes, depth, signed (0, 1).
  public var greatestGroup: @convention(c) (UnsafePointer<UInt8>, Int, Int32) -> Int32
  public var codeProducts: @convention(c) (UnsafePointer<CodeProducts>) -> Void
  public var panelBounds: @convention(c) (UnsafePointer<PanelBounds>) -> Void

  public init(
    form: ScreeningForm, panelWidth: Int, stepCodes: Int, tilePlaces: Int, groupSteps: Int, groupIsFixed: Bool,
    codeLimit: Float, sumLimit: Float,
    vectorCodes: @escaping @convention(c) (UnsafePointer<VectorCodes>) -> Float,
    greatestGroup: @escaping @convention(c) (UnsafePointer<UInt8>, Int, Int32) -> Int32,
    codeProducts: @escaping @convention(c) (UnsafePointer<CodeProducts>) -> Void,
    panelBounds: @escaping @convention(c) (UnsafePointer<PanelBounds>) -> Void
  ) {
    self.form = form
    self.panelWidth = panelWidth
    self.stepCodes = stepCodes
    self.tilePlaces = tilePlaces
    self.groupSteps = groupSteps
    self.groupIsFixed = groupIsFixed
    self.codeLimit = codeLimit
    self.sumLimit = sumLimit
    self.vectorCodes = vectorCodes
    self.greatestGroup = greatestGroup
    self.codeProducts = codeProducts
    self.panelBounds = panelBounds
  }
}
