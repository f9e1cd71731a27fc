import Foundation
import PerchCore
import PerchRecognition
import TestSupport
import Testing

/// Numbers in the Base64 text of recognizer files.
func base64(_ numbers: [Float]) -> String {
  var data = Data()
  for number in numbers { withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
  return data.base64EncodedString()
}

/// Two labels on embeddings of three values.
let smallWeights: [Float] = [1, -1, 0.5, 2, 0, 4]
let smallBias: [Float] = [0.25, -0.5]
let smallMembers = #""classes":["a","b"],"beta":"\#(base64(smallWeights))","beta_bias":"\#(base64(smallBias))""#

func read(_ text: String) throws -> [Recognizer] { try RecognizerReader.read(Array(text.utf8)) }

@Suite struct RecognizerReaderTests {
  /// Every form that is in the field says the same.
  @Test(arguments: [
    #"{"name":"x",\#(smallMembers)}"#,
    #"{"classifier":{"name":"x",\#(smallMembers)}}"#,
    #"{"classifier":{"classifier_name":"x",\#(smallMembers)},"beta":"damaged","name":"y"}"#,
    #"{"classifier":{\#(smallMembers)},"recognizer_name":" x "}"#,
    #"{"name":"x","recognizer_name":"x",\#(smallMembers),"notes":[1],"version":2,"run_config":{}}"#,
    #"{"recognizers":[{"name":"x",\#(smallMembers)}]}"#,
    #"{"recognizers":{"name":"x",\#(smallMembers)},"run_config":null}"#,
    #"[{"name":"x",\#(smallMembers)}]"#,
  ])
  func everyFormIsRead(text: String) throws {
    let recognizers = try read(text)
    let recognizer = try #require(recognizers.first)
    #expect(recognizers.count == 1)
    #expect(recognizer.name == "x")
    #expect(recognizer.labels == ["a", "b"])
    #expect(recognizer.dimension == 3)
    #expect(recognizer.output == LinearLayer(inputs: 3, outputs: 2, weights: smallWeights, bias: smallBias))
    #expect(recognizer.thresholds == [0, 0])
    #expect(recognizer.digest == Digest.sha256(Array(text.utf8)))
  }

  @Test(.enabled(if: TestFiles.hasShared, "needs the shared reference data"))
  func thePublishedRecognizerIsRead() throws {
    let file = try #require(TestFiles.shared).appending(path: "examples/koala.json")
    let koala = try #require(try RecognizerReader.read(Array(Data(contentsOf: file))).first)
    #expect(koala.name == "koala")
    #expect(koala.labels == ["Koala"])
    #expect(koala.dimension == 1280)
    #expect(koala.model == "perch_8")
    #expect(koala.thresholds == [0])
    #expect(koala.digest == "0ac0161001557a24364bdaf103add20e1ad9892ae121b5d6f5069162ed444548")
  }

  @Test(arguments: [
    (#""classes":["Great Owl"]"#, 1, "great_owl"), (#""classes":["  "]"#, 1, "classifier_0"),
    (#""name":"  ","classes":["A\tb  c"]"#, 1, "a_b_c"), (#""classes":["a","b"]"#, 2, "classifier_0_2class"),
    (#""name":" Two words ","classes":["a"]"#, 1, "Two words"),
  ])
  func namesHaveDefaults(members: String, count: Int, name: String) throws {
    let weights = base64(Array(repeating: 1, count: count))
    let recognizer = try read(#"{\#(members),"beta":"\#(weights)","beta_bias":"\#(weights)"}"#).first
    #expect(recognizer?.name == name)
  }

  @Test func defaultNamesCountFromZero() throws {
    #expect(
      try read("[{\(smallMembers)},{\(smallMembers)}]").map(\.name) == [
        "classifier_0_2class", "classifier_1_2class",
      ])
  }

  @Test(arguments: [
    ("Great Owl", "Great_Owl"), ("a/../b", "ab"), ("ä b", "_b"), ("x-1_Y", "x-1_Y"),
  ])
  func namesInPathsAreTame(name: String, path: String) throws {
    var recognizer = try #require(try read("{\(smallMembers)}").first)
    recognizer.name = name
    #expect(recognizer.pathName == path)
  }

  private static func sized(_ count: Int, _ version: String = "") -> String {
    let config = version.isEmpty ? "" : #","model_config":{"model_config":{"tfhub_version":\#(version)}}"#
    let zeros = base64(Array(repeating: 0, count: count))
    return #"{"name":"x","classes":["a"],"beta":"\#(zeros)","beta_bias":"\#(base64([0]))"\#(config)}"#
  }

  @Test(arguments: [
    (sized(1280), "perch_8"), (sized(1280, "4"), "perch_8"), (sized(1280, "8"), "perch_8"),
    (sized(1536), "perch_v2"),
    (sized(1536, "1"), "perch_v2"), (sized(3), nil),
  ])
  func theModelFollowsFromTheFile(text: String, model: String?) throws {
    #expect(try read(text).first?.model == model)
  }

  @Test(arguments: [
    ("", "is neither recognizer JSON nor a Keras archive, it is empty"),
    ("\u{89}HDF", "is neither recognizer JSON nor a Keras archive, it begins with the bytes c2 89 48 44"),
    ("{\n}}", "damaged JSON: line 2: there is more after the value"),
    ("[]", "holds no recognizer"), (#"{"recognizers":[]}"#, "holds no recognizer"), ("[1]", "is not an object"),
    ("{}", "classes is missing"), (#"{"classes":null}"#, "classes is missing"),
    (#"{"classes":"a"}"#, "classes is not a list"),
    (#"{"classes":[1]}"#, "classes holds an entry that is not a text"), (#"{"classes":[]}"#, "classes is empty"),
    (#"{"classes":["a"]}"#, "beta is missing"), (#"{"classes":["a"],"beta":7}"#, "beta is not Base64 text"),
    (#"{"classes":["a"],"beta":"AAA A"}"#, "beta is damaged Base64 text"),
    (#"{"classes":["a"],"beta":"AAAA"}"#, "beta has 3 bytes, which are no whole 32-bit numbers"),
    (#"{"classes":["a"],"beta":"AAAAAA==\n"}"#, "beta_bias is missing"),
    (
      #"{"classes":["a","b"],"beta":"AAAAAA==","beta_bias":""}"#,
      "beta has 1 values, which do not divide among 2 classes"
    ),
    (#"{"classes":["a"],"beta":"","beta_bias":""}"#, "beta has 0 values, which do not divide among 1 classes"),
    (#"{"classes":["a"],"beta":"AAAAAA==","beta_bias":""}"#, "beta_bias has 0 values for 1 classes"),
    (
      #"{"classes":["a"],"beta":"AADAfw==","beta_bias":"AAAAAA=="}"#,
      "beta or beta_bias holds a value that is not finite"
    ),
    (#"{"name":"x","classifier_name":"y",\#(smallMembers)}"#, "classifier_name and name are different names"),
    ("[{\(smallMembers)},{}]", "recognizer 2: classes is missing"),
    (#"{"recognizers":[{\#(smallMembers)}],"run_config":[]}"#, "run_config has 0 entries for 1 recognizers"),
    (#"{"recognizers":[{\#(smallMembers)}],"run_config":7}"#, "run_config is neither an object nor a list"),
    (#"{"recognizers":[{\#(smallMembers)}],"run_config":[7]}"#, "run_config holds an entry that is not an object"),
    (
      #"{"recognizers":[{\#(smallMembers)}],"run_config":{"threshold":1,"x":{}}}"#,
      "run_config mixes settings with names of recognizers"
    ),
    (sized(1024), "takes 1024 values, as BirdNET gives: it is not a Perch recognizer"),
    (sized(1536, "8"), "was trained on perch_8, which has 1280 values, but beta takes 1536"),
  ])
  func isRefused(text: String, cause: String) {
    let fault = #expect(throws: RecognizerFault.self) { try read(text) }
    #expect(fault?.cause == cause)
  }

  @Test func everyPrefixOfAFileIsRefused() throws {
    let text = Array(#"{"name":"x",\#(smallMembers)}"#.utf8)
    for count in 0..<text.count {
      #expect(throws: RecognizerFault.self) { try RecognizerReader.read(Array(text[..<count])) }
    }
  }

  @Test func faultsBecomeOneLine() throws {
    let fault = try #require(throws: RecognizerFault.self) { try read("{}") }
    #expect(
      RunnerError(fault, in: "c.yml:3", classifier: "koala").description
        == "error: c.yml:3: classifier 'koala': classes is missing; correct the file or train it again")
    #expect(RunnerError(fault, in: "k.json").exit == .recognizer)
  }
}

@Suite struct ThresholdTests {
  /// The rules of embeddings-classifier, case by case.
  @Test(
    arguments: [
      ("", [0, 0]), (#","threshold":1.5"#, [1.5, 1.5]), (#","threshold":null"#, [0, 0]),
      (#","threshold":[1,null]"#, [1, nil]), (#","threshold":{"b":2}"#, [0, 2]),
      (#","threshold":{"a":null,"z":9}"#, [nil, 0]),
      (#","threshold":1,"threshold_array":[2,3]"#, [2, 3]), (#","threshold":1,"threshold_array":null"#, [1, 1]),
      (#","threshold":1,"run_config":{"threshold":2}"#, [2, 2]),
      // Inside run_config null hides the value beside it, and is then absent.
      (#","threshold":1,"run_config":{"threshold":null}"#, [0, 0]),
    ] as [(String, [Float?])])
  func ofARecognizer(members: String, thresholds: [Float?]) throws {
    #expect(try read("{\(smallMembers)\(members)}").first?.thresholds == thresholds)
  }

  @Test(
    arguments: [
      (#"{"threshold":2}"#, [2, 2]), (#"{"threshold":null}"#, [nil, nil]), (#"[{"threshold":3}]"#, [3, 3]),
      ("[null]", [1, 1]), (#"{"x":{"threshold":4}}"#, [4, 4]), (#"{"y":{"threshold":4}}"#, [1, 1]),
      (#"{"x":null}"#, [1, 1]), (#"{"threshold_array":[5,6]}"#, [5, 6]), ("{}", [1, 1]),
      (#"{"save_empty":false}"#, [1, 1]),
    ] as [(String, [Float?])])
  func ofAList(settings: String, thresholds: [Float?]) throws {
    let text = #"{"recognizers":[{"name":"x","threshold":1,\#(smallMembers)}],"run_config":\#(settings)}"#
    #expect(try read(text).first?.thresholds == thresholds)
  }

  /// Without `run_config`, settings beside the list count as if they stood in it.
  @Test(
    arguments: [
      (#""threshold":2"#, [2, 2]), (#""threshold":null"#, [nil, nil]),
      (#""threshold":2,"run_config":null"#, [2, 2]), (#""threshold":2,"run_config":{}"#, [1, 1]),
      (#""notes":2"#, [1, 1]),
    ] as [(String, [Float?])])
  func besideAList(settings: String, thresholds: [Float?]) throws {
    let text = #"{"recognizers":[{"name":"x","threshold":1,\#(smallMembers)}],\#(settings)}"#
    #expect(try read(text).first?.thresholds == thresholds)
  }

  @Test(arguments: [
    (#"{\#(smallMembers)}"#, true), (#"{\#(smallMembers),"save_empty":false}"#, false),
    (#"{\#(smallMembers),"save_empty":null}"#, true),
    (#"{\#(smallMembers),"save_empty":true,"run_config":{"save_empty":false}}"#, false),
    (#"{"recognizers":[{\#(smallMembers),"save_empty":false}],"run_config":{"save_empty":true}}"#, true),
    (#"{"recognizers":[{\#(smallMembers),"save_empty":false}],"save_empty":null}"#, true),
  ])
  func emptyTables(text: String, savesEmpty: Bool) throws {
    #expect(try read(text).first?.savesEmpty == savesEmpty)
  }

  @Test(arguments: [
    (#""save_empty":1"#, "save_empty is neither true nor false"),
    (#""threshold":[1]"#, "threshold has 1 entries for 2 classes"),
    (#""threshold":"1""#, "threshold is not a number, a list or an object of numbers"),
    (#""threshold":true"#, "threshold is not a number, a list or an object of numbers"),
    (#""threshold":["1",2]"#, "threshold holds an entry that is not a number"),
    (#""threshold":1e39"#, "threshold 1e+39 is beyond 32-bit numbers"),
    (#""threshold_array":1"#, "threshold_array is not a list"),
    (#""threshold_array":[1,null]"#, "threshold_array holds an entry that is not a number"),
    (#""threshold_array":[1,2,3]"#, "threshold_array has 3 entries for 2 classes"),
  ])
  func wrongOnesAreRefused(member: String, cause: String) {
    let fault = #expect(throws: RecognizerFault.self) { try read("{\(smallMembers),\(member)}") }
    #expect(fault?.cause == cause)
  }

  @Test func tagsNameLabelsOrGoWithEvents() throws {
    var two = try #require(try read("{\(smallMembers)}").first)
    try two.setTags(["c", "d"])
    #expect(two.labels == ["c", "d"])
    let fault = #expect(throws: RecognizerFault.self) { try two.setTags(["e"]) }
    #expect(fault?.cause == "has 2 classes, which 1 tags cannot name")
    var one = Recognizer(
      name: "x", labels: ["a"], output: LinearLayer(inputs: 1, outputs: 1, weights: [1], bias: [0]))
    try one.setTags(["e", "f"])
    #expect(one.labels == ["a"])
    #expect(one.tags == ["e", "f"])
    try one.setTags(["g"])
    #expect(one.labels == ["g"])
  }
}
