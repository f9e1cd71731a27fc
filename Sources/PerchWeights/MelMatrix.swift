import Glibc

/// Triangular filters on the mel scale of HTK, mel(f) = 1127 ln(1 + f/700), linear in mel and not
/// normalised by area (google-research/perch, `chirp/signal.py`).
package enum MelMatrix {
  package static func mel(hertz: Double) -> Double { 1127 * log1p(hertz / 700) }

  /// Weights `[bins, bands]`, row-major: the part of spectrum bin `i`, at `i · (sampleRate / 2) /
  /// (bins − 1)` Hz, that falls into each band. The row of bin 0 is zero.
  package static func weights(
    bins: Int, bands: Int, sampleRate: Double, lowerHertz: Double, upperHertz: Double
  ) -> [Double] {
    let (low, high) = (mel(hertz: lowerHertz), mel(hertz: upperHertz))
    let step = (high - low) / Double(bands + 1)
    let edges = (0..<bands + 2).map { $0 == bands + 1 ? high : low + Double($0) * step }
    var weights = [Double](repeating: 0, count: bins * bands)
    for bin in 1..<bins {
      let place = mel(hertz: Double(bin) * (sampleRate / 2 / Double(bins - 1)))
      for band in 0..<bands {
        let rising = (place - edges[band]) / (edges[band + 1] - edges[band])
        let falling = (edges[band + 2] - place) / (edges[band + 2] - edges[band + 1])
        weights[bin * bands + band] = max(0, min(rising, falling))
      }
    }
    return weights
  }
}

extension FrontendSettings {
  /// The mel matrix `[spectrumBins, melBins]` that these settings describe.
  package func melWeights(sampleRate: Int) -> [Double] {
    MelMatrix.weights(
      bins: spectrumBins, bands: melBins, sampleRate: Double(sampleRate), lowerHertz: lowerHertz,
      upperHertz: upperHertz)
  }
}
