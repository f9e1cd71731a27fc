import FoundationEssentials
import Glibc

/// How many cores this process may keep busy.
///
/// A container, a job scheduler or `taskset` grants fewer cores than the machine has; to start a worker
/// for each core of the machine would then only make the workers wait for each other.
package struct AllowedCores: Sendable {
  private let root: String

  /// - Parameter root: folder that stands for `/`, so that tests can lay out any machine.
  package init(root: String = "/") { self.root = root }

  /// The smaller of the cores that the scheduler lets this process run on and the processor time that
  /// its control groups grant it (rounded up); at least 1.
  package var count: Int {
    let cores = affinity ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return max(1, min(Double(cores), granted?.rounded(.up) ?? .infinity)).wholeCores
  }

  /// Bits in the mask of cores that this process may run on (proc(5): `Cpus_allowed`, hexadecimal words
  /// joined by commas); nil where the system does not tell.
  private var affinity: Int? {
    let lines = read("proc/self/status").split(separator: "\n")
    guard let mask = lines.first(where: { $0.hasPrefix("Cpus_allowed:") })?.dropFirst(13) else { return nil }
    let count = mask.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
    return count > 0 ? count : nil
  }

  /// Cores' worth of processor time granted by the control groups, or nil when nothing limits it. Knows
  /// both versions (Linux documentation: admin-guide/cgroup-v2.rst `cpu.max`, scheduler/sched-bwc.rst).
  private var granted: Double? {
    let lines = read("proc/self/cgroup").split(separator: "\n")
    return lines.compactMap { line -> Double? in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      if fields[1].isEmpty { return least(of: fields[2], under: "sys/fs/cgroup", by: versionTwo) }
      guard fields[1].split(separator: ",").contains("cpu") else { return nil }
      let mounts = ["sys/fs/cgroup/\(fields[1])", "sys/fs/cgroup/cpu"]
      return mounts.compactMap { least(of: fields[2], under: $0, by: versionOne) }.min()
    }.min()
  }

  /// The smallest limit of `group` and the groups above it, each of which binds. Inside a container the
  /// path may be the host's and not exist here; the walk then ends at the mount, the container's own group.
  private func least(of group: Substring, under mount: String, by limit: (String) -> Double?) -> Double? {
    var names = group.split(separator: "/").filter { $0 != ".." }.map(String.init)
    var limits = [limit(mount)]
    while !names.isEmpty {
      limits.append(limit("\(mount)/\(names.joined(separator: "/"))"))
      names.removeLast()
    }
    return limits.compactMap(\.self).min()
  }

  private func versionTwo(_ folder: String) -> Double? {
    let fields = read("\(folder)/cpu.max").split(whereSeparator: \.isWhitespace)
    return fields.count == 2 ? ratio(String(fields[0]), String(fields[1])) : nil
  }

  private func versionOne(_ folder: String) -> Double? {
    ratio(read("\(folder)/cpu.cfs_quota_us"), read("\(folder)/cpu.cfs_period_us"))
  }

  /// Quota over period; nil for `max` and for -1, which mean no limit.
  private func ratio(_ quota: String, _ period: String) -> Double? {
    func number(_ text: String) -> Double? {
      text.split(whereSeparator: \.isWhitespace).first.flatMap { Double($0) }
    }
    guard let quota = number(quota), let period = number(period), quota > 0, period > 0 else { return nil }
    return quota / period
  }

  private func read(_ path: String) -> String {
    (try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)) ?? ""
  }
}

extension Double {
  /// No machine has more cores than this; a larger number is nonsense in a file.
  fileprivate var wholeCores: Int { Int(min(self, 65_536)) }
}
