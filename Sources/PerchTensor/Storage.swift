import Glibc

/// Aligned memory of one kind of number, zero at first, owned by this object and freed with it.
///
/// The one place where numbers that kernels read and write are allocated. It says nothing about who may
/// touch it when: weights are never written after they are packed, and each workspace belongs to one
/// worker at a time. On those two facts rests the `@unchecked`.
@safe package final class Storage<Element: BitwiseCopyable>: @unchecked Sendable {
  package let count: Int
  let base: UnsafeMutablePointer<Element>

  /// Vectors of 64 bytes never cross a cache line; larger regions begin on a page that can be a huge one.
  package init(count: Int) {
    self.count = count
    let hugePage = 2 << 20
    let bytes = max(count, 1) * MemoryLayout<Element>.stride + Self.slack
    let alignment = bytes >= hugePage ? hugePage : 64
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: alignment)
    if bytes >= hugePage { unsafe _ = madvise(raw, bytes, MADV_HUGEPAGE) }
    unsafe memset(raw, 0, bytes)
    unsafe base = raw.assumingMemoryBound(to: Element.self)
  }

  deinit { unsafe UnsafeMutableRawPointer(base).deallocate() }

  /// Kernels may load a whole vector at the last element.
  private static var slack: Int { 64 }

  package convenience init(_ values: [Element]) {
    self.init(count: values.count)
    unsafe values.withUnsafeBufferPointer { from in
      if let source = from.baseAddress { unsafe base.update(from: source, count: from.count) }
    }
  }

  package subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "an index inside the storage")
      return unsafe base[index]
    }
    set {
      precondition(index >= 0 && index < count, "an index inside the storage")
      unsafe base[index] = newValue
    }
  }

  /// The elements of `range` as an array, for results and tests.
  package func values(_ range: Range<Int>) -> [Element] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range inside the storage")
    return unsafe Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
  }

  /// Lends the elements of `range` to `body`.
  package func withMutableSpan<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range inside the storage")
    let buffer = unsafe UnsafeMutableBufferPointer(start: base + range.lowerBound, count: range.count)
    var span = unsafe MutableSpan(_unsafeElements: buffer)
    return try body(&span)
  }

  /// Lends all elements to `body`, to read.
  package func withSpan<Result, Failure: Error>(
    _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe Span(_unsafeElements: UnsafeBufferPointer(start: base, count: count)))
  }
}
