/// Reads dates and times out of text, byte by byte. A failed read leaves the position where it was.
struct TimeScanner {
  let bytes: [UInt8]
  var position: Int

  init(_ text: some StringProtocol, at position: Int = 0) {
    bytes = Array(text.utf8)
    self.position = position
  }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }
  var isAtEnd: Bool { position >= bytes.count }
  var isAtDigit: Bool { next.map { 0x30...0x39 ~= $0 } ?? false }

  /// Takes one of the characters of `set`.
  mutating func take(_ set: String) -> Bool {
    guard let next, set.utf8.contains(next) else { return false }
    position += 1
    return true
  }

  mutating func take(word: String) -> Bool {
    guard bytes[min(position, bytes.count)...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  mutating func skipBlanks() { while take(" \t\r\n") {} }

  /// Exactly `count` digits.
  mutating func number(_ count: Int) -> Int? {
    guard position + count <= bytes.count else { return nil }
    var value = 0
    for byte in bytes[position..<position + count] {
      guard 0x30...0x39 ~= byte else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    position += count
    return value
  }

  /// Two digits; a blank may stand for a zero in front, as firmware 3.08 of Frontier Labs wrote it.
  mutating func two() -> Int? {
    if let value = number(2) { return value }
    let start = position
    if take(" "), let value = number(1) { return value }
    position = start
    return nil
  }

  mutating func digits() -> String {
    let start = position
    while isAtDigit { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// `Z`, `±hh`, `±hhmm`, `±hh:mm`, or nothing, which is unknown. Zones reach from −12 to +14 hours;
  /// what lies outside is no zone and stays unread.
  mutating func zone() -> CivilTime.Zone {
    if take("Zz") { return .utc }
    let start = position
    let isWest = next == UInt8(ascii: "-")
    guard take("+-"), let hours = number(2) else {
      position = start
      return .unknown
    }
    let afterHours = position
    _ = take(":")
    var minutes = 0
    if let read = number(2) { minutes = read } else { position = afterHours }
    guard minutes < 60, hours * 60 + minutes <= 14 * 60 else {
      position = start
      return .unknown
    }
    return .offset((isWest ? -1 : 1) * (hours * 60 + minutes))
  }

  /// `YYYY-MM-DD`, a separator, `hh:mm:ss`, with the given characters between the fields.
  mutating func dateAndTime(dateMark: String, between: String, timeMark: String) -> CivilTime? {
    let start = position
    if let year = number(4), mark(dateMark), let month = two(), mark(dateMark), let day = two(), mark(between),
      let hour = two(), mark(timeMark), let minute = two(), mark(timeMark), let second = two(),
      let time = CivilTime(year, month, day, hour, minute, second)
    { return time }
    position = start
    return nil
  }

  /// One of the characters of `set`; an empty set asks for none.
  private mutating func mark(_ set: String) -> Bool { set.isEmpty || take(set) }

  /// ISO 8601 with `T` or a blank, fraction and zone where they follow.
  mutating func iso8601() -> CivilTime? {
    guard var time = dateAndTime(dateMark: "-", between: "T ", timeMark: ":") else { return nil }
    let mark = position
    if take(".,") {
      time.fraction = String(digits().prefix(9))
      if time.fraction.isEmpty { position = mark }
    }
    time.zone = zone()
    return time
  }
}
