import Foundation
import PerchCore
import TestSupport
import Testing

/// What `classify` refuses: the exact line on standard error, the exit code, and nothing written.
@Suite struct ClassifyErrorTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let arguments: String
    let configuration: String?
    let line: String
    let exit: Int32

    init(_ arguments: String, _ line: String, _ exit: Int32) { self.init(arguments, nil, line, exit) }

    init(_ arguments: String, _ configuration: String?, _ line: String, _ exit: Int32) {
      self.arguments = arguments
      self.configuration = configuration
      self.line = line
      self.exit = exit
    }

    var testDescription: String { "\(arguments) \(configuration ?? "")" }
  }

  /// JSON of a recognizer with one label on `size` values.
  private static func recognizer(_ name: String, size: Int) -> String {
    let beta = Data(count: size * 4).base64EncodedString()
    return #"{"name":"\#(name)","classes":["\#(name)"],"beta":"\#(beta)","beta_bias":"AAAAAA=="}"#
  }

  private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  private static let help = "see 'perch-runner classify --help'"
  private static let own = "classifiers:\n  - model_file: p8.json"

  static let cases = [
    Case("a.wav out --top few", "error: command line: the value 'few' is invalid for '--top <n>'; \(help)", 2),
    Case(
      "a.wav out --min-score low",
      "error: command line: the value 'low' is invalid for '--min-score <number|none>'; \(help)", 2),
    Case(
      "a.wav out --threshold inf",
      "error: command line: the value 'inf' is invalid for '--threshold <number|none>'; \(help)", 2),
    Case(
      "a.wav out --event-format xml",
      "error: command line: the value 'xml' is invalid for '--event-format <formats>'; \(help)", 2),
    Case(
      "a.wav out --logit-transform 1",
      "error: command line: the value '1' is invalid for '--logit-transform <transform>'; \(help)", 2),
    Case(
      "a.wav out --threshold -0.5",
      "error: --threshold: is for recognizers, and the configuration names none; "
        + "give --min-score for the model's own classes, or classifiers with --config", 2),
    Case(
      "a.wav out --weights seeded:perch_8 --species nobody",
      "error: --species: perch_8 has no class 'nobody'; see 'perch-runner labels --model perch_8'", 2),
    Case(
      "a.wav out -c c.yml", "classifiers: []",
      "error: c.yml:1: classifiers is empty; name a recognizer, or remove the key for the model's own classes", 2),
    Case(
      "a.wav out -c c.yml", "classifiers:\n  - model_file: absent.json",
      "error: absent.json: the recognizer cannot be read: No such file or directory; "
        + "check the path and its permissions", 2),
    Case(
      "a.wav out -c c.yml", "classifiers:\n  - name: koala\n    model: 'ew?='",
      "error: c.yml:2: classifier 'koala': the model is damaged Base64 text; copy it again or train it again", 5),
    Case(
      "a.wav out -c c.yml", "classifiers:\n  - model: \(base64("RIFF"))",
      "error: c.yml:2: classifier 'without a name': is neither recognizer JSON nor a Keras archive, "
        + "it begins with the bytes 52 49 46 46; give recognizer JSON or a Keras archive", 5),
    Case(
      "a.wav out -c c.yml", "classifiers:\n  - model_file: bad.json",
      "error: bad.json: beta is damaged Base64 text; copy it again or train it again", 5),
    Case(
      "a.wav out -c c.yml", "classifiers:\n  - model_file: birdnet.json",
      "error: birdnet.json: takes 1024 values, as BirdNET gives: it is not a Perch recognizer; "
        + "train it on embeddings of perch_8 (1280 values) or perch_v2 (1536 values)", 5),
    Case(
      "a.wav out -c c.yml", own + "\n    tags: []\n  - model_file: p8.json",
      "error: c.yml:4: two recognizers have the name 'p8'; give one of them another name", 2),
    Case(
      "a.wav out -c c.yml", own + "\n  - model_file: v2.json",
      "error: c.yml:3: recognizer 'v2' takes the 1536 values of perch_v2, but recognizer 'p8' takes "
        + "the 1280 values of perch_8; classify with each in a run of its own", 5),
    Case(
      "a.wav out -c c.yml --model perch_v2", own,
      "error: c.yml:2: recognizer 'p8' takes the 1280 values of perch_8, but perch_v2 was asked for, "
        + "which gives 1536; leave the model out, or use another recognizer", 5),
    Case(
      "a.wav out -c c.yml --weights seeded:perch_v2 -q", own,
      "error: perch_v2: has embeddings of 1536 values, but recognizer 'p8' takes the 1280 values of perch_8; "
        + "use recognizers and embeddings of one model", 5),
    Case(
      "e.csv out -c c.yml", own,
      "error: e.csv: has embeddings of 1 values, but recognizer 'p8' takes the 1280 values of perch_8; "
        + "use recognizers and embeddings of one model", 5),
    Case(
      "e.csv out",
      "error: e.csv: is a table of embeddings, from which the model's own classes cannot be scored; "
        + "give recognizers with --config, or the recording", 2),
    Case(
      "events.csv out -c c.yml", own,
      "error: events.csv: holds labels and scores, not embeddings; give a CSV or Parquet table of embeddings", 3),
    Case(
      "sound.parquet out -c c.yml", own,
      "error: sound.parquet: has neither a column 'start' nor 'offset'; "
        + "give a CSV or Parquet table of embeddings", 3),
    Case(
      "e.csv out -c c.yml", "classifiers:\n  - model_file: large.json",
      "error: e.csv: a score at 0.0 s is not finite; use recognizers or weights with smaller numbers", 5),
    Case(
      "a.wav out -c c.yml", own + "\n    threshold: [1, 2]",
      "error: c.yml:2: threshold has 2 entries for 1 classes; give one number, or one for each class", 2),
    Case(
      "a.wav out -c c.yml", "classifiers:\n  - model_file: two.json\n    tags: [x, y, z]",
      "error: two.json: has 2 classes, which 3 tags cannot name; give as many tags as classes, or none", 5),
    Case(
      "a.wav out -c c.yml", "classifiers:\n  - model_file: list.json\n    name: x",
      "error: c.yml:2: list.json holds 2 recognizers, which one name cannot tell apart; leave name out", 2),
    Case(
      "absent.wav out -c c.yml", own,
      "error: absent.wav: cannot be read: No such file or directory; check the path and its permissions", 3),
  ]

  @Test(arguments: cases)
  func oneLineAndNothingWritten(_ test: Case) throws {
    let folder = try TemporaryFolder()
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    try folder.write("source,channel,offset,embeddings\na.wav,0,0.0,AACAPw==\n", to: "e.csv")
    try folder.write("source,channel,start,label,score\n", to: "events.csv")
    try folder.write("neither sound nor table", to: "sound.parquet")
    try folder.write(Self.recognizer("p8", size: 1280), to: "p8.json")
    try folder.write(Self.recognizer("v2", size: 1536), to: "v2.json")
    try folder.write(Self.recognizer("birdnet", size: 1024), to: "birdnet.json")
    try folder.write("[\(Self.recognizer("x", size: 1)),\(Self.recognizer("y", size: 1))]", to: "list.json")
    try folder.write(#"{"classes":["a"],"beta":"AAA","beta_bias":""}"#, to: "bad.json")
    try folder.write(
      #"{"classes":["a"],"beta":"//9/fw==","beta_bias":"//9/fw=="}"#, to: "large.json")
    try folder.write(
      #"{"classes":["a","b"],"beta":"AAAAAAAAAAA=","beta_bias":"AAAAAAAAAAA="}"#, to: "two.json")
    if let configuration = test.configuration { try folder.write(configuration, to: "c.yml") }
    let before = folder.files
    let outcome = try Program.run(["classify"] + test.arguments.split(separator: " ").map(String.init), in: folder)
    #expect(outcome.errors == test.line + "\n")
    #expect(outcome.output == "")
    #expect(outcome.exit == test.exit)
    #expect(folder.files == before)
  }

  @Test func commandsIgnoreRecognizersTheyDoNotUse() throws {
    let folder = try TemporaryFolder()
    try folder.write(ToneFile.wav(seconds: 5), to: "a.wav")
    try folder.write("classifiers: []", to: "c.yml")
    let outcome = try Program.run(
      ["generate", "-q", "--weights", "seeded:perch_8", "-c", "c.yml", "a.wav", "out"], in: folder)
    #expect(outcome.exit == 0)
  }
}
