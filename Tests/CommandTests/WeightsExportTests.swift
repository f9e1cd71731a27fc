import Foundation
import Testing

/// What users see of `weights export`, `weights verify` and `doctor`; the refusals themselves are in ExportTests.
@Suite struct WeightsExportTests {
  @Test(arguments: [
    (
      ["weights", "export", "absent", "-o", "x.h5"],
      "error: absent: no such file or folder; name the folder of a SavedModel or an .onnx file", 4
    ),
    (
      ["weights", "export", ".", "-o", "x.h5"],
      "error: .: variables.index is not there; name the folder of a SavedModel or an .onnx file", 4
    ),
    (
      ["weights", "export", "empty.onnx", "-o", "x.h5"],
      "error: empty.onnx: the file holds no graph; download the released model again", 4
    ),
    (
      ["weights", "export", "text.onnx", "-o", "x.h5"],
      "error: text.onnx: a length runs past its end; download the released model again", 4
    ),
    (
      ["weights", "verify", "text.onnx"],
      "error: text.onnx: is not an HDF5 file; name a weights file (.h5) or use --weights seeded:perch_v2 "
        + "for a trial",
      4
    ),
    (
      ["weights", "export", "empty.onnx"],
      "error: command line: name the file to write with --output; see 'perch-runner weights export --help'", 2
    ),
  ])
  func whatCannotBeReadIsRefused(_ arguments: [String], _ line: String, _ exit: Int32) throws {
    let folder = try TemporaryFolder()
    try folder.write("", to: "empty.onnx")
    try folder.write("zzzzzzzzzzzz", to: "text.onnx")
    let outcome = try Program.run(arguments, in: folder)
    #expect(outcome.errors == line + "\n")
    #expect(outcome.exit == exit)
    #expect(folder.files == ["empty.onnx", "text.onnx"])
  }

  @Test func seededWeightsPassAndSayWhatTheyDoNotProve() throws {
    let folder = try TemporaryFolder()
    let seed = try Program.run(["weights", "seed", "perch_8", "-o", "a.h5", "--classes", "label=3"], in: folder)
    #expect(seed.exit == 0)
    let verify = try Program.run(["weights", "verify", "a.h5"], in: folder)
    #expect(verify.exit == 0)
    #expect(verify.output.contains("structure and values: right"))
    #expect(verify.output.hasSuffix("not proved: there is no source model to compare with\n"))
    let doctor = try Program.run(["doctor", "--weights", "a.h5"], in: folder)
    #expect(doctor.exit == 0, "\(doctor.errors)")
    #expect(doctor.output.contains("right: network against the recipe"))
    #expect(doctor.output.contains("not proved: anything about trained weights, as these are seeded"))
    #expect(doctor.output.hasSuffix("no fault found\n"))
  }
}
