import Foundation
import PerchCore
import PerchTables
import SystemPackage
import Testing

@Suite struct NumpyMatrixTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let plain = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"

  /// A file of the format with this header, padded as numpy does unless `padding` says otherwise.
  private static func file(
    _ header: String, version: UInt8 = 1, padding: Int? = nil, numbers: [UInt8]
  ) -> [UInt8] {
    let lengthBytes = version == 1 ? 2 : 4
    let unpadded = 8 + lengthBytes + header.utf8.count + 1
    let text = Array(header.utf8) + [UInt8](repeating: 0x20, count: padding ?? (64 - unpadded % 64) % 64) + [0x0A]
    let length = (0..<lengthBytes).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return NumpyMatrix.magic + [version, 0] + length + text + numbers
  }

  private static let floats: [UInt8] = [1, 2, 3, 4, 5, 6].flatMap { (value: Float) in
    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
  }
  private static let halves: [UInt8] = [1, 2, 3, 4, 5, 6].flatMap { (value: Float16) in
    (0..<2).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt16(8 * $0)) }
  }

  private func path(_ bytes: [UInt8]) throws -> FilePath {
    let path = folder.file("a.npy")
    try Data(bytes).write(to: URL(filePath: path.string))
    return path
  }

  @Test(arguments: [UInt8(1), 2, 3]) func readsEveryVersion(_ version: UInt8) throws {
    let path = try path(Self.file(Self.plain, version: version, numbers: Self.floats))
    #expect(NumpyMatrix.isAt(path))
    let matrix = try NumpyMatrix(path)
    #expect(matrix.rows == 2 && matrix.columns == 3 && matrix.number == .float32)
    #expect(matrix.row(0) == [1, 2, 3])
    #expect(matrix.row(1) == [4, 5, 6])
  }

  @Test func readsHalves() throws {
    let header = "{'shape': (2, 3), 'fortran_order': False, 'descr': '<f2'}"
    let matrix = try NumpyMatrix(path(Self.file(header, numbers: Self.halves)))
    #expect(matrix.number == .float16)
    #expect(matrix.row(1) == [4, 5, 6])
  }

  @Test func aMatrixMayHaveNoRows() throws {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }"
    #expect(try NumpyMatrix(path(Self.file(header, numbers: []))).rows == 0)
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let bytes: [UInt8]
    let line: String
    var testDescription: String { line }

    init(_ bytes: [UInt8], _ line: String) {
      self.bytes = bytes
      self.line = line
    }

    init(header: String, _ line: String) {
      self.init(NumpyMatrixTests.file(header, numbers: NumpyMatrixTests.floats), line)
    }
  }

  private static let save = "save it again with numpy.save"
  private static let type = "save it as little-endian float32 or float16"

  static let refused = [
    Case(Array("RIFF and more of it".utf8), "is not a NumPy file; \(save)"),
    Case([], "is not a NumPy file; \(save)"),
    Case(file(plain, version: 4, numbers: floats), "is of version 4 of the NumPy format, not 1 to 3; \(save)"),
    Case(
      header: "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
      "holds its columns one after the other; save numpy.ascontiguousarray of it"),
    Case(
      header: "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }",
      "holds numbers of type '>f4'; \(type)"),
    Case(
      header: "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }",
      "holds numbers of type '<f8'; \(type)"),
    Case(
      header: "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3), }",
      "holds numbers of type 'structured'; \(type)"),
    Case(
      header: "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }",
      "has the shape [6], not rows and columns; save a matrix with a row for each window"),
    Case(
      header: "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0), }",
      "has the shape [2, 0], not rows and columns; save a matrix with a row for each window"),
    Case(
      header: "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), }",
      "holds 24 bytes of numbers, not 36; copy it or \(save)"),
    Case(
      header: "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 1000), }",
      "holds 24 bytes of numbers, not 9223372036854775807; copy it or \(save)"),
    Case(
      header: "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3), }",
      "damaged NumPy header: 'shape' holds no number; \(save)"),
    Case(header: "{'descr': '<f4', 'shape': (2, 3), }", "damaged NumPy header: a key is missing; \(save)"),
    Case(header: "descr", "damaged NumPy header: it is no dictionary; \(save)"),
    Case(
      header: "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 3), }",
      "damaged NumPy header: 'fortran_order' is neither True nor False; \(save)"),
    Case(
      file(plain, padding: 0, numbers: floats), "damaged NumPy header: the numbers are not aligned; \(save)"),
  ]

  @Test(arguments: refused) func refusesWhatItCannotSearch(_ test: Case) throws {
    let path = try path(test.bytes)
    let error = #expect(throws: RunnerError.self) { try NumpyMatrix(path) }
    #expect(error?.description == "error: \(path.string): \(test.line)")
    #expect(error?.exit == .input)
  }

  @Test func everyCutIsRefused() throws {
    let whole = Self.file(Self.plain, numbers: Self.floats)
    for count in 0..<whole.count {
      let path = try path(Array(whole.prefix(count)))
      #expect(throws: RunnerError.self, "\(count)") { try NumpyMatrix(path) }
    }
  }

  @Test func noFileAndNoRegularFile() throws {
    let absent = folder.file("absent.npy")
    #expect(throws: RunnerError(.unreadable(.noSuchFileOrDirectory), matrix: absent)) { try NumpyMatrix(absent) }
    #expect(throws: RunnerError.self) { try NumpyMatrix("/dev/null") }
  }
}
