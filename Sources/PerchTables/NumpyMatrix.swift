import PerchCore
import SystemPackage

/// Why a file is no matrix that can be searched.
package enum NumpyFault: Error, Equatable, Sendable {
  case unreadable(Errno)
  case notNumpy
  /// The major version of the format.
  case version(UInt8)
  case header(String)
  case fortranOrder
  /// The type in numpy's words, as `>f4`.
  case type(String)
  case shape([Int])
  /// Bytes that the shape asks for, and that are there.
  case length(Int, Int)
}

extension RunnerError {
  /// The one line that users see.
  package init(_ fault: NumpyFault, matrix path: FilePath) {
    let save = "save it again with numpy.save"
    let (cause, remedy): (String, String) =
      switch fault {
      case .unreadable(.noSuchFileOrDirectory): ("no such file", "check the path")
      case .unreadable(.permissionDenied): ("permission denied", "make it readable")
      case .unreadable(let cause): ("cannot be read (\(cause))", "check the path and the disk")
      case .notNumpy: ("is not a NumPy file", save)
      case .version(let version): ("is of version \(version) of the NumPy format, not 1 to 3", save)
      case .header(let text): ("damaged NumPy header: \(text)", save)
      case .fortranOrder: ("holds its columns one after the other", "save numpy.ascontiguousarray of it")
      case .type(let type): ("holds numbers of type '\(type)'", "save it as little-endian float32 or float16")
      case .shape(let shape):
        ("has the shape \(shape), not rows and columns", "save a matrix with a row for each window")
      case .length(let wanted, let found): ("holds \(found) bytes of numbers, not \(wanted)", "copy it or \(save)")
      }
    self.init(path.string, cause, remedy: remedy, exit: .input)
  }
}

/// A matrix that `numpy.save` wrote (numpy.lib.format, versions 1 to 3), as memory: float32 or float16,
/// little-endian, one row after the other.
package struct NumpyMatrix: Sendable {
  package enum Number: Sendable {
    case float32, float16
  }

  package let file: MappedFile
  package let number: Number
  package let rows: Int
  package let columns: Int
  /// Where the numbers begin in the file.
  private let start: Int

  package static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Rows longer than this are no embeddings.
  private static let maximumColumns = 1 << 20

  /// Throws exit 3 when `path` holds no such matrix.
  package init(_ path: FilePath) throws(RunnerError) {
    do throws(NumpyFault) {
      try self.init(mapping: path)
    } catch {
      throw RunnerError(error, matrix: path)
    }
  }

  /// Whether `path` begins as a NumPy file does.
  package static func isAt(_ path: FilePath) -> Bool {
    guard let file = try? InputFile(path), let head = try? file.read(at: 0, upTo: magic.count) else { return false }
    return head == magic
  }

  private init(mapping path: FilePath) throws(NumpyFault) {
    do { file = try MappedFile(path) } catch { throw .unreadable(error) }
    let head = file.bytes(0..<12)
    guard head.count >= 10, Array(head.prefix(6)) == NumpyMatrix.magic else { throw .notNumpy }
    let lengthBytes: Int
    switch head[6] {
    case 1: lengthBytes = 2
    case 2, 3: lengthBytes = 4
    default: throw .version(head[6])
    }
    guard head.count >= 8 + lengthBytes else { throw .header("it is cut off") }
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(head[8 + $1]) << (8 * $1) }
    start = 8 + lengthBytes + length
    guard start <= file.size, length <= 1 << 20 else { throw .header("it is cut off") }
    let text = String(decoding: file.bytes(8 + lengthBytes..<start), as: UTF8.self)
    let header = try NumpyHeader(text)
    switch header.type {
    case "<f4", "=f4": number = .float32
    case "<f2", "=f2": number = .float16
    default: throw .type(header.type)
    }
    if header.isFortranOrder { throw .fortranOrder }
    guard header.shape.count == 2, (1...NumpyMatrix.maximumColumns).contains(header.shape[1]) else {
      throw .shape(header.shape)
    }
    (rows, columns) = (header.shape[0], header.shape[1])
    let width = number == .float32 ? 4 : 2
    // The format aligns the numbers; memory that is not aligned cannot be read as numbers.
    if start % width != 0 { throw .header("the numbers are not aligned") }
    let (wanted, isOverflow) = rows.multipliedReportingOverflow(by: columns * width)
    if isOverflow || wanted != file.size - start { throw .length(isOverflow ? Int.max : wanted, file.size - start) }
  }

  /// Lends the bytes of some rows.
  package func withRows<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let width = columns * (number == .float32 ? 4 : 2)
    return try file.withBytes(start + range.lowerBound * width..<start + range.upperBound * width, body)
  }

  /// One row, widened.
  package func row(_ index: Int) -> [Float] {
    withRows(index..<index + 1) { span in
      (0..<columns).map { column in
        switch number {
        case .float32: Float(bitPattern: span.littleEndianNumber(at: 4 * column, bytes: 4))
        case .float16: Float(Float16(bitPattern: UInt16(span.littleEndianNumber(at: 2 * column, bytes: 2))))
        }
      }
    }
  }
}

/// The literal of a Python dictionary that stands before the numbers.
private struct NumpyHeader {
  private(set) var type = ""
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []

  private var rest: Substring.UnicodeScalarView

  init(_ text: String) throws(NumpyFault) {
    rest = text[...].unicodeScalars
    var found: Set<String> = []
    guard take("{") else { throw .header("it is no dictionary") }
    while !take("}") {
      let key = try quoted()
      guard take(":"), found.insert(key).inserted else { throw .header("key '\(key)' is wrong") }
      switch key {
      case "descr": type = try dtype()
      case "fortran_order": isFortranOrder = try truth()
      case "shape": shape = try tuple()
      default: throw .header("unknown key '\(key)'")
      }
      if !take(",") {
        guard take("}") else { throw .header("it does not end") }
        break
      }
    }
    if found.count != 3 { throw .header("a key is missing") }
  }

  private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
    rest = rest.drop { $0 == " " || $0 == "\n" }
    if rest.first != wanted { return false }
    rest.removeFirst()
    return true
  }

  private mutating func quoted() throws(NumpyFault) -> String {
    for quote in ["'", "\""] as [Unicode.Scalar] where take(quote) {
      guard let end = rest.firstIndex(of: quote) else { break }
      defer { rest = rest[rest.index(after: end)...] }
      return String(rest[..<end])
    }
    throw .header("a text is missing")
  }

  /// A list stands for a structured type.
  private mutating func dtype() throws(NumpyFault) -> String {
    if take("[") { throw .type("structured") }
    return try quoted()
  }

  private mutating func truth() throws(NumpyFault) -> Bool {
    rest = rest.drop { $0 == " " }
    for (word, value) in [("True", true), ("False", false)] where rest.starts(with: word.unicodeScalars) {
      rest = rest.dropFirst(word.count)
      return value
    }
    throw .header("'fortran_order' is neither True nor False")
  }

  private mutating func tuple() throws(NumpyFault) -> [Int] {
    guard take("(") else { throw .header("'shape' is no tuple") }
    var values: [Int] = []
    while !take(")") {
      rest = rest.drop { $0 == " " }
      let digits = rest.prefix { ("0"..."9").contains($0) }
      guard let value = Int(String(digits)) else { throw .header("'shape' holds no number") }
      values.append(value)
      rest = rest[digits.endIndex...]
      if !take(",") {
        guard take(")") else { throw .header("'shape' does not end") }
        break
      }
    }
    return values
  }
}
