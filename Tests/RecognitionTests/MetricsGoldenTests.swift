import PerchRecognition
import TestSupport
import Testing

/// Metrics, thresholds and calibration against golden/training/metrics_golden.h5, which was checked there
/// against scikit-learn.
@Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
struct MetricsGoldenTests {
  private static let groups = ["plain", "ties", "rare", "all_tied", "perfect", "inverted"]

  private static func open() throws -> Golden { try Golden(file: "golden/training/metrics_golden.h5") }

  private static func cases(_ golden: Golden, _ group: String) throws -> [(score: Float, isPositive: Bool)] {
    let scores = try golden.floats("\(group)/score").values
    let labels = try golden.doubles("\(group)/label").values
    return zip(scores, labels).map { ($0, $1 == 1) }
  }

  @Test(arguments: groups)
  func metricsAreExact(_ group: String) throws {
    let golden = try Self.open()
    let cases = ScoredCases(try Self.cases(golden, group))
    let auc = try #require(cases.rocAUC)
    let precision = try #require(cases.averagePrecision)
    #expect(abs(auc - (try golden.double("roc_auc", of: group))) <= 1e-12)
    #expect(abs(precision - (try golden.double("average_precision", of: group))) <= 1e-12)
  }

  @Test(arguments: groups)
  func thresholdsAreExact(_ group: String) throws {
    let golden = try Self.open()
    let cases = ScoredCases(try Self.cases(golden, group))
    let best = try #require(ThresholdRule.maximumF1.threshold(cases))
    #expect(Double(best) == (try golden.double("max_f1_threshold", of: group)))
    let f1 = try #require(cases.quality(at: best).f1)
    #expect(abs(f1 - (try golden.double("max_f1", of: group))) <= 1e-12)
    let precise = ThresholdRule.precision(0.9).threshold(cases)
    guard try golden.has(attribute: "precision90_threshold", of: group) else {
      #expect(precise == nil)
      return
    }
    let threshold = try #require(precise)
    #expect(Double(threshold) == (try golden.double("precision90_threshold", of: group)))
    let recall = try #require(cases.quality(at: threshold).recall)
    #expect(abs(recall - (try golden.double("precision90_recall", of: group))) <= 1e-12)
  }

  @Test(arguments: groups)
  func plattScalingReachesItsOptimum(_ group: String) throws {
    let golden = try Self.open()
    let cases = try Self.cases(golden, group).map { (logit: Double($0.score), isPositive: $0.isPositive) }
    guard try golden.has(attribute: "platt_a", of: group) else {
      // All logits are equal: no slope is better than another.
      #expect(PlattScaling(cases) == nil)
      return
    }
    let platt = try #require(PlattScaling(cases))
    let slope = try golden.double("platt_a", of: group)
    let offset = try golden.double("platt_b", of: group)
    #expect(abs(platt.slope - slope) <= 1e-8 * max(1, abs(slope)))
    #expect(abs(platt.offset - offset) <= 1e-8 * max(1, abs(offset)))
    let fit = try #require(ProbabilityFit(cases.map { (platt.logit($0.logit), $0.isPositive) }))
    #expect(abs(fit.brier - (try golden.double("brier", of: group))) <= 1e-8)
    #expect(abs(fit.logLoss - (try golden.double("log_loss", of: group))) <= 1e-8)
    #expect(abs(fit.calibrationError - (try golden.double("ece_15", of: group))) <= 1e-8)
  }

  @Test func temperatureAndConfusion() throws {
    let golden = try Self.open()
    let (shape, logits) = try golden.doubles("temperature/logits")
    let labels = try golden.doubles("temperature/label").values.map { Int($0) }
    let rows = labels.indices.map { row in
      (logits: Array(logits[row * shape[1]..<(row + 1) * shape[1]]), label: labels[row])
    }
    let scaling = try #require(TemperatureScaling(rows))
    #expect(abs(scaling.temperature - (try golden.double("temperature", of: "temperature"))) <= 1e-8)
    #expect(abs(scaling.lossBefore - (try golden.double("nll_before", of: "temperature"))) <= 1e-12)
    #expect(abs(scaling.lossAfter - (try golden.double("nll_after", of: "temperature"))) <= 1e-8)
    let confusion = ConfusionMatrix(rows, labels: shape[1])
    let counts = try golden.doubles("temperature/confusion").values.map { Int($0) }
    #expect(confusion.counts.flatMap { $0 } == counts)
    #expect(confusion.accuracy == (try golden.double("top1_accuracy", of: "temperature")))
  }
}

@Suite struct MetricsTests {
  @Test func undefinedWithoutBothKinds() {
    #expect(ScoredCases([(1, true), (2, true)]).rocAUC == nil)
    #expect(ScoredCases([(1, false)]).averagePrecision == nil)
    #expect(ScoredCases([]).quality(at: 0).precision == nil)
    #expect(ProbabilityFit([]) == nil)
    #expect(TemperatureScaling([]) == nil)
  }

  @Test func recallAsksForTheHighestThreshold() {
    let cases = ScoredCases([(4, true), (3, false), (2, true), (1, true)])
    #expect(ThresholdRule.recall(0.5).threshold(cases) == 2)
    #expect(ThresholdRule.recall(1).threshold(cases) == 1)
  }

  @Test(arguments: ["zero", "max-f1", "precision:0.9", "recall:0.75"])
  func rulesReadBack(_ text: String) { #expect(ThresholdRule(text)?.text == text) }

  @Test(arguments: ["", "f1", "precision", "precision:", "precision:0", "precision:1.1", "recall:nan", "a:b:c"])
  func otherRulesAreRefused(_ text: String) { #expect(ThresholdRule(text) == nil) }
}
