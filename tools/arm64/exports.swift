import CPlatform
import KernelTable
import PerchKernels

// The kernels of the build for AArch64 under names that C can call.

private var kernels: KernelTable { kernelsBaseline() }

@_cdecl("is_neon") func isNEON() -> Bool { kernels.build == .neon }
@_cdecl("channel_block") func channelBlock() -> Int { kernels.channelBlock }
@_cdecl("double_lanes") func doubleLanes() -> Int { kernels.doubleLanes }

@_cdecl("matrix_product") func matrixProduct(_ p: UnsafePointer<MatrixProduct>) { kernels.matrixProduct(p) }
@_cdecl("depthwise") func depthwise(_ p: UnsafePointer<DepthwiseConvolution>) { kernels.depthwiseConvolution(p) }
@_cdecl("stem") func stem(_ p: UnsafePointer<StemConvolution>) { kernels.stemConvolution(p) }
@_cdecl("scale_channels") func scaleChannels(_ map: MutableFloats, _ a: Int, _ b: Int, _ c: Int, _ f: Floats) {
  kernels.scaleChannels(map, a, b, c, f)
}
@_cdecl("scale_panels") func scalePanels(
  _ panels: Floats, _ scaled: MutableFloats, _ depth: Int, _ columns: Int, _ factors: Floats
) {
  kernels.scalePanels(panels, scaled, depth, columns, factors)
}
@_cdecl("block_channels") func blockChannels(
  _ rows: Floats, _ row: Int, _ pixels: Int, _ channels: Int, _ map: MutableFloats, _ block: Int,
  _ offsets: UnsafePointer<Int32>
) {
  kernels.blockChannels(rows, row, pixels, channels, map, block, offsets)
}
@_cdecl("clear_columns") func clearColumns(_ first: MutableFloats, _ count: Int, _ step: Int, _ rows: Int) {
  kernels.clearColumns(first, count, step, rows)
}
@_cdecl("prefetch") func prefetch(_ first: Floats, _ count: Int) { kernels.prefetch(first, count) }
@_cdecl("interleave_hops") func interleaveHops(
  _ window: Floats, _ count: Int, _ before: Int, _ hop: Int, _ columns: Int, _ rows: MutableFloats
) {
  kernels.interleaveHops(window, count, before, hop, columns, rows)
}
@_cdecl("copy_energies") func copyEnergies(_ p: UnsafePointer<LogScaling>) { kernels.copyEnergies(p) }
@_cdecl("mean_over_rows") func meanOverRows(_ m: Floats, _ rows: Int, _ columns: Int, _ mean: MutableFloats) {
  kernels.meanOverRows(m, rows, columns, mean)
}
@_cdecl("activate") func activate(_ values: MutableFloats, _ count: Int, _ code: Int32) {
  kernels.activateInPlace(values, count, code)
}
@_cdecl("scale_to_peak") func scaleToPeak(_ x: MutableFloats, _ count: Int, _ peak: Float, _ mean: Bool) -> Bool {
  kernels.scaleToPeak(x, count, peak, mean)
}
@_cdecl("polyphase") func polyphase(
  _ input: Floats, _ bank: Floats, _ taps: Int, _ phases: Int, _ step: Int, _ phaseStep: Int, _ phase: Int,
  _ count: Int, _ output: MutableFloats
) {
  kernels.polyphase(input, bank, taps, phases, step, phaseStep, phase, count, output)
}
@_cdecl("mel_energies") func melEnergies(_ p: UnsafePointer<MelEnergies>) { kernels.melEnergies(p) }
@_cdecl("log_scaling") func logScaling(_ p: UnsafePointer<LogScaling>) { kernels.logScaling(p) }
@_cdecl("energy_normalization") func energyNormalization(_ p: UnsafePointer<EnergyNormalization>) {
  kernels.energyNormalization(p)
}
@_cdecl("strided_product") func stridedProduct(_ p: UnsafePointer<StridedProduct>) { kernels.stridedProduct(p) }
@_cdecl("strided_product_double") func stridedProductDouble(_ p: UnsafePointer<StridedProductDouble>) {
  kernels.stridedProductDouble(p)
}
@_cdecl("standardize_row") func standardizeRow(
  _ row: Floats, _ mean: Floats, _ scale: Floats, _ count: Int, _ to: MutableFloats
) {
  kernels.standardizeRow(row, mean, scale, count, to)
}
@_cdecl("row_logits") func rowLogits(_ p: UnsafePointer<RowLogits>) { kernels.rowLogits(p) }
@_cdecl("row_products") func rowProducts(_ p: UnsafePointer<RowProducts>) { kernels.similarity.rowProducts(p) }
@_cdecl("row_estimates") func rowEstimates(_ p: UnsafePointer<RowEstimates>) { kernels.similarity.rowEstimates(p) }
@_cdecl("widen_halves") func widenHalves(_ from: UnsafePointer<UInt16>, _ count: Int, _ to: MutableFloats) {
  kernels.similarity.widenHalves(from, count, to)
}

@_cdecl("place_lanes") func placeLanes() -> Int { kernels.prototypes.placeLanes }
@_cdecl("quad_group") func quadGroup() -> Int { kernels.prototypes.quadGroup }
@_cdecl("quad_depth_block") func quadDepthBlock() -> Int { kernels.prototypes.depthBlock }
@_cdecl("unit_places") func unitPlaces(_ p: UnsafePointer<UnitPlaces>) { kernels.prototypes.unitPlaces(p) }
@_cdecl("quad_similarities") func quadSimilarities(_ p: UnsafePointer<QuadSimilarities>) {
  kernels.prototypes.quadSimilarities(p)
}

@_cdecl("panel_width") func panelWidth() -> Int { kernels.screening.panelWidth }
@_cdecl("step_codes") func stepCodes() -> Int { kernels.screening.stepCodes }
@_cdecl("tile_places") func tilePlaces() -> Int { kernels.screening.tilePlaces }
@_cdecl("group_steps") func groupSteps() -> Int { kernels.screening.groupSteps }
@_cdecl("vector_codes") func vectorCodes(_ p: UnsafePointer<VectorCodes>) -> Float {
  kernels.screening.vectorCodes(p)
}
@_cdecl("greatest_group") func greatestGroup(
  _ codes: UnsafePointer<UInt8>, _ depth: Int, _ signed: Int32
) -> Int32 {
  kernels.screening.greatestGroup(codes, depth, signed)
}
@_cdecl("code_products") func codeProducts(_ p: UnsafePointer<CodeProducts>) { kernels.screening.codeProducts(p) }
@_cdecl("panel_bounds") func panelBounds(_ p: UnsafePointer<PanelBounds>) { kernels.screening.panelBounds(p) }
