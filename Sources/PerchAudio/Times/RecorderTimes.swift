/// GUANO: lines of `Key: value`, `Timestamp` among them (guano-md, "Grand Unified Acoustic Notation").
func guanoTime(_ text: String) -> CivilTime? {
  let key = "Timestamp:"
  for line in text.split(whereSeparator: \.isNewline) {
    let line = line.drop { $0 == " " || $0 == "\u{FEFF}" }
    guard line.hasPrefix(key) else { continue }
    var scanner = TimeScanner(line.dropFirst(key.count))
    scanner.skipBlanks()
    return scanner.iso8601()
  }
  return nil
}

/// Broadcast extension (EBU Tech 3285): after 320 bytes of text a date of ten and a time of eight
/// characters, whose separators vary. Local time; the zone is not recorded.
func broadcastTime(_ chunk: [UInt8]) -> CivilTime? {
  guard chunk.count >= 338 else { return nil }
  let text = String(decoding: chunk[320..<338], as: UTF8.self)
  var scanner = TimeScanner(text.prefix(10) + "T" + text.dropFirst(10))
  let marks = "-_:. /"
  return scanner.dateAndTime(dateMark: marks, between: "T", timeMark: marks)
}

/// AudioMoth: `Recorded at HH:MM:SS DD/MM/YYYY (UTC[±h[:mm]]) by AudioMoth …`. Nothing after `UTC` is
/// UTC; firmware 1.0 wrote no zone and meant UTC.
func audioMothTime(_ comment: String) -> CivilTime? {
  let words = "Recorded at "
  guard let start = comment.firstRange(of: words)?.upperBound, comment.contains("AudioMoth") else { return nil }
  var scanner = TimeScanner(comment[start...])
  guard let hour = scanner.number(2), scanner.take(":"), let minute = scanner.number(2), scanner.take(":"),
    let second = scanner.number(2)
  else { return nil }
  let fraction = scanner.take(".") ? scanner.digits() : ""
  scanner.skipBlanks()
  guard let day = scanner.number(2), scanner.take("/"), let month = scanner.number(2), scanner.take("/"),
    let year = scanner.number(4), var time = CivilTime(year, month, day, hour, minute, second)
  else { return nil }
  time.fraction = String(fraction.prefix(9))
  time.zone = audioMothZone(&scanner)
  return time
}

private func audioMothZone(_ scanner: inout TimeScanner) -> CivilTime.Zone {
  scanner.skipBlanks()
  guard scanner.take(word: "(UTC") else { return .utc }
  let isWest = scanner.next == UInt8(ascii: "-")
  guard scanner.take("+-"), let hours = Int(scanner.digits()), hours <= 14 else { return .utc }
  let minutes = scanner.take(":") ? Int(scanner.digits()) ?? 0 : 0
  guard minutes < 60 else { return .utc }
  return .offset((isWest ? -1 : 1) * (hours * 60 + minutes))
}

/// Frontier Labs: `RecordingStart=` and an ISO time with its offset, in the comments of a FLAC file.
func frontierLabsTime(_ comments: [String]) -> CivilTime? {
  let key = "recordingstart="
  for comment in comments where comment.lowercased().hasPrefix(key) {
    var scanner = TimeScanner(comment.dropFirst(key.count))
    scanner.skipBlanks()
    if let time = scanner.iso8601() { return time }
  }
  return nil
}
