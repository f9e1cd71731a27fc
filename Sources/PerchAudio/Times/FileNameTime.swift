/// The start time that recorders and archives put into a file's name. Forms in order of trust:
///
/// - `20151010T152034Z`, `20151010T152034+1000` (A2O, Ecosounds)
/// - `20151010_152034`, a zone may follow (AudioMoth, Song Meter, Frontier Labs)
/// - `2015-10-10T15-20-34`, `2015-10-10_15-20-34`
/// - `5CE4F1A2.WAV`: seconds since 1970 in hexadecimal (AudioMoth before 2019)
func fileNameTime(_ path: String) -> CivilTime? {
  let name = path.split(separator: "/").last ?? ""
  let forms: [(inout TimeScanner) -> CivilTime?] = [
    { $0.dateAndTime(dateMark: "", between: "T", timeMark: "") },
    { $0.dateAndTime(dateMark: "", between: "_", timeMark: "") },
    { $0.dateAndTime(dateMark: "-", between: "T_ ", timeMark: "-") },
  ]
  let scanner = TimeScanner(name)
  for form in forms {
    for position in scanner.bytes.indices {
      if let time = time(in: scanner, at: position, form) { return time }
    }
  }
  return hexadecimalTime(name)
}

/// The form at `position`, unless it is part of a longer number.
private func time(
  in scanner: TimeScanner, at position: Int, _ form: (inout TimeScanner) -> CivilTime?
) -> CivilTime? {
  var scanner = scanner
  if position > 0 {
    scanner.position = position - 1
    if scanner.isAtDigit { return nil }
  }
  scanner.position = position
  guard var time = form(&scanner), !scanner.isAtDigit else { return nil }
  time.zone = scanner.zone()
  return time
}

/// Eight hexadecimal digits are the whole name, and a second between 2010 and 2040.
private func hexadecimalTime(_ name: some StringProtocol) -> CivilTime? {
  let years = 1_262_304_000..<2_208_988_800
  let lowered = name.lowercased()
  guard lowered.hasSuffix(".wav"), lowered.utf8.count == 12,
    lowered.utf8.prefix(8).allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }),
    let seconds = Int(lowered.prefix(8), radix: 16), years.contains(seconds)
  else { return nil }
  return CivilTime(unixSeconds: seconds)
}
