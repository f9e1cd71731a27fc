import PerchCore
import PerchPipeline
import Testing

@Suite struct ConfiguredClassifierTests {
  private static let keys = "known keys: name, tags, model, model_file, threshold"

  @Test(arguments: [
    ("classifiers: koala.json", "c.yml:1: classifiers is not a list; write '- model_file: koala.json' below it"),
    ("classifiers:\n", "c.yml:1: classifiers is not a list; write '- model_file: koala.json' below it"),
    (
      "classifiers: []",
      "c.yml:1: classifiers is empty; name a recognizer, or remove the key for the model's own classes"
    ),
    (
      "classifiers:\n  - koala",
      "c.yml:2: a classifier is not a list of keys with values; write '- model_file: koala.json'"
    ),
    (
      "classifiers:\n  - name: koala\n    modle: AAAA",
      "c.yml:3: unknown key 'modle', did you mean 'model'; \(keys)"
    ),
    (
      "classifiers:\n  - name: koala",
      "c.yml:2: a classifier has no model; give model (Base64) or model_file (a path)"
    ),
    (
      "classifiers:\n  - model: AAAA\n    model_file: k.json",
      "c.yml:2: a classifier has both model and model_file; keep one of them"
    ),
    ("classifiers:\n  - model: [1]", "c.yml:2: model is not a text; write a text after it"),
    ("classifiers:\n  - model: ''", "c.yml:2: model is not a text; write a text after it"),
    (
      "classifiers:\n  - model: AAAA\n    tags: Koala",
      "c.yml:3: tags is not a list of texts; write them as [\"Koala\"]"
    ),
    (
      "classifiers:\n  - model: AAAA\n    threshold: high",
      "c.yml:3: threshold is not made of numbers; give a number, one for each class, or none"
    ),
    (
      "classifiers:\n  - model: AAAA\n    threshold: [1, .inf]",
      "c.yml:3: threshold is not made of numbers; give a number, one for each class, or none"
    ),
  ])
  func wrongEntriesAreNamed(text: String, line: String) throws {
    // Who does not ask for recognizers does not hear of their faults.
    let configuration = try Configuration.parse(text, file: "c.yml")
    let error = #expect(throws: RunnerError.self) { try configuration.classifiers() }
    #expect(error?.description == "error: \(line)")
    #expect(error?.exit == .usage)
  }

  @Test func entriesAreCounted() throws {
    let text =
      "classifiers:\n  - model: AAAA\n  - model_file: a.json\n    tags: [x, y]\n    threshold: {x: 1, y: null}"
    #expect(try Configuration.parse(text, file: "c.yml").classifiers()?.count == 2)
    #expect(try Configuration.parse("", file: "c.yml").classifiers() == nil)
  }

  private static func options(_ change: (inout ClassifyOptions) -> Void) -> ClassifyOptions {
    var options = ClassifyOptions()
    change(&options)
    return options
  }

  @Test func eventsAreCSVUnlessOtherwiseAsked() throws {
    #expect(try ClassifySettings(ClassifyOptions()).generate.format == .csv)
    #expect(try ClassifySettings(Self.options { $0.generate.format = .parquet }).generate.format == .parquet)
    #expect(
      try ClassifySettings(Self.options { $0.lists = [.birdnet, .raven, .birdnet] }).lists == [.raven, .birdnet])
  }

  @Test(arguments: [
    (options { $0.top = 0 }, "--top: 0 is not a number of classes between 1 and 1000000; give another number"),
    (
      options { ($0.allScores, $0.top) = (true, 3) },
      "--all-scores: writes every class, --top leaves some out; give one of the two"
    ),
    (
      options { ($0.allScores, $0.minScore) = (true, ScoreFloor.none) },
      "--all-scores: writes every class, --min-score leaves some out; give one of the two"
    ),
    (
      options { $0.transform = .linear(slope: -1, intercept: 0) },
      "--logit-transform: '-1.0,0.0' has a slope that is not above 0, or is not finite; "
        + "give two numbers such as 0.97,-10"
    ),
    (
      options { $0.threshold = .score(1) },
      "--threshold: is for recognizers, and the configuration names none; "
        + "give --min-score for the model's own classes, or classifiers with --config"
    ),
  ])
  func contradictionsAreNamed(options: ClassifyOptions, line: String) {
    let error = #expect(throws: RunnerError.self) { try ClassifySettings(options) }
    #expect(error?.description == "error: \(line)")
    #expect(error?.exit == .usage)
  }

  @Test(arguments: [
    ("--top", options { $0.top = 3 }), ("--min-score", options { $0.minScore = .score(1) }),
    ("--species", options { $0.species = ["x"] }),
    ("--all-scores", options { $0.allScores = true }), ("--logit-transform", options { $0.transform = .model }),
  ])
  func optionsOfTheModelsClassesNeedThem(option: String, options: ClassifyOptions) {
    let error = #expect(throws: RunnerError.self) {
      try ClassifySettings(
        options, configuration: Configuration.parse("classifiers:\n  - model: AAAA", file: "c.yml"))
    }
    #expect(
      error?.description
        == "error: \(option): is for the model's own classes, and the configuration names recognizers; "
        + "leave it out, or the classifiers")
    #expect(error?.exit == .usage)
  }
}
