import Foundation
import PerchCore
import PerchWeights
import SystemPackage
import TestSupport
import Testing

private let small: [(head: String, count: Int)] = [("label", 64), ("genus", 32), ("family", 16), ("order", 8)]

struct WeightFileWriterTests {
  @Test(arguments: [SeededModel.perch8C, .perch8, .perchV2])
  func comesBackEqual(_ model: SeededModel) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("weights.h5")
    let source = SeededWeights(model, classes: model == .perch8 ? small : [("label", 64)])
    try WeightFileWriter.write(source, to: path)
    let file = try WeightFile(path: path, heads: .all)
    #expect(file.settings == source.settings)
    for entry in source.settings.tensors {
      #expect(try file.tensor(entry) == source.tensor(entry), "\(entry.path)")
    }
    for entry in source.settings.frontend.optionalTensors {
      #expect(
        try file.optionalTensor(entry.path, shape: entry.shape)
          == source.optionalTensor(entry.path, shape: entry.shape))
    }
    for head in source.settings.heads {
      #expect(try file.classNames(head: head.name) == source.classNames(head: head.name))
    }
    try file.validateAll()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["weights.h5"])
  }

  @Test func equalWeightsGiveEqualBytes() throws {
    let folder = try TemporaryFolder()
    let source = SeededWeights(.perch8C)
    try WeightFileWriter.write(source, to: folder.path("a.h5"))
    try WeightFileWriter.write(source, to: folder.path("b.h5"))
    #expect(try Digest.sha256(file: folder.path("a.h5")) == Digest.sha256(file: folder.path("b.h5")))
  }

  /// Half precision rounds to nearest even: at most 2⁻¹¹ of a normal value, half of 2⁻²⁴ below.
  @Test func float16StoresKernelsOnly() throws {
    let folder = try TemporaryFolder()
    let source = SeededWeights(.perchV2, classes: [("label", 8)])
    try WeightFileWriter.write(source, to: folder.path("half.h5"), storage: .float16)
    let file = try WeightFile(path: folder.path("half.h5"), heads: .all)
    let raw = try HDF5File(reading: folder.path("half.h5"))
    for entry in source.settings.tensors {
      let name = entry.path.split(separator: "/").last.map(String.init)
      let isHalf = name == "kernel" || name == "prototypes"
      #expect(try raw.storage(of: entry.path) == (isHalf ? .float16 : .float32), "\(entry.path)")
      let want = try source.tensor(entry)
      let got = try file.tensor(entry)
      let close = zip(want, got).allSatisfy { isHalf ? abs($0 - $1) <= max(abs($0) * 0x1p-11, 0x1p-25) : $0 == $1 }
      #expect(close, "\(entry.path)")
    }
  }

  @Test func float16RefusesWhatItCannotHold() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("half.h5")
    let source = Replacing(base: SeededWeights(.perch8C), path: "backbone/head/conv/kernel", value: 70000)
    let error = #expect(throws: RunnerError.self) {
      try WeightFileWriter.write(source, to: path, storage: .float16)
    }
    #expect(
      error?.description
        == "error: \(path): backbone/head/conv/kernel holds 70000.0, which float16 cannot; use --dtype float32")
    #expect(error?.exit == .weights)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test func sayWhenTheFolderIsMissing() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("absent/weights.h5")
    let error = #expect(throws: RunnerError.self) { try WeightFileWriter.write(SeededWeights(.perch8C), to: path) }
    #expect(
      error?.description
        == "error: \(path): \(path) cannot be written; check that the folder exists, can be written and has space")
    #expect(error?.exit == .output)
  }

  // MARK: The reference program

  /// Values, types and attributes of our file against that of the reference generator, by h5py.
  @Test(
    .enabled(if: TestFiles.hasShared, "needs the shared reference data"),
    .enabled(if: Python.hasH5py, "needs Python with h5py"),
    arguments: [
      (SeededModel.perch8, "float32"), (.perch8C, "float16"), (.perchV2, "float16"), (.perchV2, "float32"),
    ])
  func h5pyReadsTheSame(_ model: SeededModel, _ dtype: String) throws {
    let folder = try TemporaryFolder()
    let (ours, theirs) = (folder.path("ours.h5"), folder.path("theirs.h5"))
    let classes = model == .perch8 ? small : [("label", 64)]
    let source = SeededWeights(model, classes: classes)
    try WeightFileWriter.write(source, to: ours, storage: #require(WeightFileWriter.Storage(rawValue: dtype)))
    let generator = try #require(TestFiles.shared).appending(path: "golden/seeded_weights.py")
    let heads = classes.map { "\($0.head)=\($0.count)" }.joined(separator: ",")
    try Python.run(file: generator, [model.rawValue, theirs.string, "--classes", heads, "--dtype", dtype])
    #expect(try Python.run(compare, [ours.string, theirs.string]) == "same\n")

    let file = try WeightFile(path: theirs, heads: .all)
    var want = source.settings
    want.provenance.creator = "seeded_weights.py"
    #expect(file.settings == want)
    try file.validateAll()
    if dtype == "float32" {
      for entry in want.tensors { #expect(try file.tensor(entry) == source.tensor(entry), "\(entry.path)") }
    }
  }

  /// Frontend constants may round differently by one unit; pcen_kernel is written although it is the default.
  private let compare = """
    import sys, h5py, numpy as np
    a, b = (h5py.File(p) for p in sys.argv[1:])
    def names(f):
        found = ["/"]
        f.visit(found.append)
        return sorted(found)
    assert names(a) == names(b), set(names(a)) ^ set(names(b))
    for n in names(a):
        x, y = dict(a[n].attrs), dict(b[n].attrs)
        if n == "/": x.pop("creator"), y.pop("creator")
        if n == "frontend" and x.get("pcen_kernel") == b"exact": x.pop("pcen_kernel")
        assert set(x) == set(y), (n, set(x) ^ set(y))
        for k in x:
            s, t = (f[n].attrs.get_id(k).get_type() for f in (a, b))
            assert x[k] == y[k] and s == t and np.shape(x[k]) == (), (n, k, x[k], y[k])
        if isinstance(a[n], h5py.Dataset):
            p, q = a[n], b[n]
            assert p.id.get_type() == q.id.get_type() and p.shape == q.shape, n
            if n.startswith("frontend/"): assert np.allclose(p[()], q[()], rtol=2e-6, atol=1e-9), n
            else: assert np.array_equal(p[()], q[()]), n
    print("same")
    """
}

/// A source in which one tensor has one value everywhere.
private struct Replacing: WeightSource {
  let base: SeededWeights
  let path: String
  let value: Float
  var settings: ModelSettings { base.settings }
  var digest: FileDigest { base.digest }

  func tensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float] {
    path == self.path ? [Float](repeating: value, count: shape.reduce(1, *)) : try base.tensor(path, shape: shape)
  }
  func optionalTensor(_ path: String, shape: [Int]) throws(RunnerError) -> [Float]? {
    try base.optionalTensor(path, shape: shape)
  }
  func classNames(head: String) throws(RunnerError) -> [String] { try base.classNames(head: head) }
}
