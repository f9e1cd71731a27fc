import KernelTable
import PerchCore
import PerchTensor

/// Changes the sample rate of one channel, block by block, by `y[q] = Σ x[n]·h[c + q·down − n·up]`
/// (filter and symbols: `PolyphaseBank`). Sound outside the recording is zero; no delay is left in:
/// output q is at time q / target rate; n inputs give ⌈n·up/down⌉ outputs.
///
/// Output q needs inputs up to `(q·down + c) div up`, so the reader is some ten samples of the lower
/// rate ahead. Each output is one dot product of fixed order: cutting the input differently changes
/// no bit. Equal rates pass through untouched.
package struct Resampler {
  private let bank: PolyphaseBank
  /// Inputs that are still needed; begins as zeros, the silence before the recording.
  private var history: [Float]
  /// First input of the next output, counted in steps of 1/up input samples from `history[0]`:
  /// quotient by `up` = position, remainder = phase.
  private var cursor: Int
  /// Inputs taken and outputs given since the start.
  package private(set) var received = 0
  package private(set) var emitted = 0

  package init(_ bank: PolyphaseBank) {
    self.bank = bank
    history = [Float](repeating: 0, count: bank.taps - 1)
    cursor = bank.centre
  }

  private var passesThrough: Bool { bank.up == bank.down }

  /// Forgets the past: the next input is the first of a recording.
  package mutating func restart() { self = Resampler(bank) }

  /// Takes `input` and appends the outputs that are now complete to `output`.
  package mutating func push(_ input: Span<Float>, into output: inout [Float]) {
    received += input.count
    if passesThrough {
      output.reserveCapacity(output.count + input.count)
      for i in input.indices { output.append(input[i]) }
      emitted = received
      return
    }
    history.reserveCapacity(history.count + input.count)
    for i in input.indices { history.append(input[i]) }
    emit(atMost: .max, into: &output)
  }

  /// Ends the recording: appends the outputs whose filter reaches past the last input.
  package mutating func finish(into output: inout [Float]) {
    guard !passesThrough else { return }
    let total = (received * bank.up + bank.down - 1) / bank.down
    while emitted < total {
      history.append(contentsOf: repeatElement(0, count: bank.taps))
      emit(atMost: total - emitted, into: &output)
    }
  }

  private mutating func emit(atMost limit: Int, into output: inout [Float]) {
    let (up, down, taps) = (bank.up, bank.down, bank.taps)
    // The last output that fits has its first input at history.count − taps, in any phase.
    let last = (history.count - taps + 1) * up - 1
    guard last >= cursor else { return }
    let count = min((last - cursor) / down + 1, limit)
    let (position, phase) = cursor.quotientAndRemainder(dividingBy: up)
    let start = output.count
    output.append(contentsOf: repeatElement(0, count: count))
    unsafe history.withUnsafeBufferPointer { x in
      unsafe bank.rows.withUnsafeBufferPointer { rows in
        unsafe output.withUnsafeMutableBufferPointer { y in
          guard let x = x.baseAddress, let rows = rows.baseAddress, let y = y.baseAddress else { return }
          unsafe Kernels.active.polyphase(
            x + position, rows, taps, up, down / up, down % up, phase, count, y + start)
        }
      }
    }
    emitted += count
    cursor += count * down
    let spent = min(cursor / up, history.count)
    history.removeFirst(spent)
    cursor -= spent * up
  }
}
