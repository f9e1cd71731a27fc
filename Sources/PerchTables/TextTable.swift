import PerchCore
import SystemPackage

/// A small table of texts that a person or another program made: labels, selections. All of it in memory.
package struct TextTable: Sendable {
  package enum Separator: Sendable {
    /// With quoted fields, as RFC 4180 has it.
    case comma
    /// Without quotes.
    case tab
  }

  package let path: FilePath
  /// Fields of each line that is not empty, the header line among them.
  package let lines: [[String]]

  /// Text that is not UTF-8 is taken for Latin-1, which older programs wrote.
  ///
  /// - Throws: exit 3 when the file cannot be read.
  package init(_ path: FilePath, separator: Separator) throws(RunnerError) {
    try self.init(path, separator: separator) { () throws(TableFault) in try InputFile(path) }
  }

  /// The same of text that was read already, with commas.
  ///
  /// - Parameter name: for messages.
  package init(text: String, name: FilePath) throws(RunnerError) {
    try self.init(name, separator: .comma) { InputFile(Array(text.utf8), name: name) }
  }

  private init(
    _ path: FilePath, separator: Separator, open: () throws(TableFault) -> InputFile
  ) throws(RunnerError) {
    self.path = path
    do throws(TableFault) {
      var lines: [[String]] = []
      var reader = try CSVReader(
        open(), separator: separator == .tab ? UInt8(ascii: "\t") : CSVReader.comma,
        hasQuotes: separator == .comma)
      lines.append(reader.names)
      var record = CSVRecord()
      while try reader.read(into: &record) {
        lines.append((0..<record.count).map { record.anyText($0) })
      }
      self.lines = lines
    } catch .notEmbeddings(let text) {
      throw RunnerError(path.string, text, remedy: "give a table of labels", exit: .input)
    } catch {
      throw RunnerError(error, table: path)
    }
  }
}
