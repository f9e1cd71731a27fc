import CPlatform
import KernelTable

/// What a kernel call does for the network.
enum KernelTask: String, CaseIterable {
  case transform, scaling, stem, expand, depthwise, squeeze, scale, project, mean, layout
}

/// Times every kernel call of a model without a line of its own in the model: it is a table whose entries
/// read the clock, call the entry of the same name in the table that is measured, and read the clock again.
/// C functions capture nothing, so there is one of it, for one thread.
enum Tracer {
  nonisolated(unsafe) private static var seconds = [KernelTask: Double]()
  nonisolated(unsafe) private static var calls = 0
  nonisolated(unsafe) private static var inner: KernelTable?
  /// Cost of reading the clock: once of it lies inside every measured call, once outside.
  nonisolated(unsafe) private static var clock = 0.0

  /// The table that counts for `kernels`.
  static func table(_ kernels: KernelTable) -> KernelTable {
    inner = kernels
    clock = .infinity
    for _ in 0..<1000 {
      let start = threadSeconds()
      clock = min(clock, threadSeconds() - start)
    }
    var table = kernels
    traceNetwork(&table)
    traceFrontend(&table)
    return table
  }

  /// Time of the kernels since the last call, and what reading the clock has cost in between.
  static func take() -> (seconds: [KernelTask: Double], overhead: Double) {
    defer { (seconds, calls) = ([:], 0) }
    return (seconds, Double(calls) * 2 * clock)
  }

  private static func time(_ task: KernelTask, _ call: (KernelTable) -> Void) {
    guard let inner else { return }
    let start = threadSeconds()
    call(inner)
    seconds[task, default: 0] += max(0, threadSeconds() - start - clock)
    calls += 1
  }

  /// A product of one row serves the squeeze; one that says where its rows go fills the ring of expanded rows;
  /// the others write rows of a map: the projection, or the last convolution.
  private static func task(_ product: MatrixProduct) -> KernelTask {
    product.rows == 1 ? .squeeze : product.c_offsets == nil ? .project : .expand
  }

  // `Tracer.` and not `Self.` or nothing: a closure that becomes a C function may not even capture the type.
  private static func traceNetwork(_ table: inout KernelTable) {
    table.matrixProduct = { p in Tracer.time(Tracer.task(p.pointee)) { $0.matrixProduct(p) } }
    table.depthwiseConvolution = { p in Tracer.time(.depthwise) { $0.depthwiseConvolution(p) } }
    table.stemConvolution = { p in Tracer.time(.stem) { $0.stemConvolution(p) } }
    table.scaleChannels = { a, b, c, d, e in Tracer.time(.scale) { $0.scaleChannels(a, b, c, d, e) } }
    table.scalePanels = { a, b, c, d, e in Tracer.time(.scale) { $0.scalePanels(a, b, c, d, e) } }
    table.meanOverRows = { a, b, c, d in Tracer.time(.mean) { $0.meanOverRows(a, b, c, d) } }
    table.blockChannels = { a, b, c, d, e, f, g in Tracer.time(.layout) { $0.blockChannels(a, b, c, d, e, f, g) } }
    table.clearColumns = { a, b, c, d in Tracer.time(.layout) { $0.clearColumns(a, b, c, d) } }
    table.prefetch = { a, b in Tracer.time(.layout) { $0.prefetch(a, b) } }
  }

  private static func traceFrontend(_ table: inout KernelTable) {
    table.interleaveHops = { a, b, c, d, e, f in Tracer.time(.layout) { $0.interleaveHops(a, b, c, d, e, f) } }
    table.melEnergies = { p in Tracer.time(.transform) { $0.melEnergies(p) } }
    table.logScaling = { p in Tracer.time(.scaling) { $0.logScaling(p) } }
    table.copyEnergies = { p in Tracer.time(.scaling) { $0.copyEnergies(p) } }
    table.energyNormalization = { p in Tracer.time(.scaling) { $0.energyNormalization(p) } }
  }
}
