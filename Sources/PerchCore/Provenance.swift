/// What made a file: an ordered list of keys and values that every output carries.
///
/// The keys and their order are those of the file formats page of the manual. Values are text;
/// a table writer decides how its format holds them.
package struct Provenance: Equatable, Sendable {
  package private(set) var entries: [Entry] = []

  package struct Entry: Equatable, Sendable {
    package let key: String
    package let value: String
  }

  package init() {}

  package subscript(key: String) -> String? { entries.first { $0.key == key }?.value }

  /// Appends `key`, or gives it a new value where it stands.
  package mutating func set(_ key: String, _ value: String) {
    let entry = Entry(key: key, value: value)
    if let index = entries.firstIndex(where: { $0.key == key }) {
      entries[index] = entry
    } else {
      entries.append(entry)
    }
  }
}
