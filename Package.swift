// swift-tools-version: 6.2
import PackageDescription

// Every target but the kernels states its unsafe expressions and has no warnings.
let safe: [SwiftSetting] = [.strictMemorySafety(), .treatAllWarnings(as: .error)]

/// One build of `Sources/PerchKernels` for one instruction set. Optimised in debug builds too,
/// so that tests run the kernels that ship. The other folders are links to the first or to some of its files.
func kernels(_ name: String, define: String..., march: [String] = []) -> Target {
  .target(
    name: name, dependencies: ["KernelTable", "CPlatform"],
    swiftSettings: define.map { .define($0) } + [.unsafeFlags(["-O", "-wmo"] + march.flatMap { ["-Xcc", $0] })])
}

#if arch(x86_64)
let kernelBuilds = [
  kernels("PerchKernels", define: "KERNELS_BASELINE"),
  kernels("PerchKernelsV3", define: "KERNELS_V3", march: ["-march=x86-64-v3"]),
  kernels("PerchKernelsV4", define: "KERNELS_V4", march: ["-march=x86-64-v4", "-mprefer-vector-width=512"]),
  // x86-64-v4 does not promise VNNI: what uses it is built, and chosen, apart.
  kernels(
    "PerchKernelsVNNI", define: "KERNELS_V4", "KERNELS_VNNI",
    march: ["-march=x86-64-v4", "-mavx512vnni", "-mprefer-vector-width=512"]),
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
  traits: [
    .default(enabledTraits: ["Hoplite"]),
    .trait(name: "Hoplite", description: "Read databases of perch-hoplite (needs libsqlite3-dev)."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.9.0"),
  ],
  targets: kernelBuilds + [
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CPlatform"),
    .target(
      name: "CClassLists", exclude: ["README.md", "perch_8_labels.txt", "perch_v2_labels.csv"]),

    module("PerchCore", [
      .product(name: "Crypto", package: "swift-crypto"),
      .product(name: "SystemPackage", package: "swift-system"),
    ]),
    .target(name: "KernelTable", dependencies: ["CPlatform"]),
    module("PerchTensor", ["PerchCore", "KernelTable", "CPlatform"] + kernelBuilds.map { .byName(name: $0.name) }),
    module("PerchWeights", ["PerchCore", "CHDF5"]),
    module("PerchAudio", ["PerchCore", "PerchTensor", "CSndFile"]),
    module("PerchModel", ["PerchCore", "PerchTensor", "PerchWeights", "CClassLists"]),
    module("PerchExport", [
      "PerchCore", "KernelTable", "PerchTensor", "PerchWeights", "PerchModel",
      .product(name: "SystemPackage", package: "swift-system"),
    ]),
    module("PerchRecognition", ["PerchCore", "PerchTensor", "KernelTable", "PerchWeights"]),
    module("PerchTables", ["PerchCore", .product(name: "SystemPackage", package: "swift-system")]),
    module("PerchHoplite", [
      "PerchCore", .product(name: "SystemPackage", package: "swift-system"),
      .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["Hoplite"])),
    ]),
    module("PerchReport", ["PerchCore"]),
    module("PerchPipeline", [
      "PerchHoplite",
      "PerchCore", "KernelTable", "PerchTensor", "PerchWeights", "PerchAudio", "PerchModel", "PerchRecognition",
      "PerchTables", "PerchReport", .product(name: "SystemPackage", package: "swift-system"),
      .product(name: "Yams", package: "Yams"),
    ]),
    .executableTarget(
      name: "perch-runner",
      dependencies: [
        "PerchCore", "PerchAudio", "PerchTables", "PerchWeights", "PerchModel", "PerchPipeline",
        "PerchTensor",
        "PerchRecognition",
        "PerchExport",
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
    tests("ExportTests", [
      .product(name: "Crypto", package: "swift-crypto"),
      "PerchExport", "PerchModel", "PerchWeights", "PerchCore",
      .product(name: "SystemPackage", package: "swift-system"),
    ]),
    tests(
      "ModelTests", ["PerchModel", "PerchWeights", "PerchTensor", "PerchCore", "PerchAudio"],
      exclude: ["Golden"]),
    tests(
      "TablesTests", ["PerchTables", "PerchCore", .product(name: "SystemPackage", package: "swift-system")],
      exclude: ["Readers"]),
    tests("PipelineTests", [
      "PerchPipeline", "PerchAudio", "PerchCore", "PerchTables", "PerchRecognition", "PerchModel",
    ]),
    tests("CommandTests", [
      "perch-runner", "PerchCore", "PerchTables", "KernelTable", "PerchTensor", "PerchWeights", "PerchAudio",
      "PerchModel", "PerchPipeline", .product(name: "SystemPackage", package: "swift-system"),
    ]),
    tests("RecognitionTests", [
      "PerchRecognition", "PerchTensor", "PerchWeights", "PerchCore", "KernelTable", "CPlatform",
    ]),
    tests("HopliteTests", [
      "PerchHoplite", "PerchPipeline", "PerchTables", "PerchCore",
      .product(name: "SystemPackage", package: "swift-system"),
    ], exclude: ["Golden"]),
    tests("ArchitectureTests", []),
  ]
)
