import PerchCore

/// Words about recordings: the same for all, and those that their file names hold.
struct FileMetadata {
  /// Of all recordings.
  private let common: [String: String]
  /// Searched in the name of a recording's file; its named groups are words, which win over common ones.
  private let pattern: Regex<AnyRegexOutput>?

  /// What the Acoustic Workbench calls a recording.
  static let recordingID = "audio_recording_id"

  /// Names of recordings as the Acoustic Workbench gives them out.
  private static let canonicalName = "canonical_filename"
  private static let canonicalPattern =
    #"^(?<timestamp>\d{8}T\d{6}(?:Z|[+-]\d{4}(?:\d{2})?))_(?<site_name>.+)_"#
    + #"(?<audio_recording_id>\d+)\.(?<extension>.+)$"#

  /// - Throws: exit code 2 for what is no object of words, and for a pattern that is none.
  init(_ options: GivenOptions) throws(RunnerError) {
    common = try Self.words(options)
    guard let text = try options.text(.fileMetadataPattern), let given = options[.fileMetadataPattern] else {
      pattern = nil
      return
    }
    do {
      pattern = try Regex(text == Self.canonicalName ? Self.canonicalPattern : text)
        .matchingSemantics(.unicodeScalar)
    } catch {
      throw given.refuses(
        "'\(text)' is not a regular expression", "correct it, or give \(Self.canonicalName)")
    }
  }

  var hasPattern: Bool { pattern != nil }

  /// Whether a word by that name is known of all recordings.
  func knows(_ name: String) -> Bool { common[name] != nil }

  /// All words about a recording, by name.
  func words(ofFile name: String) -> [String: String] {
    guard let match = pattern.flatMap({ name.firstMatch(of: $0) }) else { return common }
    var words = common
    for group in match.output {
      if let key = group.name, let text = group.substring { words[key] = String(text) }
    }
    return words
  }

  private static func words(_ options: GivenOptions) throws(RunnerError) -> [String: String] {
    guard let given = options[.fileMetadata] else { return [:] }
    let words: [String: String]
    switch given.value {
    case .null: return [:]
    case .members(let members): words = members
    case .text(let text): words = try parse(text, given)
    case .list: throw given.refuses("is a list, not an object", "write keys with values")
    }
    if let key = words.keys.sorted().first(where: { !$0.isIdentifier }) {
      throw given.refuses("'\(key)' is not a name of letters, digits and '_'", "give it another name")
    }
    return words
  }

  private static func parse(_ text: String, _ given: GivenOption) throws(RunnerError) -> [String: String] {
    let remedy = "write an object such as {\"site\": \"north\"}"
    let value: JSONValue
    do { value = try JSONValue(parsing: Array(text.utf8)) } catch {
      throw given.refuses("is not JSON: \(error.cause)", remedy)
    }
    guard let object = value.object else { throw given.refuses("is not a JSON object", remedy) }
    var words: [String: String] = [:]
    for (key, value) in object.sorted(by: { $0.key < $1.key }) {
      switch value {
      case .string(let text): words[key] = text
      case .number(let number): words[key] = Int(exactly: number).map(String.init) ?? "\(number)"
      // As Python writes them, whose users have them in their files.
      case .bool(let flag): words[key] = flag ? "True" : "False"
      case .null: throw given.refuses("'\(key)' is null", "give it a value, or leave it out")
      case .array, .object: throw given.refuses("'\(key)' is not one value", "give it one value")
      }
    }
    return words
  }
}

extension String {
  /// Whether it is a letter or `_`, followed by these and digits, all ASCII.
  fileprivate var isIdentifier: Bool {
    guard let first, first.isASCII, first.isLetter || first == "_" else { return false }
    return allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
  }
}

/// What stands in the column `source` instead of a recording's path.
struct SourceMapping {
  /// nil where the path stays.
  let template: String?
  let metadata: FileMetadata

  private enum Name: String, CaseIterable {
    case baw = "baw_original"
    case ecosounds = "ecosounds_original"
    case a2o = "a2o_original"

    var template: String {
      let domain =
        switch self {
        case .baw: "{domain}"
        case .ecosounds: "https://api.ecosounds.org"
        case .a2o: "https://api.acousticsobservatory.org.au"
        }
      return "\(domain)/audio_recordings/{audio_recording_id}/original"
    }
  }

  /// - Throws: exit code 2 for options that are wrong, contradict each other, or leave a token without its value.
  init(_ options: GivenOptions) throws(RunnerError) {
    metadata = try FileMetadata(options)
    let name: Name? = try options.choice(.sourcemapName)
    let own = try options.text(.sourcemapTemplate)
    if name != nil, own != nil, let given = options[.sourcemapTemplate] {
      throw given.refuses("sourcemap_name is given too", "give one of the two")
    }
    template = name?.template ?? own
    guard let template, let given = options[name == nil ? .sourcemapTemplate : .sourcemapName] else { return }
    guard !template.isEmpty else { throw given.refuses("the template is empty", "give one, or leave it out") }
    for part in Template.parts(of: template) {
      switch part {
      case .text: break
      case .strayBrace: throw given.refuses("'\(template)' has a brace without its partner", "write {token}")
      case .token(let token):
        guard metadata.hasPattern || metadata.knows(token) else {
          throw given.refuses(
            "nothing says what '{\(token)}' is", "give it with file_metadata or file_metadata_pattern")
        }
      }
    }
  }

  /// What the template makes of the words about a recording.
  ///
  /// - Throws: exit code 2 when a word is missing.
  func source(of recording: String, words: [String: String]) throws(RunnerError) -> String {
    guard let template else { return recording }
    var text = ""
    for part in Template.parts(of: template) {
      guard case .token(let token) = part else {
        text += part.text
        continue
      }
      guard let word = words[token] else {
        throw RunnerError(
          recording, "its name does not say what '{\(token)}' of the source template is",
          remedy: "correct file_metadata_pattern, or rename the file", exit: .usage)
      }
      text += word
    }
    return text
  }
}
