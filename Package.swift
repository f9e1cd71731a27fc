// swift-tools-version: 6.2
import PackageDescription

// Every target but the kernels states its unsafe expressions and has no warnings.
let safe: [SwiftSetting] = [.strictMemorySafety(), .treatAllWarnings(as: .error)]

/// One build of `Sources/PerchKernels` for one instruction set. Optimised in debug builds too,
/// so that tests run the kernels that ship. The other folders are links to the first.
func kernels(_ name: String, define: String, _ march: [String] = []) -> Target {
  .target(
    name: name, dependencies: ["KernelTable", "CPlatform"],
    swiftSettings: [.define(define), .unsafeFlags(["-O", "-wmo"] + march.flatMap { ["-Xcc", $0] })])
}

#if arch(x86_64)
let kernelBuilds = [
  kernels("PerchKernels", define: "KERNELS_BASELINE"),
  kernels("PerchKernelsV3", define: "KERNELS_V3", ["-march=x86-64-v3"]),
  kernels("PerchKernelsV4", define: "KERNELS_V4", ["-march=x86-64-v4", "-mprefer-vector-width=512"]),
]
#else
let kernelBuilds = [kernels("PerchKernels", define: "KERNELS_NEON")]
#endif

func module(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: safe)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: ["TestSupport"] + dependencies, exclude: exclude)
}

let package = Package(
  name: "perch-runner",
  products: [
    .executable(name: "perch-runner", targets: ["perch-runner"]),
    .library(name: "PerchPipeline", targets: ["PerchPipeline"]),
    .library(name: "PerchModel", targets: ["PerchModel"]),
    .library(name: "COpenBLAS", targets: ["COpenBLAS"]),  // for tools/bench
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: kernelBuilds + [
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CPlatform"),

    module("PerchCore", [
      .product(name: "Crypto", package: "swift-crypto"),
      .product(name: "SystemPackage", package: "swift-system"),
    ]),
    .target(name: "KernelTable", dependencies: ["CPlatform"]),
    module("PerchTensor", ["PerchCore", "KernelTable", "CPlatform"] + kernelBuilds.map { .byName(name: $0.name) }),
    module("PerchWeights", ["PerchCore", "CHDF5"]),
    module("PerchAudio", ["PerchCore", "PerchTensor", "CSndFile"]),
    module("PerchModel", ["PerchCore", "PerchTensor", "PerchWeights"]),
    module("PerchRecognition", ["PerchCore", "PerchTensor", "KernelTable"]),
    module("PerchTables", ["PerchCore", .product(name: "SystemPackage", package: "swift-system")]),
    module("PerchPipeline", [
      "PerchCore", "KernelTable", "PerchTensor", "PerchWeights", "PerchAudio", "PerchModel", "PerchRecognition",
      "PerchTables", .product(name: "SystemPackage", package: "swift-system"),
      .product(name: "Yams", package: "Yams"),
    ]),
    .executableTarget(
      name: "perch-runner",
      dependencies: [
        "PerchCore", "PerchAudio", "PerchTables", "PerchWeights", "PerchModel", "PerchPipeline",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: safe),

    .target(
      name: "TestSupport", dependencies: ["PerchCore", "PerchWeights"], path: "Tests/TestSupport"),
    tests("KernelTests", ["PerchTensor", "KernelTable", "COpenBLAS"]),
    tests("WeightsTests", ["PerchWeights", "PerchCore"]),
    tests("AudioTests", ["PerchAudio", "PerchCore", "PerchTensor"], exclude: ["Golden/export.py"]),
    tests("ModelTests", ["PerchModel", "PerchWeights", "PerchTensor", "PerchCore"], exclude: ["Golden"]),
    tests(
      "TablesTests", ["PerchTables", "PerchCore", .product(name: "SystemPackage", package: "swift-system")],
      exclude: ["Readers"]),
    tests("PipelineTests", ["PerchPipeline", "PerchAudio", "PerchCore", "PerchTables"]),
    tests("CommandTests", [
      "perch-runner", "PerchCore", "PerchTables", "KernelTable", "PerchTensor", "PerchWeights", "PerchAudio",
      "PerchModel", .product(name: "SystemPackage", package: "swift-system"),
    ]),
    tests("ArchitectureTests", []),
  ]
)
