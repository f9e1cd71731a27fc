import PerchCore
import Testing

@Suite struct JSONValueTests {
  @Test(
    arguments: [
      ("null", .null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .number(0)),
      ("-0.5e-1", .number(-0.05)),
      ("12E+2", .number(1200)), (#""""#, .string("")), (#""\n\"\\\/\u00e4\ud83d\ude00""#, .string("\n\"\\/ä😀")),
      ("[]", .array([])), ("[1, [2]]", .array([.number(1), .array([.number(2)])])), ("{}", .object([:])),
      (#"{"a":{"b":null}, "c":[]}"#, .object(["a": .object(["b": .null]), "c": .array([])])),
      (#"{"a":1,"a":2}"#, .object(["a": .number(2)])), ("\u{FEFF}[1]", .array([.number(1)])),
      ("\"ä\"", .string("ä")),
    ] as [(String, JSONValue)])
  func isRead(text: String, value: JSONValue) throws {
    #expect(try JSONValue(parsing: Array(text.utf8)) == value)
  }

  @Test(arguments: [
    ("", 1, "it ends too early"), ("\n\n[1", 3, "a comma or the end of a list is expected"),
    (#"{"a""#, 1, "a colon is expected"), (#"{"a":1"#, 1, "a comma or the end of an object is expected"),
    ("{a:1}", 1, "a name is expected"), ("[1,]", 1, "a value is expected"), ("NaN", 1, "a value is expected"),
    ("01", 1, "a number begins with 0"), ("1.", 1, "a number ends with its point"),
    ("1e", 1, "a number has no exponent"),
    ("1e999", 1, "a number is too large"), ("-", 1, "a value is expected"),
    ("1 2", 1, "there is more after the value"),
    ("\"a", 1, "a text has no end"), ("\"a\\", 1, "a text has no end"),
    ("\"\\x\"", 1, "a text holds an unknown escape"),
    ("\"\\u12\"", 1, "a text holds an unknown escape"), ("\"\\ud800\"", 1, "a text holds half a character"),
    ("\"\\ud800\\u0041\"", 1, "a text holds half a character"), ("\"\\udc00\"", 1, "a text holds half a character"),
    ("\"a\nb\"", 1, "a text holds a control character"), ("tru", 1, "a value is expected"),
    (String(repeating: "[", count: 100_000), 1, "it is nested too deeply"),
  ])
  func isRefused(text: String, line: Int, cause: String) {
    #expect(throws: JSONFault(line: line, cause: cause)) { try JSONValue(parsing: Array(text.utf8)) }
  }

  @Test func textsMustBeUTF8() {
    #expect(throws: JSONFault(line: 1, cause: "a text is not UTF-8")) {
      try JSONValue(parsing: [0x22, 0xFF, 0x22])
    }
  }

  /// Cut anywhere, a document is refused and nothing worse.
  @Test func everyPrefixIsRefused() throws {
    let text = Array(#"{"a":[1.5e3,"\u00e4\n",true],"b":{"c":null}}"#.utf8)
    _ = try JSONValue(parsing: text)
    for count in 0..<text.count {
      #expect(throws: JSONFault.self) { try JSONValue(parsing: Array(text[..<count])) }
    }
  }
}
