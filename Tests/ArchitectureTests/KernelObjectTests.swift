import Foundation
import Testing

/// The kernel builds on x86-64 do not leak into each other or into the rest of the program.
@Suite struct KernelObjectTests {
  private static let builds = ["PerchKernels", "PerchKernelsV3", "PerchKernelsV4", "PerchKernelsVNNI"]

  private static var folder: URL {
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  }

  private static func objects(_ build: String) -> [URL] {
    let files = FileManager.default.enumerator(
      at: folder.appending(path: "\(build).build"), includingPropertiesForKeys: nil)
    return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "o" }
  }

  private static var isX86: Bool {
    #if arch(x86_64)
    true
    #else
    false
    #endif
  }

  /// The linker keeps one copy of a weak symbol, whichever object it comes from. A copy compiled for AVX2
  /// must therefore never stand in for code that all processors run.
  @Test(
    .enabled(if: isX86, "one kernel build only"),
    .enabled(if: Tool.exists("nm"), "needs nm (package binutils)"), arguments: builds)
  func noWeakSymbolOfAnotherModule(build: String) throws {
    let objects = Self.objects(build)
    try #require(!objects.isEmpty)
    let text = String(decoding: try Tool.run("nm", ["--defined-only"] + objects.map(\.path)), as: UTF8.self)
    var defined = 0
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 3, words[0].count == 16 else { continue }
      defined += 1
      guard ["W", "V", "u"].contains(words[1]) else { continue }
      // Mangled names carry the module after its length, as in $s14PerchKernelsV3…; the other one is a
      // number, the same in every object.
      let isOwn = words[2].contains("\(build.count)\(build)") || words[2] == "__swift_reflection_version"
      #expect(isOwn, "\(build) defines the weak symbol \(words[2])")
    }
    #expect(defined > 10)
  }

  @Test(
    .enabled(if: isX86, "one kernel build only"),
    .enabled(if: Tool.exists("objdump"), "needs objdump (package binutils)"))
  func theBaselineHasNoWideRegisters() throws {
    func disassembly(_ build: String) throws -> String {
      let arguments = ["-d", "--no-show-raw-insn"] + Self.objects(build).map(\.path)
      return String(decoding: try Tool.run("objdump", arguments), as: UTF8.self)
    }
    let baseline = try disassembly("PerchKernels")
    #expect(baseline.contains("xmm"))
    #expect(!baseline.contains("ymm") && !baseline.contains("zmm"))
    let v3 = try disassembly("PerchKernelsV3")
    #expect(v3.contains("ymm") && !v3.contains("zmm"))
    let v4 = try disassembly("PerchKernelsV4")
    #expect(v4.contains("zmm") && !v4.contains("vpdpbusd"))
    #expect(try disassembly("PerchKernelsVNNI").contains("vpdpbusd"))
  }
}
