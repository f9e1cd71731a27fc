import KernelTable
import PerchTensor

/// A small prototype head and maps for it, of kinds that are hard for screening.
struct PrototypeHeadCase {
  /// What is special about the prototypes, class weights or biases.
  enum Head: String, CaseIterable, Sendable {
    /// Nothing; some weights are zero, as after clamping.
    case plain
    /// Every fifth class has a twin, every tenth a twin that differs in the last bits only.
    case twins
    /// All classes are the same: every bound and every logit ties.
    case same
    /// Whole classes without weight, prototypes of zeros, prototypes with one number that outweighs all others.
    case odd
    /// Weights below zero that no clamp took away.
    case negative
    /// Bell-shaped numbers, which 8-bit codes fit less well.
    case bells
    /// The file says "unit length" of vectors that are longer.
    case longer
  }

  /// What is special about the map of embeddings.
  enum Map: String, CaseIterable, Sendable {
    /// Heavy-tailed and hardly below zero, as after a swish.
    case plain
    case signed, zeroPlaces, sparse
    /// Places that are prototypes: similarities of 1, and near-ties of the classes that share them.
    case prototypes
    /// Runs of large numbers side by side, which fill 16-bit sums.
    case blocks
    /// One number outweighs all others, on either side of zero.
    case dominant, dominantBelowZero
    /// All places are the same.
    case constant
    case zeros
    /// Squares beyond float32.
    case huge
  }

  static let count = 4
  let head: PrototypeHead
  let plan: MemoryPlan
  let depth: Int
  let places: Int
  let classes: Int
  private let prototypes: [Float]

  init(_ kind: Head, classes: Int, depth: Int, places: Int, seed: UInt64, kernels: KernelTable) {
    var numbers = Numbers(seed: seed)
    var prototypes = numbers.array(classes * Self.count * depth)
    var weights = numbers.array(classes * Self.count).map { max(12 + 16 * $0, 0) }
    var bias = numbers.array(classes).map { -2 + 0.5 * $0 }
    let size = Self.count * depth
    switch kind {
    case .plain: break
    case .twins:
      for c in 1..<classes where c % 5 == 1 {
        for i in 0..<size { prototypes[c * size + i] = prototypes[(c - 1) * size + i] }
        for k in 0..<Self.count { weights[c * Self.count + k] = weights[(c - 1) * Self.count + k] }
        bias[c] = c % 10 == 1 ? bias[c - 1].nextUp : bias[c - 1]
        if c % 10 == 1 { prototypes[c * size + 7] += 1e-5 }
      }
    case .same:
      for i in 0..<classes * size { prototypes[i] = prototypes[i % size] }
      for i in weights.indices { weights[i] = [3, 0, 12, 7][i % Self.count] }
      for i in bias.indices { bias[i] = -2 }
    case .odd:
      for c in 0..<classes {
        if c % 7 == 3 { for k in 0..<Self.count { weights[c * Self.count + k] = 0 } }
        if c % 11 == 3 { for i in 0..<depth { prototypes[c * size + i] = 0 } }
        if c % 13 == 3 { prototypes[c * size + c % depth] = 3000 }
      }
    case .negative: weights = numbers.array(classes * Self.count).map { 12 * $0 }
    case .bells:
      for i in prototypes.indices { prototypes[i] += numbers.next() + numbers.next() + numbers.next() }
    case .longer: for i in prototypes.indices { prototypes[i] *= 0.25 }
    }
    self.prototypes = prototypes
    self.classes = classes
    self.depth = depth
    self.places = places
    var plan = MemoryPlan()
    head = PrototypeHead(
      count: Self.count, size: depth, normalized: kind == .longer, normEpsilon: 1e-5,
      classWeights: weights, bias: bias, places: places, kernels: kernels, plan: &plan
    ) { $0(0, prototypes) }
    plan.require(.spatial, places * depth.roundedUp(to: kernels.channelBlock))
    self.plan = plan
  }

  /// Places row-major, rows padded to channel blocks.
  func map(_ kind: Map, seed: UInt64) -> [Float] {
    var numbers = Numbers(seed: seed)
    var map: [Float] = []
    for place in 0..<places {
      var row = numbers.array(depth)
      switch kind {
      case .signed, .constant: break
      case .zeroPlaces where place % 3 == 0: row = [Float](repeating: 0, count: depth)
      case .sparse: for i in 0..<depth where i % 16 != 5 { row[i] = 0 }
      case .prototypes:
        let first = (place * 7 + Int(seed % 97)) % (classes * Self.count) * depth
        row = Array(prototypes[first..<first + depth])
      case .blocks: for i in 0..<depth { row[i] = i % 16 < 4 ? 1000 : -0.001 }
      case .dominant: row[place % depth] = 1e6
      case .dominantBelowZero: row[place % depth] = -1e6
      case .zeros: row = [Float](repeating: 0, count: depth)
      case .huge: for i in 0..<depth { row[i] *= 1e30 }
      default: for i in 0..<depth { row[i] = Self.heavyTail(row[i] + numbers.next()) }
      }
      map += kind == .constant && place > 0 ? map.prefix(depth) : row[...]
    }
    return padRows(map, columns: depth, to: depth.roundedUp(to: head.channelBlock))
  }

  private static func heavyTail(_ x: Float) -> Float { x < 0 ? -0.278 * x * (x + 1) : x * x * x }

  /// Logits of all classes of one map by the ordinary path.
  func logits(_ map: [Float]) -> [Float] {
    let workspace = Workspace(plan)
    workspace.set(.spatial, map)
    var logits = [Float](repeating: .nan, count: classes)
    var span = logits.mutableSpan
    head.logits(workspace, places: places, into: &span)
    return logits
  }
}

/// What `greatest` must give, from all logits: sorted by logit, equal ones by index.
func greatest(_ count: Int, of logits: [Float], listed: [Int]? = nil, floor: Float = -.infinity) -> [ClassLogit] {
  let wanted = listed ?? Array(logits.indices)
  let sorted = wanted.filter { logits[$0] >= floor }.sorted {
    logits[$0] > logits[$1] || (logits[$0] == logits[$1] && $0 < $1)
  }
  return sorted.prefix(count).map { ClassLogit(index: $0, logit: logits[$0]) }
}

extension PrototypeWorkspace {
  func keep(_ map: [Float], slot: Int) { keep(map.span, slot: slot) }

  /// The greatest logits of each kept window.
  func greatest(_ count: Int, floor: Float = -.infinity, windows: Int) -> [[ClassLogit]] {
    var results = [[ClassLogit]](repeating: [], count: windows)
    greatest(count, floor: floor, windows: windows) { window, classes in
      for i in classes.indices { results[window].append(classes[i]) }
    }
    return results
  }

  func all(windows: Int, classes: Int) -> [Float] {
    var logits = [Float](repeating: .nan, count: windows * classes)
    var span = logits.mutableSpan
    all(windows: windows, into: &span)
    return logits
  }
}
