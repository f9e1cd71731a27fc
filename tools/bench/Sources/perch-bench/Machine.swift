import COpenBLAS
import FoundationEssentials
import Glibc
import PerchCore

/// What the figures were measured on: the first JSON line of every run.
struct Machine: Encodable {
  let record = "machine"
  let date: String
  let processor: String
  let cores: Int
  let loadAverage: Double
  /// Bytes of the first, second and third cache.
  let caches: [Int]
  let kernels: String
  let version = programVersion
  let commit: String
  let compiler: String
  let openblas: String
  /// Billions of operations a second of one core that does multiply-adds alone.
  let multiplyAddGigaflops: Double
  /// Billions of bytes a second that one core reads from each cache and from memory.
  let readGigabytesPerSecond: [String: Double]

  init(_ limits: Limits) {
    date = Date().formatted(.iso8601.year().month().day())
    processor = Self.field("model name", of: "/proc/cpuinfo") ?? "unknown"
    cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    var averages = [0.0, 0, 0]
    getloadavg(&averages, 3)
    loadAverage = averages[0]
    caches = [_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE].map { sysconf(Int32($0)) }
    kernels = limits.build.rawValue
    let here = URL(filePath: #filePath).deletingLastPathComponent().path
    commit = Self.firstLine(of: "git -C '\(here)' describe --always --dirty --abbrev=12") ?? "unknown"
    compiler = Self.firstLine(of: "swift --version 2>/dev/null") ?? "unknown"
    openblas = String(cString: openblas_get_config())
    let multiplyAdds = limits.multiplyAdds
    multiplyAddGigaflops = multiplyAdds.operations / InTurn.least([multiplyAdds.work], seconds: 0.3)[0] * 1e-9
    readGigabytesPerSecond = Self.reading(limits, caches)
  }

  /// Half of each cache, and memory: four times the second cache or 256 MiB, where the third is shared by cores
  /// of other machines and so no limit that this process could know.
  private static func reading(_ limits: Limits, _ caches: [Int]) -> [String: Double] {
    var rates: [String: Double] = [:]
    let first = caches[0] > 0 ? caches[0] : 32 << 10
    let second = caches[1] > 0 ? caches[1] : 512 << 10
    for (name, bytes) in [("cache 1", first / 2), ("cache 2", second / 2), ("memory", 256 << 20)] {
      let floats = Block(bytes / 4 / 128 * 128)
      rates[name] = Double(floats.count * 4) / InTurn.least([limits.reads(floats)], seconds: 0.3)[0] * 1e-9
    }
    return rates
  }

  var text: String {
    let reads = readGigabytesPerSecond.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.text(0))" }
    return """
      \(processor), \(cores) cores, load \(loadAverage.text(1)); \(date)
      perch-runner \(version) (\(commit)), kernels \(kernels); \(compiler); \(openblas)
      one core: \(multiplyAddGigaflops.text(1)) GFLOP/s of multiply-adds; \
      GB/s read: \(reads.joined(separator: ", "))
      """
  }

  private static func field(_ name: String, of file: String) -> String? {
    let lines = (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix(name) }
    return line?.split(separator: ":", maxSplits: 1).last.map { $0.drop { $0 == " " }.description }
  }

  private static func firstLine(of command: String) -> String? {
    guard let pipe = popen(command, "r") else { return nil }
    defer { pclose(pipe) }
    var bytes = [CChar](repeating: 0, count: 256)
    guard fgets(&bytes, Int32(bytes.count), pipe) != nil else { return nil }
    let line = String(decoding: bytes.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return line.isEmpty ? nil : line
  }
}
