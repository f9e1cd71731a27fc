import Foundation
import TestSupport
import Testing

/// The kernels for AArch64, on a machine that is none.
@Suite struct ARMKernelTests {
  private static let tools = ["aarch64-linux-gnu-gcc", "clang", "qemu-aarch64", "swiftc"]

  /// Compiles them and runs each against plain loops.
  @Test(
    .enabled(
      if: tools.allSatisfy(Tool.exists),
      "needs swiftc, clang and the packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user"))
  func compileAndComputeRight() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "perch-runner-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let check = TestFiles.project.appending(path: "tools/arm64/check")
    let command = "\"$0\" \"$1\" 2>&1 || echo it failed"
    let output = try Tool.run("sh", ["-c", command, check.path, folder.path])
    let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
    #expect(lines.allSatisfy { $0.hasPrefix("right ") }, "\(lines.joined(separator: "\n"))")
    // Every kernel of the table has come up.
    #expect(lines.count >= 31)
  }
}
