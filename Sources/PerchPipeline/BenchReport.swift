import PerchCore

/// What `bench` found.
package struct BenchReport: Sendable {
  let model: ModelFacts
  /// Windows computed at the same time.
  let jobs: Int
  /// Cores that this process may use.
  let cores: Int
  /// Until the weights were ready.
  let loadSeconds: Double
  /// Until the first embedding was there, the loading included.
  let firstSeconds: Double
  /// None when only the first embedding was asked for.
  var rates: Rates?
  var peakBytes = 0

  struct Rates: Sendable {
    let windows: Int
    let seconds: Double
    /// Seconds a window of the fastest batch.
    let fastest: Double
    let processorSeconds: Double

    var windowsPerSecond: Double { Double(windows) / seconds }
    /// Hours of sound an hour; windows side by side, as without `--hop`.
    var realTime: Double { windowsPerSecond * GenerateSettings.windowSeconds }
    var processorSecondsPerWindow: Double { processorSeconds / Double(windows) }
  }

  /// Cores that were kept busy: workers beyond the cores only wait for each other.
  private var busyCores: Int { min(jobs, cores) }

  /// For a person.
  package var text: String {
    var lines = ["\(model.name) (\(model.weights)), kernels \(model.kernels), \(jobs) workers on \(cores) cores"]
    func add(_ name: String, _ value: String) {
      lines.append("  " + name + String(repeating: " ", count: max(1, 30 - name.count)) + value)
    }
    if let rates {
      add("windows a second", rates.windowsPerSecond.threeDigits)
      add("hours of sound an hour", "\(rates.realTime.threeDigits) (times real time)")
      add("hours an hour with each core", (rates.realTime / Double(busyCores)).threeDigits)
      add("CPU seconds a window", rates.processorSecondsPerWindow.threeDigits)
    }
    add("weights to first embedding", "\(firstSeconds.threeDigits) s")
    add("peak resident memory", "\((Double(peakBytes) * 1e-6).threeDigits) MB")
    return lines.joined(separator: "\n")
  }

  /// For a program: one object on one line.
  package var json: String {
    var members: [String: JSONText.Value] = [
      "model": .string(model.name), "weights": .string(model.weights), "kernels": .string(model.kernels),
      "version": .string(programVersion), "jobs": .integer(jobs), "cores": .integer(cores),
      "load_seconds": .number(loadSeconds), "first_embedding_seconds": .number(firstSeconds),
      "peak_bytes": .integer(peakBytes),
    ]
    if let rates {
      members["windows"] = .integer(rates.windows)
      members["seconds"] = .number(rates.seconds)
      members["windows_per_second"] = .number(rates.windowsPerSecond)
      members["fastest_seconds_per_window"] = .number(rates.fastest)
      members["cpu_seconds_per_window"] = .number(rates.processorSecondsPerWindow)
      members["times_real_time"] = .number(rates.realTime)
      members["hours_per_hour_and_core"] = .number(rates.realTime / Double(busyCores))
    }
    return JSONText.object(members)
  }
}

extension Double {
  /// As a decimal number with three digits that count, or all those before the point.
  fileprivate var threeDigits: String {
    guard isFinite, self > 0, self < 1e15 else { return "\(self)" }
    var scale = 1.0
    var decimals = 0
    while self * scale < 100 && decimals < 9 {
      scale *= 10
      decimals += 1
    }
    let digits = "\(Int((self * scale).rounded()))"
    guard decimals > 0 else { return digits }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return "\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
  }
}
