/// Something a user should know about an input although work goes on, as in
/// `note: night.wav: claims 10.0 s, holds 5.5 s`. Leaf modules collect notes; the command prints them.
package struct Note: Equatable, Sendable {
  package enum Level: Sendable { case debug, info, warning }

  package let level: Level
  package let subject: String
  package let text: String

  package init(_ level: Level, _ subject: String, _ text: String) {
    self.level = level
    self.subject = subject
    self.text = text
  }
}
