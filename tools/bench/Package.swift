// swift-tools-version: 6.2
import PackageDescription

// The measured modules have no public names: what they offer each other is `package`. That word covers the
// modules that the compiler is told one package name for, and SwiftPM takes a package's from its folder
// (lower case, other characters than letters and digits as `_`). So this package takes the name of the one
// it measures, instead of that one making its inside public for a benchmark's sake.
let folder = Context.packageDirectory.split(separator: "/").dropLast(2).last ?? "perch-runner"
let packageName = String(folder.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })

/// Loops at the limit of one instruction set; the folders of the wider ones are links to the first.
func roofline(_ name: String, define: String, _ march: [String] = []) -> Target {
  .target(
    name: name, swiftSettings: [.define(define), .unsafeFlags(["-O"] + march.flatMap { ["-Xcc", $0] })])
}

#if arch(x86_64)
let rooflines = [
  roofline("Roofline", define: "ROOFLINE_BASELINE"),
  roofline("RooflineV3", define: "ROOFLINE_V3", ["-march=x86-64-v3"]),
  roofline("RooflineV4", define: "ROOFLINE_V4", ["-march=x86-64-v4", "-mprefer-vector-width=512"]),
]
#else
let rooflines = [roofline("Roofline", define: "ROOFLINE_NEON")]
#endif

let package = Package(
  name: "perch-bench",
  dependencies: [
    .package(name: "perch-runner", path: "../.."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: rooflines + [
    .executableTarget(
      name: "perch-bench",
      dependencies: rooflines.map { .byName(name: $0.name) } + [
        .product(name: "PerchModel", package: "perch-runner"),
        .product(name: "COpenBLAS", package: "perch-runner"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      // Else SwiftPM's own name for this package would follow, and the last one counts.
      packageAccess: false,
      swiftSettings: [.unsafeFlags(["-package-name", packageName])])
  ]
)
