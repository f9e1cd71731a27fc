import PerchCore
import PerchRecognition
import PerchTables

extension Provenance {
  /// The keys of an embeddings table turned into those of its events, in the order of the format.
  ///
  /// - Parameters:
  ///   - recognizers: the text of that key; nil for the model's own classes.
  ///   - configuration: the text of `config_json`.
  func ofEvents(recognizers: String?, configuration: String, created: String) -> Provenance {
    var result = Provenance()
    result.set("format", "perch-runner events 1")
    result.set("version", programVersion)
    let replaced = ["format", "version", "created", "config_json", "recognizers"]
    let left = ["embedding_encoding", "query", "query_sha256"]
    func setOwn() {
      if let recognizers { result.set("recognizers", recognizers) }
      result.set("created", created)
      result.set("config_json", configuration)
    }
    let after: Set = ["weights", "compat", "kernels", "recording_start", "recording_start_source"]
    for entry in entries where !replaced.contains(entry.key) && !left.contains(entry.key) {
      if after.contains(entry.key), result["created"] == nil { setOwn() }
      result.set(entry.key, entry.value)
    }
    if result["created"] == nil { setOwn() }
    return result
  }
}

extension ClassifySettings {
  /// The text of the key `recognizers`; nil for the model's own classes, which are those of `model`.
  var recognizersText: String? {
    guard case .recognizers(let recognizers) = scored else { return nil }
    return JSONText.list(recognizers.map(\.provenance))
  }

  /// Everything about scores that can change a row, by its name in the configuration; models by their digests.
  var scoring: [String: JSONText.Value] {
    switch scored {
    case .recognizers(let recognizers):
      return ["classifiers": .list(recognizers.map { .members($0.configuration) })]
    case .classes(let choices):
      var values: [String: JSONText.Value] = [
        "logit_transform": .string(choices.transform.text),
        "min_score": choices.floor.threshold.map { .float($0) } ?? .string("none"),
        "top": choices.top.map { .integer($0) } ?? .string("all"),
      ]
      if let species = choices.species { values["species"] = .list(species.names.map { .string($0) }) }
      return values
    }
  }

  /// `config_json` for events of a recording. The layout of embeddings changes nothing in them.
  func configurationJSON(model: String) -> String {
    var values = generate.configuration(model: model).merging(scoring) { $1 }
    values["layout"] = nil
    return JSONText.object(values)
  }

  /// `config_json` for events of a table. How its embeddings came about is not said here, but for their rounding.
  var tableConfigurationJSON: String {
    var values = scoring
    values["precision"] = .string(generate.precision.rawValue)
    return JSONText.object(values)
  }
}

extension Recognizer {
  /// What a table says of it.
  var provenance: JSONText.Value {
    .members([
      "classes": .list(labels.map { .string($0) }), "name": .string(name), "sha256": .string(digest),
      "thresholds": .list(thresholds.map { $0.map { .float($0) } ?? .null }),
    ])
  }

  /// What of it can change a score or whether it is kept.
  var configuration: [String: JSONText.Value] {
    var values: [String: JSONText.Value] = [
      "name": .string(name), "sha256": .string(digest),
      "threshold": .list(thresholds.map { $0.map { .float($0) } ?? .null }),
    ]
    if !tags.isEmpty { values["tags"] = .list(tags.map { .string($0) }) }
    return values
  }
}
