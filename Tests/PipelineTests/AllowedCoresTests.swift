import Foundation
import PerchPipeline
import Testing

/// Machines laid out as folders.
@Suite struct AllowedCoresTests {
  struct Machine: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// Hexadecimal mask of cores, as in /proc/self/status.
    var mask = "ff"
    var group = ""
    var files: [String: String] = [:]
    let cores: Int
  }

  private static let deep = "0::/user.slice/job.scope"
  private static let old = "5:memory:/x\n4:cpu,cpuacct:/docker/abc\n"

  @Test(arguments: [
    Machine(testDescription: "nothing limits", cores: 8),
    Machine(testDescription: "two of the cores", mask: "0,00000005", cores: 2),
    Machine(testDescription: "more than 64 cores", mask: "ffffffff,ffffffff,ffffffff", cores: 96),
    Machine(testDescription: "no mask that makes sense", mask: "0", group: deep,
      files: ["sys/fs/cgroup/cpu.max": "100000 100000\n"], cores: 1),
    Machine(testDescription: "unlimited", group: deep, files: ["sys/fs/cgroup/cpu.max": "max 100000\n"], cores: 8),
    Machine(testDescription: "container", group: "0::/",
      files: ["sys/fs/cgroup/cpu.max": "300000 100000\n"], cores: 3),
    Machine(testDescription: "part of a core is rounded up", group: "0::/",
      files: ["sys/fs/cgroup/cpu.max": "150000 100000\n"], cores: 2),
    Machine(testDescription: "a hundredth of a core", group: "0::/",
      files: ["sys/fs/cgroup/cpu.max": "1000 100000\n"], cores: 1),
    Machine(testDescription: "the group above is tighter", group: deep,
      files: [
        "sys/fs/cgroup/user.slice/cpu.max": "200000 100000\n",
        "sys/fs/cgroup/user.slice/job.scope/cpu.max": "400000 100000\n",
      ], cores: 2),
    Machine(testDescription: "the host's path, seen from inside", group: "0::/../../system.slice/docker-1.scope",
      files: ["sys/fs/cgroup/cpu.max": "200000 50000\n"], cores: 4),
    Machine(testDescription: "a grant beyond the mask", mask: "3", group: "0::/",
      files: ["sys/fs/cgroup/cpu.max": "900000 100000\n"], cores: 2),
    Machine(testDescription: "version 1", group: old,
      files: [
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "250000\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      ], cores: 3),
    Machine(testDescription: "version 1, unlimited", group: old,
      files: [
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      ], cores: 8),
    Machine(testDescription: "nonsense", group: "0:::\n:\nx", files: ["sys/fs/cgroup/cpu.max": "a b"], cores: 8),
    Machine(testDescription: "no period", group: "0::/", files: ["sys/fs/cgroup/cpu.max": "1 0"], cores: 8),
  ])
  func count(machine: Machine) throws {
    let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: root) }
    var files = machine.files
    files["proc/self/status"] = "Name:\tperch\nCpus_allowed:\t\(machine.mask)\nCpus_allowed_list:\t0-7\n"
    files["proc/self/cgroup"] = machine.group
    for (name, text) in files {
      let file = root.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    #expect(AllowedCores(root: root.path).count == machine.cores)
  }

  @Test func thisMachineHasAtLeastOne() {
    #expect((1...65_536).contains(AllowedCores().count))
  }
}
