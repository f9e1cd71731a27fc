import KernelTable
import Roofline

#if arch(x86_64)
  import RooflineV3
  import RooflineV4
#endif

/// The limits of one core with the instructions of one kernel build.
struct Limits: Sendable {
  let build: KernelBuild

  /// Multiply-adds alone. `operations` are done by one call of `work`.
  var multiplyAdds: (operations: Double, work: () -> Void) {
    let turns = 4096
    let build = build
    return (Double(turns * operationsPerTurn), { keep(Self.multiplyAdd(build, turns)) })
  }

  /// Loads alone, from `floats` that are read over and over.
  func reads(_ floats: Block) -> () -> Void {
    let build = build
    let count = floats.count / 128 * 128
    return { keep(Self.read(build, floats.start, count)) }
  }

  private var operationsPerTurn: Int {
    #if arch(x86_64)
      switch build {
      case .v4: return RooflineV4.operationsPerTurn
      case .v3: return RooflineV3.operationsPerTurn
      case .baseline, .neon: break
      }
    #endif
    return Roofline.operationsPerTurn
  }

  private static func multiplyAdd(_ build: KernelBuild, _ turns: Int) -> Float {
    #if arch(x86_64)
      switch build {
      case .v4: return RooflineV4.multiplyAdd(turns: turns, factor: 0.75, summand: 0.25)
      case .v3: return RooflineV3.multiplyAdd(turns: turns, factor: 0.75, summand: 0.25)
      case .baseline, .neon: break
      }
    #endif
    return Roofline.multiplyAdd(turns: turns, factor: 0.75, summand: 0.25)
  }

  private static func read(_ build: KernelBuild, _ first: UnsafePointer<Float>, _ count: Int) -> Float {
    #if arch(x86_64)
      switch build {
      case .v4: return RooflineV4.read(first, count: count)
      case .v3: return RooflineV3.read(first, count: count)
      case .baseline, .neon: break
      }
    #endif
    return Roofline.read(first, count: count)
  }
}

/// Floats on a page boundary, freed with this object; small numbers that are no denormals.
final class Block {
  let start: UnsafeMutablePointer<Float>
  let count: Int

  init(_ count: Int, seed: UInt64 = 1) {
    self.count = count
    // Kernels may load a whole vector at the last element.
    let raw = UnsafeMutableRawPointer.allocate(byteCount: (count + 16) * 4, alignment: 4096)
    start = raw.bindMemory(to: Float.self, capacity: count + 16)
    var state = seed
    for i in 0..<count + 16 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      start[i] = Float(Int32(truncatingIfNeeded: state >> 33)) * 0x1p-31 - 0.5
    }
  }

  deinit { start.deallocate() }

  var values: [Float] { Array(UnsafeBufferPointer(start: start, count: count)) }
}
