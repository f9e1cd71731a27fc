import Foundation
import PerchCore
import PerchPipeline
import Testing

@Suite struct RecordingsTests {
  /// A folder with empty files of the given names.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    init(_ names: [String]) throws {
      for name in names {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data().write(to: file)
      }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func recordings(to destination: Destination = .folder("out")) throws -> Recordings {
      try Recordings(url.path, to: destination, kind: "embeddings", ending: "csv")
    }
  }

  @Test func aFolderGivesItsTreeInOrder() throws {
    let folder = try Folder([
      "b.wav", "a.FLAC", "notes.txt", "site 1/x.y.mp3", "site 1/.hidden.wav", ".cache/z.wav", "deep/er/o.opus",
      "c.embeddings.csv",
    ])
    try FileManager.default.createSymbolicLink(
      at: folder.url.appending(path: "loop"), withDestinationURL: folder.url)
    try FileManager.default.createSymbolicLink(
      at: folder.url.appending(path: "link.wav"), withDestinationURL: folder.url.appending(path: "b.wav"))
    let recordings = try folder.recordings()
    #expect(recordings.isFolder)
    #expect(
      recordings.tasks.map(\.source) == ["a.FLAC", "b.wav", "deep/er/o.opus", "link.wav", "site 1/x.y.mp3"])
    #expect(
      recordings.tasks.map(\.output.string) == [
        "out/a.embeddings.csv", "out/b.embeddings.csv", "out/deep/er/o.embeddings.csv",
        "out/link.embeddings.csv", "out/site 1/x.y.embeddings.csv",
      ])
    #expect(recordings.tasks[1].input.string == "\(folder.url.path)/b.wav")
  }

  @Test func oneFileHasItsNameAsSource() throws {
    let folder = try Folder(["sub/night.2026.wav"])
    let input = folder.url.appending(path: "sub/night.2026.wav").path
    let recordings = try Recordings(input, to: .folder("o"), kind: "embeddings", ending: "parquet")
    #expect(!recordings.isFolder)
    #expect(recordings.tasks.map(\.source) == ["night.2026.wav"])
    #expect(recordings.tasks.map(\.output.string) == ["o/night.2026.embeddings.parquet"])
    let named = try Recordings(input, to: .file("x.csv"), kind: "embeddings", ending: "csv")
    #expect(named.tasks.map(\.output.string) == ["x.csv"])
  }

  @Test func twoRecordingsOfOneOutputAreRefused() throws {
    let error = try #require(#expect(throws: RunnerError.self) { try Folder(["n/a.wav", "n/a.flac"]).recordings() })
    #expect(
      error.description
        == "error: out/n/a.embeddings.csv: would be the table of both n/a.flac and n/a.wav; rename one of the two")
    #expect(error.exit == .usage)
  }

  @Test func aFolderWithoutRecordingsIsRefused() throws {
    let folder = try Folder(["a.txt"])
    let error = try #require(#expect(throws: RunnerError.self) { try folder.recordings() })
    #expect(
      error.description == "error: \(folder.url.path): holds no recordings "
        + "(aif, aiff, flac, mp3, ogg, opus, w64, wav); name another folder, or the file itself")
    #expect(error.exit == .input)
  }

  @Test func aFolderDoesNotGoIntoOneFile() throws {
    let error = try #require(
      #expect(throws: RunnerError.self) { try Folder(["a.wav"]).recordings(to: .file("x.csv")) })
    #expect(
      error.description
        == "error: x.csv: one file cannot hold the tables of a folder; name a folder for the output")
    #expect(error.exit == .usage)
  }
}
