/// A date and time of day that exist, with the zone where it is known.
struct CivilTime: Equatable, CustomStringConvertible {
  enum Zone: Equatable {
    case unknown
    case utc
    /// Minutes east of UTC.
    case offset(Int)
  }

  let year: Int
  let month: Int
  let day: Int
  let hour: Int
  let minute: Int
  let second: Int
  /// Digits after the decimal point, as written.
  var fraction = ""
  var zone = Zone.unknown

  /// `nil` for a date that is not in the calendar or a time that is not on the clock. Years outside
  /// 1970 to 2100 are numbers of another kind.
  init?(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int) {
    guard 1970...2100 ~= year, 1...12 ~= month, 1...Self.days(in: month, of: year) ~= day,
      0...23 ~= hour, 0...59 ~= minute, 0...59 ~= second
    else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second) = (hour, minute, second)
  }

  /// Seconds since 1970 began, in UTC.
  init?(unixSeconds: Int) {
    guard unixSeconds >= 0 else { return nil }
    var days = unixSeconds / 86_400
    var year = 1970
    while year <= 2100, days >= Self.days(of: year) {
      days -= Self.days(of: year)
      year += 1
    }
    guard year <= 2100 else { return nil }
    var month = 1
    while days >= Self.days(in: month, of: year) {
      days -= Self.days(in: month, of: year)
      month += 1
    }
    let rest = unixSeconds % 86_400
    self.init(year, month, days + 1, rest / 3600, rest / 60 % 60, rest % 60)
    zone = .utc
  }

  /// ISO 8601, extended form.
  var description: String {
    let date = "\(year)-\(two(month))-\(two(day))T\(two(hour)):\(two(minute)):\(two(second))"
    return date + (fraction.isEmpty ? "" : "." + fraction) + zoneText
  }

  private var zoneText: String {
    switch zone {
    case .unknown: return ""
    case .utc: return "Z"
    case .offset(let minutes):
      return (minutes < 0 ? "-" : "+") + two(abs(minutes) / 60) + ":" + two(abs(minutes) % 60)
    }
  }

  private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private static func days(of year: Int) -> Int { isLeap(year) ? 366 : 365 }

  private static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
