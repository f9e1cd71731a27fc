import PerchTensor
import PerchWeights

/// The spectrogram as the stem reads it: with `same` padding inside a frame of zeros, so that the
/// convolution itself never pads.
///
/// `same` for a 3×3 kernel of stride 2 puts one row (column) before where the size is odd, none where it
/// is even, and one after (as TensorFlow).
struct StemInput {
  let row: Int
  let count: Int
  let outputHeight: Int
  let outputWidth: Int
  let placement: SpectrogramLayer.Placement

  init(frames: Int, bands: Int, padding: StemPadding) {
    let pad = padding == .same
    let top = pad ? frames % 2 : 0
    let left = pad ? bands % 2 : 0
    let height = top + frames + (pad ? 1 : 0)
    row = left + bands + (pad ? 1 : 0)
    count = height * row
    outputHeight = (height - 3) / 2 + 1
    outputWidth = (row - 3) / 2 + 1
    placement = .init(offset: top * row + left, row: row)
  }
}
