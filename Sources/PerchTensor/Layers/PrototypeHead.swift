import CPlatform
import Glibc
import KernelTable

/// ProtoPNet head (google-research/perch, chirp/models/heads.py): each class has a few prototypes; a
/// prototype's similarity is the greatest cosine over all places of the map, and a logit is the weighted
/// sum of its prototypes' similarities and a bias.
package struct PrototypeHead: Sendable {
  package let classes: Int
  private let prototypes: Int
  private let normEpsilon: Float
  private let unit: PackedMatrix
  private let classWeights: [Float]
  private let bias: [Float]
  private let kernels: KernelTable

  /// Columns of similarities that are computed at a time: whole panels of every build.
  private static let columnsAtATime = 768

  /// - Parameters:
  ///   - prototypes: [classes, count, size].
  ///   - normalized: they have unit length already.
  ///   - normEpsilon: added to the norm of a prototype and of a place.
  ///   - classWeights: [classes, count], clamped already where the head clamps them.
  package init(
    prototypes: [Float], count: Int, size: Int, normalized: Bool, normEpsilon: Double, classWeights: [Float],
    bias: [Float], places: Int, kernels: KernelTable, plan: inout MemoryPlan
  ) {
    classes = bias.count
    self.prototypes = count
    self.normEpsilon = Float(normEpsilon)
    self.classWeights = classWeights
    self.bias = bias
    self.kernels = kernels
    unit = PackedMatrix(
      columns: prototypes, depth: size, kernels: kernels,
      scale: { normalized ? 1 : 1 / (Self.norm($0) + normEpsilon) })
    plan.require(.unitVectors, places * size.roundedUp(to: kernels.channelBlock))
    plan.require(.similarities, places * Self.columnsAtATime + unit.paddedColumns)
  }

  private static func norm(_ vector: ArraySlice<Float>) -> Double {
    vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  /// Region `spatial` of `places` rows → one logit a class.
  package func logits(_ workspace: Workspace, places: Int, into logits: inout MutableSpan<Float>) {
    normalizePlaces(workspace, places: places)
    let greatest = places * Self.columnsAtATime
    var column = 0
    while column < unit.paddedColumns {
      let columns = min(Self.columnsAtATime, unit.paddedColumns - column)
      similarities(workspace, places: places, column: column, columns: columns)
      unsafe kernels.maximumOverRows(
        workspace.pointer(.similarities), places, columns,
        workspace.pointer(.similarities, at: greatest + column))
      column += columns
    }
    let similarity = unsafe workspace.pointer(.similarities, at: greatest)
    for index in 0..<classes {
      var sum: Float = 0
      for k in index * prototypes..<(index + 1) * prototypes { unsafe sum += classWeights[k] * similarity[k] }
      logits[index] = sum + bias[index]
    }
  }

  private func similarities(_ workspace: Workspace, places: Int, column: Int, columns: Int) {
    var arguments = unsafe MatrixProduct(
      a: workspace.pointer(.unitVectors), a_row: unit.depth.roundedUp(to: kernels.channelBlock),
      a_block: kernels.channelBlock, rows: places, depth: unit.depth, columns: columns,
      b: UnsafePointer(unit.storage.base + column * unit.depth), bias: nil,
      c: workspace.pointer(.similarities), c_offsets: nil, c_row: columns, c_block: kernels.channelBlock,
      residual: nil, activation: ActivationCode.none)
    unsafe kernels.matrixProduct(&arguments)
  }

  /// Each place over its norm; a place of zeros stays zero.
  private func normalizePlaces(_ workspace: Workspace, places: Int) {
    let row = unit.depth.roundedUp(to: kernels.channelBlock)
    for place in 0..<places {
      let from = unsafe workspace.pointer(.spatial, at: place * row)
      let to = unsafe workspace.pointer(.unitVectors, at: place * row)
      var sum = 0.0
      for i in 0..<row { unsafe sum += Double(from[i]) * Double(from[i]) }
      let norm = Float(sum.squareRoot()) + normEpsilon
      for i in 0..<row { unsafe to[i] = from[i] / norm }
    }
  }
}
