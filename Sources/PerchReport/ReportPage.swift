/// A report as one HTML file that fetches nothing and runs nothing: styles and drawings are inside, and the
/// policy in its head forbids the rest.
package struct ReportPage {
  private let report: TrainingReport

  package init(_ report: TrainingReport) { self.report = report }

  package var text: String {
    var page = "<!DOCTYPE html>\n"
    tag("html", ["lang": "en"], head, tag("body", [:], tag("main", [:], all: body))).write(to: &page)
    return page + "\n"
  }

  private var head: HTML {
    tag(
      "head", [:],
      tag("meta", ["charset": "utf-8"]),
      tag(
        "meta",
        ["http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'nonce-report'"]),
      tag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
      tag("meta", ["name": "color-scheme", "content": "light dark"]),
      tag("title", [:], .text("\(report.name): training report")),
      style)
  }

  /// The style sheet holds quotes and angle brackets that must not be escaped; it is ours, all of it.
  private var style: HTML { tag("style", ["nonce": "report"], .raw(ReportStyle.text)) }

  private var body: [HTML] {
    var body: [HTML] = [
      tag("h1", [:], .text(report.name)),
      tag("p", ["class": "soft"], .text("A recognizer trained by perch-runner on \(report.created)")),
    ]
    if !report.warnings.isEmpty {
      body.append(
        tag(
          "div", ["class": "warn", "role": "note"], tag("h3", [:], "Before you use it"),
          tag("ul", [:], all: report.warnings.map { tag("li", [:], .text($0)) })))
    }
    body.append(
      tag(
        "dl", [:],
        all: report.facts.map { fact in
          tag("div", [:], tag("dt", [:], .text(fact.name)), tag("dd", [:], .text(fact.value)))
        }))
    body += classTable
    body += report.classes.enumerated().map { ClassSection($1, isOpen: $0 < 3).html }
    body += penalty + confusion + mistakes
    return body
  }

  private var classTable: [HTML] {
    let whose =
      report.isOutOfFold
      ? "Scores of windows by recognizers that were not trained on them (out of fold)."
      : "Scores of the windows that the recognizer was trained on: they look better than it is."
    let names = [
      "Class", "Positive", "Negative", "Weak", "Unknown", "ROC-AUC", "Average precision", "Threshold", "Precision",
      "Recall", "F1",
    ]
    let rows = report.classes.map { entry -> [String] in
      [
        entry.name, "\(entry.positives)", "\(entry.negatives)", "\(entry.weak)", "\(entry.unknown)",
        Figures.three(entry.rocAUC), Figures.three(entry.averagePrecision), Figures.three(entry.threshold),
        Figures.three(entry.precision), Figures.three(entry.recall), Figures.three(entry.f1),
      ]
    }
    return [
      tag("h2", [:], "Classes"),
      Self.table(caption: "\(whose) Counts are windows.", names, rows, leftColumns: 1),
    ]
  }

  private var penalty: [HTML] {
    guard report.grid.count > 1 else { return [] }
    let points = report.grid.filter { $0.c > 0 }
    let exponents = points.map { Figures.log10($0.c) }
    let low = points.map { $0.logLoss - $0.error }.min() ?? 0
    let high = points.map { $0.logLoss + $0.error }.max() ?? 1
    let ticks = zip(points, exponents).map { (value: $1, text: Figures.power($0.c)) }
    var chart = Chart(
      "Log loss of each C: \(points.map { "\($0.c): \(Figures.three($0.logLoss))" }.joined(separator: ", "))",
      x: .init(title: "C", low: (exponents.first ?? 0) - 0.4, high: (exponents.last ?? 1) + 0.4, ticks: ticks),
      y: .round("log loss", max(0, low - (high - low) * 0.1), high + (high - low) * 0.1))
    for (point, exponent) in zip(points, exponents) {
      let (low, high) = (point.logLoss - point.error, point.logLoss + point.error)
      chart.line([.init(exponent, low), .init(exponent, high)], "even")
    }
    chart.line(zip(points, exponents).map { .init($1, $0.logLoss) }, "curve")
    chart.dots(
      zip(points, exponents).filter { $0.0.c == report.chosenC }.map { .init($1, $0.logLoss) }, "fit")
    return [
      tag("h2", [:], "Choice of C"),
      tag(
        "figure", ["class": "alone"], chart.html,
        tag(
          "figcaption", [:],
          .text("Log loss on held-out windows, with its standard error. The dot is the C that was taken."))),
    ]
  }

  private var confusion: [HTML] {
    guard let counts = report.confusion else { return [] }
    let names = report.classes.map(\.name)
    let header = tag(
      "tr", [:],
      all: [tag("th", ["class": "left", "scope": "col"], "Truth")]
        + names.map { tag("th", ["scope": "col"], .text($0)) })
    let rows = counts.enumerated().map { row, line in
      tag(
        "tr", [:],
        all: [tag("th", ["class": "left", "scope": "row"], .text(names[row]))]
          + line.enumerated().map { column, count in
            tag("td", row == column ? ["class": "hit"] : [:], .text("\(count)"))
          })
    }
    return [
      tag("h2", [:], "Confusion"),
      tag(
        "div", ["class": "wide", "tabindex": "0"],
        tag(
          "table", [:],
          tag("caption", [:], "Windows of each true class (rows) by the class with the highest score."),
          tag("thead", [:], header), tag("tbody", [:], all: rows))),
    ]
  }

  private var mistakes: [HTML] {
    guard !report.mistakes.isEmpty else { return [] }
    let rows = report.mistakes.map { mistake in
      [
        mistake.source, "\(mistake.channel)", Figures.short(mistake.start), mistake.label,
        mistake.isPresent ? "present, missed" : "absent, reported", Figures.three(mistake.score),
      ]
    }
    return [
      tag("h2", [:], "Listen to these next"),
      Self.table(
        caption: "The windows farthest on the wrong side of the threshold: wrong labels show here first.",
        ["Recording", "Channel", "Start, s", "Class", "Label and verdict", "Score"], rows, leftColumns: 1),
    ]
  }

  private static func table(caption: String, _ names: [String], _ rows: [[String]], leftColumns: Int) -> HTML {
    func attributes(_ column: Int, _ scope: String) -> KeyValuePairs<String, String> {
      column < leftColumns ? ["class": "left", "scope": scope] : ["scope": scope]
    }
    let header = tag("tr", [:], all: names.enumerated().map { tag("th", attributes($0, "col"), .text($1)) })
    let lines = rows.map { row in
      tag(
        "tr", [:],
        all: row.enumerated().map { column, cell in
          column < leftColumns ? tag("th", attributes(column, "row"), .text(cell)) : tag("td", [:], .text(cell))
        })
    }
    return tag(
      "div", ["class": "wide", "tabindex": "0"],
      tag(
        "table", [:], tag("caption", [:], .text(caption)), tag("thead", [:], header),
        tag("tbody", [:], all: lines)))
  }
}
