/// The drawings about one class.
struct ClassSection {
  private let result: TrainingReport.ClassResult
  private let isOpen: Bool

  private static let bars = 24

  init(_ result: TrainingReport.ClassResult, isOpen: Bool) {
    self.result = result
    self.isOpen = isOpen
  }

  var html: HTML {
    let summary = tag(
      "summary", [:], .text("\(result.name) "),
      tag("span", [:], .text("ROC-AUC \(Figures.three(result.rocAUC)), F1 \(Figures.three(result.f1))")))
    var charts = [scores, precisionRecall, roc]
    if !result.reliability.isEmpty { charts.append(reliability) }
    return tag("details", isOpen ? ["open": ""] : [:], summary, tag("div", ["class": "charts"], all: charts))
  }

  private func figure(_ chart: Chart, _ caption: HTML...) -> HTML {
    tag("figure", [:], chart.html, tag("figcaption", [:], all: caption))
  }

  private var scores: HTML {
    let all = result.positiveScores + result.negativeScores + [result.threshold]
    var (low, high) = (all.min() ?? -1, all.max() ?? 1)
    if high <= low { (low, high) = (low - 1, high + 1) }
    let width = (high - low) / Double(Self.bars)
    func counts(_ scores: [Double]) -> [Int] {
      var counts = [Int](repeating: 0, count: Self.bars)
      for score in scores { counts[min(Int((score - low) / width), Self.bars - 1)] += 1 }
      return counts
    }
    let (yes, no) = (counts(result.positiveScores), counts(result.negativeScores))
    let top = Double(max((yes + no).max() ?? 1, 1))
    var chart = Chart(
      "Histogram of the scores of \(result.positiveScores.count) positive and \(result.negativeScores.count) "
        + "negative windows of \(result.name), threshold \(Figures.three(result.threshold))",
      x: .round("score", low, high), y: .round("windows", 0, top * 1.05))
    for bar in 0..<Self.bars {
      let from = low + Double(bar) * width
      chart.bar(from: from, to: from + width, height: Double(no[bar]), "no")
      chart.bar(from: from, to: from + width, height: Double(yes[bar]), "yes")
    }
    chart.line([.init(result.threshold, 0), .init(result.threshold, top * 1.05)], "limit")
    return figure(
      chart, tag("span", ["class": "key yes"], "with the sound"), " ", tag("span", ["class": "key no"], "without"),
      .text("; dashed: the threshold, \(Figures.three(result.threshold))"))
  }

  private var precisionRecall: HTML {
    var chart = Chart(
      "Precision against recall of \(result.name), average precision \(Figures.three(result.averagePrecision))",
      x: .unit("recall"), y: .unit("precision"))
    chart.line(result.precisionRecall, "curve")
    if let recall = result.recall, let precision = result.precision {
      chart.dots([.init(recall, precision)], "fit")
    }
    return figure(
      chart, .text("Average precision \(Figures.three(result.averagePrecision)); "),
      tag("span", ["class": "key fit"], "at the threshold"))
  }

  private var roc: HTML {
    var chart = Chart(
      "True against false positive rate of \(result.name), area \(Figures.three(result.rocAUC))",
      x: .unit("false positive rate"), y: .unit("true positive rate"))
    chart.line([.init(0, 0), .init(1, 1)], "even")
    chart.line(result.roc, "curve")
    return figure(chart, .text("ROC-AUC \(Figures.three(result.rocAUC)); dotted: chance"))
  }

  private var reliability: HTML {
    var chart = Chart(
      "Share of positives against predicted probability of \(result.name)", x: .unit("predicted probability"),
      y: .unit("share with the sound"))
    chart.line([.init(0, 0), .init(1, 1)], "even")
    chart.dots(result.reliability, "raw")
    chart.dots(result.calibratedReliability, "fit")
    var caption: [HTML] = ["Reliability: ", tag("span", ["class": "key raw"], "σ(score)")]
    if !result.calibratedReliability.isEmpty {
      caption += [", ", tag("span", ["class": "key fit"], "calibrated")]
    }
    return tag("figure", [:], chart.html, tag("figcaption", [:], all: caption))
  }
}
