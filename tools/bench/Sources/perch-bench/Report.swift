import FoundationEssentials
import Glibc

/// One measured thing.
struct Record: Encodable {
  /// `kernels`, `stages` or `whole`.
  let level: String
  /// Unique within the level and the same in every run, so that two runs can be compared row by row.
  let name: String
  let milliseconds: Double
  var gigaflops: Double?
  var gigabytesPerSecond: Double?
  /// Of the rate of multiply-adds, or else of reading, that was measured in turn with it.
  var shareOfLimit: Double?
  /// What `referenceMilliseconds` is the time of.
  var reference: String?
  var referenceMilliseconds: Double?
  /// What the level `whole` measures beside the time.
  var more: [String: Double]?
}

/// Where the figures go: a table for people, and JSON lines for programs.
final class Report {
  private let json: LineFile?
  private let encoder = JSONEncoder()

  /// - Parameter path: file for the JSON lines; with `-` they alone stand on standard output and the table
  ///   goes to standard error.
  init(json path: String?) throws {
    json = try path.map { try LineFile($0) }
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
  }

  func add(_ machine: Machine) throws {
    try json?.write(String(decoding: encoder.encode(machine), as: UTF8.self))
    say(machine.text)
  }

  func head(_ level: String) {
    say(
      "\n\(level.padded(48))\("ms".padded(10, left: true))\("GFLOP/s".padded(9, left: true))"
        + "\("GB/s".padded(8, left: true))\("of limit".padded(9, left: true))  reference")
  }

  func add(_ record: Record) throws {
    try json?.write(String(decoding: encoder.encode(record), as: UTF8.self))
    var reference = ""
    if let name = record.reference, let time = record.referenceMilliseconds {
      reference = "  \(name) \(time.text(4)) ms, \((time / record.milliseconds).text(2)) x"
    }
    say(
      record.name.padded(48) + record.milliseconds.text(4).padded(10, left: true)
        + (record.gigaflops?.text(1) ?? "").padded(9, left: true)
        + (record.gigabytesPerSecond?.text(1) ?? "").padded(8, left: true)
        + (record.shareOfLimit.map { "\(($0 * 100).text(0)) %" } ?? "").padded(9, left: true) + reference)
  }

  func say(_ line: String) {
    LineFile(descriptor: json?.descriptor == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO).write(line)
  }
}

/// A file that is written line by line, so that a run that was stopped leaves what it measured.
private struct LineFile {
  let descriptor: Int32

  struct Unwritable: Error, CustomStringConvertible { let description: String }

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// - Parameter path: `-` for standard output.
  init(_ path: String) throws {
    descriptor = path == "-" ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Unwritable(description: "\(path): cannot be written: \(String(cString: strerror(errno)))")
    }
  }

  func write(_ line: String) {
    var bytes = Array("\(line)\n".utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}

extension String {
  func padded(_ width: Int, left: Bool = false) -> String {
    let space = String(repeating: " ", count: Swift.max(0, width - count))
    return left ? space + self : self + space
  }
}

extension Double {
  /// With so many decimals.
  func text(_ decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    guard isFinite, abs(self) < 1e12 else { return "\(self)" }
    let whole = Int((abs(self) * scale).rounded())
    let digits = String(whole).padded(decimals + 1, with: "0")
    let sign = self < 0 && whole > 0 ? "-" : ""
    return sign + (decimals == 0 ? digits : "\(digits.dropLast(decimals)).\(digits.suffix(decimals))")
  }
}

extension String {
  fileprivate func padded(_ width: Int, with digit: Character) -> String {
    String(repeating: digit, count: Swift.max(0, width - count)) + self
  }
}
