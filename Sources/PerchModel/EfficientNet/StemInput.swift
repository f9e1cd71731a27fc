import PerchTensor
import PerchWeights

/// The spectrogram as the stem reads it: with `same` padding inside a frame of zeros, so that the
/// convolution itself never pads.
///
/// `same` for a 3×3 kernel of stride 2 puts one row (column) before where the size is odd, none where it
/// is even, and one after (as TensorFlow).
struct StemInput: Equatable {
  let row: Int
  let count: Int
  let outputHeight: Int
  let outputWidth: Int
  let placement: (offset: Int, row: Int)

  init(frames: Int, bands: Int, padding: StemPadding) {
    let pad = padding == .same
    let top = pad ? frames % 2 : 0
    let left = pad ? bands % 2 : 0
    let height = top + frames + (pad ? 1 : 0)
    row = left + bands + (pad ? 1 : 0)
    // The kernel reads whole vectors past the last row's end nowhere; one row more costs nothing.
    count = (height + 1) * row
    outputHeight = (height - 3) / 2 + 1
    outputWidth = (row - 3) / 2 + 1
    placement = (top * row + left, row)
  }

  static func == (a: StemInput, b: StemInput) -> Bool {
    a.row == b.row && a.count == b.count && a.placement == b.placement
  }
}
