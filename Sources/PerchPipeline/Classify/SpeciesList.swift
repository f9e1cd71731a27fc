import FoundationEssentials
import PerchCore
import SystemPackage

/// The species that a user wants, as they were given: names, or files with a name in each line.
package struct SpeciesList: Equatable, Sendable {
  /// Not empty, each without blanks at its ends.
  package let names: [String]
  /// What gave the list, for messages.
  private let subject: String

  /// The list of Australian species that the Python program has by this name; this build does not carry it.
  private static let preset = "australian_birds_01"

  /// - Parameters:
  ///   - given: names with commas or line breaks between them, or paths of text files.
  ///   - folder: where the files are looked for first.
  ///   - subject: what gave the list, for messages.
  /// - Throws: exit code 2 when there is no name in them, or a file cannot be read.
  package init(
    _ given: [String], folder: FilePath = "", subject: String = "--species"
  ) throws(RunnerError) {
    var names: [String] = []
    for text in given {
      let path = text.trimmed
      if path == Self.preset {
        throw RunnerError(
          subject, "the list \(path) is not part of this program", remedy: "name a text file with its species",
          exit: .usage)
      }
      let file = [folder.pushing(FilePath(path)), FilePath(path)].first {
        (try? $0.stat().type) == .regular
      }
      names += Self.split(
        try file.map { (file) throws(RunnerError) in try TextFile.read(file.string, kind: "species list") } ?? text)
    }
    guard !names.isEmpty else {
      throw RunnerError(subject, "the list is empty", remedy: "name a species, or leave it out", exit: .usage)
    }
    self.names = names
    self.subject = subject
  }

  private static func split(_ text: String) -> [String] {
    text.split { $0 == "," || $0.isNewline }.map { String($0).trimmed }.filter { !$0.isEmpty }
  }

  /// The classes of that name, in the order of their logits, without repetition.
  ///
  /// A name counts in any letter case; `Scientific name_Common name`, as BirdNET writes it, also by its parts.
  ///
  /// - Throws: exit code 2 naming the first ten that no class has.
  func classes(among labels: [String], of model: String) throws(RunnerError) -> [Int] {
    var places: [String: [Int]] = [:]
    for (index, label) in labels.enumerated() { places[label.lowercased(), default: []].append(index) }
    var found: Set<Int> = []
    var unknown: [String] = []
    for name in names {
      let key = name.lowercased()
      let parts = key.split(separator: "_", maxSplits: 1).map { String($0).trimmed }
      if let classes = ([key] + parts).lazy.compactMap({ places[$0] }).first {
        found.formUnion(classes)
      } else {
        unknown.append(name)
      }
    }
    guard unknown.isEmpty else {
      let shown = unknown.prefix(10).map { "'\($0)'" }.joined(separator: ", ")
      let more = unknown.count > 10 ? " and \(unknown.count - 10) more" : ""
      throw RunnerError(
        subject, "\(model) has no class \(shown)\(more)", remedy: "see 'perch-runner labels --model \(model)'",
        exit: .usage)
    }
    return found.sorted()
  }
}
