import Glibc

/// A drawing with axes, as inline SVG. It carries no colours: the style sheet gives them, for light and dark.
struct Chart {
  /// What is told to those who cannot see it.
  let description: String
  let x: Axis
  let y: Axis
  private var marks: [HTML] = []

  private static let width = 340.0
  private static let height = 230.0
  private static let plot = (left: 52.0, top: 14.0, right: 12.0, bottom: 46.0)

  /// A straight scale with labelled ticks.
  struct Axis {
    let title: String
    let low: Double
    let high: Double
    let ticks: [(value: Double, text: String)]

    static func unit(_ title: String) -> Axis {
      Axis(title: title, low: 0, high: 1, ticks: [0, 0.25, 0.5, 0.75, 1].map { ($0, Figures.short($0)) })
    }

    /// From `low` to `high` with about four ticks at round numbers.
    static func round(_ title: String, _ low: Double, _ high: Double) -> Axis {
      let span = high > low ? high - low : 1
      let rough = span / 4
      var step = 1e-9
      search: for exponent in -9...9 {
        for factor in [1.0, 2, 5] {
          step = factor * power(exponent)
          if step >= rough { break search }
        }
      }
      let first = (low / step).rounded(.up) * step
      var ticks: [(Double, String)] = []
      var index = 0
      while first + Double(index) * step <= low + span * 1.0001, index < 12 {
        let value = first + Double(index) * step
        ticks.append((value, Figures.short(value)))
        index += 1
      }
      return Axis(title: title, low: low, high: low + span, ticks: ticks)
    }

    private static func power(_ exponent: Int) -> Double {
      var value = 1.0
      for _ in 0..<abs(exponent) { value *= 10 }
      return exponent < 0 ? 1 / value : value
    }
  }

  init(_ description: String, x: Axis, y: Axis) {
    self.description = description
    self.x = x
    self.y = y
  }

  private func place(_ px: Double, _ py: Double) -> (x: Double, y: Double) {
    let across = (px - x.low) / (x.high - x.low)
    let up = (py - y.low) / (y.high - y.low)
    return (
      Self.plot.left + across * (Self.width - Self.plot.left - Self.plot.right),
      Self.height - Self.plot.bottom - up * (Self.height - Self.plot.top - Self.plot.bottom)
    )
  }

  private static func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

  mutating func line(_ points: [TrainingReport.Point], _ style: String) {
    if points.isEmpty { return }
    let path = points.map { point in
      let at = place(point.x, point.y)
      return "\(Self.text(at.x)),\(Self.text(at.y))"
    }
    marks.append(tag("polyline", ["class": style, "points": path.joined(separator: " ")]))
  }

  mutating func dots(_ points: [TrainingReport.Point], _ style: String) {
    for point in points {
      let at = place(point.x, point.y)
      marks.append(tag("circle", ["class": style, "cx": Self.text(at.x), "cy": Self.text(at.y), "r": "3.5"]))
    }
  }

  mutating func bar(from low: Double, to high: Double, height: Double, _ style: String) {
    if height <= 0 { return }
    let top = place(low, height)
    let bottom = place(high, y.low)
    marks.append(
      tag(
        "rect",
        [
          "class": style, "x": Self.text(top.x), "y": Self.text(top.y),
          "width": Self.text(max(bottom.x - top.x - 1, 1)),
          "height": Self.text(bottom.y - top.y),
        ]))
  }

  var html: HTML {
    let (left, bottom) = place(x.low, y.low)
    let (right, top) = place(x.high, y.high)
    var all: [HTML] = [tag("title", [:], .text(description))]
    for tick in y.ticks {
      let at = place(x.low, tick.value)
      all.append(
        tag(
          "line",
          [
            "class": "grid", "x1": Self.text(left), "x2": Self.text(right), "y1": Self.text(at.y),
            "y2": Self.text(at.y),
          ]))
      all.append(
        tag("text", ["class": "tick end", "x": Self.text(left - 6), "y": Self.text(at.y + 4)], .text(tick.text)))
    }
    for tick in x.ticks {
      let at = place(tick.value, y.low)
      all.append(
        tag("text", ["class": "tick middle", "x": Self.text(at.x), "y": Self.text(bottom + 16)], .text(tick.text)))
    }
    all += marks
    all.append(tag("polyline", ["class": "axis", "points": "\(left),\(top) \(left),\(bottom) \(right),\(bottom)"]))
    all.append(
      tag(
        "text", ["class": "name middle", "x": Self.text((left + right) / 2), "y": Self.text(Self.height - 8)],
        .text(x.title)))
    all.append(
      tag(
        "text",
        [
          "class": "name middle", "x": "0", "y": "0",
          "transform": "translate(13 \(Self.text((top + bottom) / 2))) rotate(-90)",
        ], .text(y.title)))
    return tag(
      "svg", ["viewBox": "0 0 \(Int(Self.width)) \(Int(Self.height))", "role": "img", "aria-label": description],
      all: all)
  }
}

/// Numbers as people read them.
enum Figures {
  /// Three decimals, or a dash for what is not defined.
  static func three(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    let thousandths = Int((abs(value) * 1000).rounded())
    let digits = String(thousandths % 1000)
    let sign = value < 0 && thousandths > 0 ? "−" : ""
    return "\(sign)\(thousandths / 1000).\(String(repeating: "0", count: 3 - digits.count))\(digits)"
  }

  static func log10(_ value: Double) -> Double { Glibc.log10(value) }

  /// 10ⁿ as a person writes it, other numbers as they are.
  static func power(_ value: Double) -> String {
    let exponent = log10(value).rounded()
    guard abs(log10(value) - exponent) < 1e-9, abs(exponent) < 1000 else { return short(value) }
    let digits: [Character: Character] = [
      "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
      "-": "⁻",
    ]
    return "10" + String("\(Int(exponent))".map { digits[$0] ?? $0 })
  }

  /// Without what rounding leaves behind.
  static func short(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    let text = rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
    return text.hasPrefix("-") ? "−\(text.dropFirst())" : text
  }
}
