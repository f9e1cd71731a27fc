import PerchAudio
import PerchCore
import PerchRecognition

/// Compares what a table holds for a window with what is computed from the recording.
struct WindowCheck {
  let tolerance: Tolerance
  /// Names for the scores of events, and which of them are kept; nil for other tables.
  let events: (scorers: Scorers, limits: StatedScores)?
  let highHertz: Double
  /// Columns of distances; nil for other tables.
  var distances: (meter: DistanceMeter, reduction: DistanceReduction, columns: [String])?

  /// What is wrong with the first number that is, as in `element 17 is 0.5, its recording gives 0.25`.
  mutating func difference(_ rows: [StoredRow], _ window: RecomputedWindow) -> String? {
    if events != nil { return eventDifference(rows.compactMap(\.event), window.scores) }
    guard let row = rows.first else { return nil }
    return embedding(row, window) ?? distance(row, window)
  }

  private func embedding(_ row: StoredRow, _ window: RecomputedWindow) -> String? {
    guard let stored = row.embedding else { return nil }
    if stored.count != window.embedding.count {
      return "\(stored.count) elements, its recording gives \(window.embedding.count)"
    }
    return tolerance.difference(stored, window.embedding).map {
      "element \($0) is \(stored[$0]), its recording gives \(window.embedding[$0])"
    }
  }

  private mutating func distance(_ row: StoredRow, _ window: RecomputedWindow) -> String? {
    guard let cells = distances?.meter.distances(of: window.embedding), let distances else { return nil }
    for (index, computed) in distances.reduction.cells(cells).enumerated() {
      let stored = row.distances[index]
      if !tolerance.agree(distance: stored, computed) {
        return "\(distances.columns[index]) is \(Self.text(stored)), its recording gives \(Self.text(computed))"
      }
    }
    return nil
  }

  private static func text(_ distance: Double?) -> String { distance.map { "\($0)" } ?? "empty" }

  // MARK: Events

  private func eventDifference(_ stored: [StoredEvent], _ scores: [KeptScore]) -> String? {
    guard tolerance.isExact else { return distant(stored, scores) }
    for (stored, kept) in zip(stored, scores) where stored != event(kept) {
      return "event \(stored.text), its recording gives \(event(kept).text)"
    }
    return stored.count == scores.count ? nil : "\(stored.count) events, its recording gives \(scores.count)"
  }

  private func event(_ kept: KeptScore) -> StoredEvent {
    guard let scorer = events?.scorers[kept.recognizer] else { return StoredEvent() }
    return StoredEvent(
      label: scorer.labels[kept.label], score: kept.score, recognizer: scorer.name,
      tags: scorer.tags.joined(separator: "|"), lowHertz: 0, highHertz: highHertz)
  }

  /// Against the numbers of another engine: events next to a threshold, or to the last that is kept, may come and go,
  /// and nearly equal scores change places.
  ///
  /// - Parameter scores: of all labels, kept or not.
  private func distant(_ stored: [StoredEvent], _ scores: [KeptScore]) -> String? {
    guard let limits = events?.limits else { return nil }
    let allowed = tolerance.allowed(scores: scores.map(\.score))
    // Of classes with one name the best counts.
    var best: [EventKey: KeptScore] = [:]
    for kept in scores {
      let key = EventKey(event(kept))
      if best[key].map({ $0.score < kept.score }) ?? true { best[key] = kept }
    }
    for found in stored {
      guard let kept = best.removeValue(forKey: EventKey(found)) else {
        return "event \(found.text), of which its recording gives no score"
      }
      var same = event(kept)
      if abs(Double(same.score) - Double(found.score)) > allowed {
        return "event \(found.text), its recording gives \(same.text)"
      }
      same.score = found.score
      if same != found { return "event \(found.text) with another band or other tags than its recording gives" }
    }
    let last = limits.top.map { stored.count >= $0 } ?? false ? stored.map(\.score).min() : nil
    let missing = best.values.filter { kept in
      let floor = max(limits.threshold(of: kept) ?? -.infinity, last ?? -.infinity)
      return Double(kept.score) > Double(floor) + allowed
    }
    return missing.max { $0.score < $1.score }.map { "no event \(event($0).text), its recording gives one" }
  }
}

/// What tells the events of one window apart.
private struct EventKey: Hashable {
  let label: String
  let recognizer: String

  init(_ event: StoredEvent) {
    label = event.label
    recognizer = event.recognizer
  }
}

extension StoredEvent {
  /// For messages.
  fileprivate var text: String { "'\(label)' \(score) of \(recognizer)" }
}
