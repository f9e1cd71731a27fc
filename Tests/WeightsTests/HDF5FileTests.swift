import Foundation
import PerchWeights
import SystemPackage
import TestSupport
import Testing

/// What h5py writes, beyond what our own files use.
@Suite(.enabled(if: Python.hasH5py, "needs Python with h5py"))
struct HDF5FileTests {
  private static let make = """
    import sys, h5py, numpy as np
    f = h5py.File(sys.argv[1], "w")
    x = np.arange(6000, dtype="f4").reshape(60, 100) / 7
    f.create_dataset("chunked", data=x, chunks=(7, 13), compression="gzip", shuffle=True)
    f["half"] = x.astype("f2"); f["double"] = x.astype("f8"); f["big"] = x.astype(">f4")
    f["bytes"] = np.arange(5, dtype="u1"); f["scalar"] = np.float32(2.5); f["none"] = np.zeros((0, 3), "f4")
    f["compact"] = h5py.Empty("f4")
    f["variable"] = np.array(["a", "", "\\u00e9t\\u00e9"], dtype=h5py.string_dtype())
    f["fixed"] = np.array([b"ab", b"c"], dtype="S5")
    f["latin"] = np.array([b"\\xff"], dtype="S1")
    f.create_dataset("unwritten", (10, 10), "f4")
    f.create_dataset("huge", (10**5, 10**5, 10**5), "f4", chunks=(10, 10, 10))
    f.create_dataset("overflow", (2**40, 2**40), "f4", chunks=(10, 10))
    f["complex"] = np.zeros(2, "c8")
    f["soft"] = h5py.SoftLink("/half"); f["far"] = h5py.ExternalLink("/etc/passwd", "/x")
    f.create_dataset("outside", (4,), "f4", external=[("/etc/passwd", 0, 16)])
    g = f.create_group("g"); g.create_group("b"); g.create_group("a")
    for k, v in dict(i1=np.int8(-3), u2=np.uint16(7), i8=np.int64(2**40), f2=np.float16(0.5), f4=np.float32(0.25),
                     be=np.array(9, ">i4"), list=np.array([1.0, 2.0]), text="\\u00e5", empty="",
                     pair=np.array([1, 2])).items(): g.attrs[k] = v
    g.attrs.create("fixed", b"abc", dtype="S6")
    """

  private let folder: TemporaryFolder
  private let file: HDF5File

  init() throws {
    folder = try TemporaryFolder()
    try Python.run(Self.make, [folder.path("made.h5").string])
    file = try HDF5File(reading: folder.path("made.h5"))
  }

  @Test(arguments: ["chunked", "double", "big"]) func floats(_ name: String) throws {
    #expect(try file.shape(of: name) == [60, 100])
    #expect(try file.floats(name) == (0..<6000).map { Float($0) / 7 })
  }

  @Test(arguments: ["chunked", "double", "big", "half"]) func someRows(_ name: String) throws {
    #expect(try file.isContiguous(name) == (name != "chunked"))
    let all = try file.floats(name)
    for rows in [0..<1, 7..<29, 59..<60, 0..<60, 12..<12] {
      #expect(try file.floats(name, rows: rows) == Array(all[rows.lowerBound * 100..<rows.upperBound * 100]))
    }
    #expect(throws: HDF5Error.self) { try file.floats(name, rows: 59..<61) }
    #expect(throws: HDF5Error.self) { try file.floats("scalar", rows: 0..<1) }
  }

  @Test func otherNumbers() throws {
    #expect(try file.floats("half") == (0..<6000).map { Float(Float16(Float($0) / 7)) })
    #expect(try file.doubles("bytes") == [0, 1, 2, 3, 4])
    #expect(try file.doubles("half").prefix(2) == [0, Double(Float16(1) / 7)])
    #expect(try file.floats("scalar") == [2.5] && file.shape(of: "scalar") == [])
    #expect(try file.floats("none") == [] && file.shape(of: "none") == [0, 3])
  }

  @Test func textsAndNames() throws {
    #expect(try file.texts("variable") == ["a", "", "été"])
    #expect(try file.texts("fixed") == ["ab", "c"])
    #expect(try file.links(in: "g") == ["a", "b"])
    #expect(file.has("g/a") && file.has("/") && !file.has("g/c") && !file.has("soft") && !file.has("far"))
  }

  @Test(arguments: [
    ("i1", HDF5Value.integer(-3)), ("u2", .integer(7)), ("i8", .integer(1 << 40)), ("f2", .real(0.5)),
    ("f4", .real(0.25)), ("be", .integer(9)), ("list", .reals([1, 2])), ("text", .text("å")), ("empty", .text("")),
    ("pair", .integers([1, 2])), ("fixed", .text("abc")),
  ])
  func attributes(_ name: String, _ value: HDF5Value) throws {
    #expect(try file.attribute(name, of: "g") == value)
    #expect(try file.attribute("absent", of: "g") == nil)
  }

  @Test(arguments: [
    ("unwritten", HDF5Error.notStored("unwritten")), ("huge", .notStored("huge")),
    ("overflow", .tooLarge("overflow")),
    ("complex", .wrongKind("complex")), ("soft", .missing("soft")), ("far", .missing("far")),
    ("outside", .notStored("outside")), ("g", .wrongKind("g")), ("x/y", .missing("x/y")),
    ("fixed", .wrongKind("fixed")), ("compact", .unreadable("compact")),
  ])
  func refusesData(_ name: String, _ error: HDF5Error) throws {
    #expect(throws: error) { try file.floats(name) }
  }

  @Test func refusesOtherText() throws {
    #expect(throws: HDF5Error.unreadable("latin")) { try file.texts("latin") }
    #expect(throws: HDF5Error.wrongKind("half")) { try file.texts("half") }
    #expect(throws: HDF5Error.wrongKind("half")) { try file.links(in: "half") }
    #expect(throws: HDF5Error.missing("x")) { try file.attribute("a", of: "x") }
  }

  /// One written chunk cannot stand for 10¹⁵ elements: gzip shrinks 1032-fold at most.
  @Test func refusesMoreThanCompressionExplains() throws {
    try Python.run(
      """
      import sys, h5py
      f = h5py.File(sys.argv[1], "w")
      d = f.create_dataset("x", (10**5, 10**5, 10**5), "f4", chunks=(10, 10, 10), compression="gzip")
      d[:10, :10, :10] = 1
      """, [folder.path("bomb.h5").string])
    let bomb = try HDF5File(reading: folder.path("bomb.h5"))
    #expect(throws: HDF5Error.tooLarge("x")) { try bomb.floats("x") }
  }

  @Test func unfinishedFilesVanish() throws {
    do {
      let file = try HDF5File(writing: folder.path("new.h5"))
      try file.write([1, 2], shape: [2], to: "a/b")
      #expect(FileManager.default.fileExists(atPath: folder.path("new.h5.inprogress").string))
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("new.h5.inprogress").string))
    #expect(!FileManager.default.fileExists(atPath: folder.path("new.h5").string))
  }
}
