import KernelTable

#if KERNELS_V4
  public func kernelsV4() -> KernelTable { table(.v4) }
#elseif KERNELS_V3
  public func kernelsV3() -> KernelTable { table(.v3) }
#elseif KERNELS_NEON
  public func kernelsBaseline() -> KernelTable { table(.neon) }
#else
  public func kernelsBaseline() -> KernelTable { table(.baseline) }
#endif

private func table(_ build: KernelBuild) -> KernelTable {
  KernelTable(
    build: build, channelBlock: channelBlock, doubleLanes: doubleLanes, polyphase: polyphase,
    matrixProduct: matrixProduct, depthwiseConvolution: depthwiseConvolution,
    stemConvolution: stemConvolution, scaleChannels: scaleChannels, scalePanels: scalePanels,
    meanOverRows: meanOverRows, blockChannels: blockChannels, clearColumns: clearColumns,
    prefetch: prefetchFloats, activateInPlace: activateInPlace, scaleToPeak: scaleToPeak,
    interleaveHops: interleaveHops, melEnergies: melEnergies, logScaling: logScaling, copyEnergies: copyEnergies,
    energyNormalization: energyNormalization, prototypes: prototypeKernels, screening: screeningKernels,
    similarity: SimilarityKernels(rowProducts: rowProducts, rowEstimates: rowEstimates, widenHalves: widenHalves),
    standardizeRow: standardizeRow, rowLogits: rowLogits, stridedProduct: stridedProduct,
    stridedProductDouble: stridedProductDouble)
}
