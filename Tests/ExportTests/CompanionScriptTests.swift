import Foundation
import PerchExport
import PerchWeights
import SystemPackage
import TestSupport
import Testing

/// tools/verification, run as its README says.
@Suite struct CompanionScriptTests {
  private static let script = TestFiles.project.appending(path: "tools/verification/verification.py").path

  private static func labels() -> [UInt8] {
    let lines = ["inat2024_fsd50k"] + (0..<ONNXFixture.classes).map { "label_\($0)" }
    return Array(lines.map { $0 + "\r\n" }.joined().utf8)
  }

  /// The source model runs in ONNX Runtime, so a fault that our reader and our engine share would show.
  @Test(.enabled(if: Python.has("numpy", "h5py", "onnxruntime"), "needs Python with numpy, h5py and onnxruntime"))
  func anONNXModelIsProvedByItsOwnRuntime() throws {
    let folder = try TemporaryFolder()
    try folder.write(try ONNXFixture.bytes(), to: "model.onnx")
    try folder.write(Self.labels(), to: "labels.csv")
    let (model, answers) = (folder.path("model.onnx"), folder.path("answers.h5"))
    let run = try Python.run([Self.script, model.string, answers.string])
    #expect(run.status == 0, "\(run.output)")
    let verification = try #require(try Verification.read(answers))
    #expect(verification.windowNames == ProbeWindows.names)
    for (index, name) in ProbeWindows.names.enumerated() {
      let ours = try #require(ProbeWindows.window(name))
      // Sines of two libraries may differ in the last bit; all else is exact.
      let worst = zip(ours, verification.window(index)).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      #expect(worst <= (name == "sweep" ? 0x1p-25 : 0), "\(name)")
    }
    var options = WeightExport.Options()
    options.verification = answers
    let export = try WeightExport(model, options)
    _ = try export.write(to: folder.path("out.h5"))
    #expect(try WeightCheck(folder.path("out.h5")).error == nil)
    let again = try Python.run([Self.script, model.string, folder.path("out.h5").string, "--into"])
    #expect(again.status == 0, "\(again.output)")
    #expect(try WeightCheck(folder.path("out.h5")).error == nil)
  }

  @Test(.enabled(if: Python.has("numpy", "h5py"), "needs Python with numpy and h5py"))
  func nothingIsOverwritten() throws {
    let folder = try TemporaryFolder()
    try folder.write([], to: "model.onnx")
    try folder.write([1], to: "answers.h5")
    let run = try Python.run([Self.script, folder.path("model.onnx").string, folder.path("answers.h5").string])
    #expect(run.status == 1)
    #expect(run.output.hasSuffix("exists; name another file, or a weights file with --into\n"))
  }
}
