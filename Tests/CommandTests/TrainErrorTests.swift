import Foundation
import Testing

/// What `train` says of training data and options that it cannot use: the exact line, exit code, nothing written.
@Suite struct TrainErrorTests {
  struct Case: CustomTestStringConvertible, Sendable {
    /// Of `train`, before the labels and the output folder.
    let arguments: String
    /// Text of labels.csv; nil for the table that fits the embeddings.
    let labels: String?
    let line: String
    let exit: Int32

    init(_ arguments: String, labels: String? = nil, _ line: String, _ exit: Int32) {
      self.arguments = arguments
      self.labels = labels
      self.line = line
      self.exit = exit
    }

    var testDescription: String { line }
  }

  private static let given = "--embeddings e.parquet"
  private static func table(_ rows: String...) -> String {
    "source,channel,start,label,value\n\(rows.joined(separator: "\n"))\n"
  }

  static let cases = [
    Case(
      given, labels: table("r0.wav,0,0.0,Koala,1", "r9.wav,0,777.0,Koala,1", "r1.wav,0,0.0,Koala,0"),
      "error: labels.csv: 1 of 3 labels match no window: r9.wav channel 0 at 777.0 s; "
        + "correct the labels, or give --allow-unmatched", 3),
    Case(
      given, labels: table("r0.wav,0,0.0,Koala,1"),
      "error: labels.csv: the class 'Koala' has no negative window; "
        + "add clips without it, such as a folder named 'background'", 3),
    Case(
      given, labels: table("r0.wav,0,0.0,Koala,0", "r1.wav,0,0.0,Owl,1"),
      "error: labels.csv: the class 'Koala' has no positive window; add clips of it", 3),
    Case(
      given, labels: table("r0.wav,0,0.0,Koala,1", "r0.wav,0,0.0,Koala,0", "r1.wav,0,0.0,Owl,1"),
      "error: labels.csv: 1 windows are labelled both present and absent: r0.wav channel 0 at 0.0 s (Koala); "
        + "correct the labels, or give --conflicts mean", 3),
    Case(
      given, labels: table("r0.wav,0,0.0,noise,1"),
      "error: labels.csv: names no class, only negatives; give clips of what is to be recognized", 3),
    Case(
      given, labels: table("r0.wav,0,0.0,Koala,2"),
      "error: labels.csv: row 1: value 2.0 is neither 0 nor 1; correct the row", 3),
    Case(
      given, labels: table("r0.wav,0,zero,Koala,1"),
      "error: labels.csv: row 1: 'zero' is not a number; correct the row", 3),
    Case(
      given, labels: table("r0.wav,0,0.0,Koala"),
      "error: labels.csv: row 1 has 4 fields, the header line has 5; correct the row", 3),
    Case(
      given, labels: "source,channel,label\nr0.wav,0,Koala\n",
      "error: labels.csv: has no column 'start'; give source, channel, start and label", 3),
    Case(
      given, labels: "recording,label\nr0.wav,Koala\n",
      "error: labels.csv: has no column of files; name a column one of file, filename, path, filepath, source", 3),
    Case(given, labels: "", "error: labels.csv: is empty; give a table of labels", 3),
    Case(
      "\(given) --objective multinomial", labels: table("r0.wav,0,0.0,Koala,1", "r1.wav,0,0.0,Koala,1"),
      "error: labels.csv: holds one class only; "
        + "a softmax needs two: add clips of another class, or of background", 3),
    Case(
      "\(given) --objective multinomial", labels: table("r0.wav,0,0.0,Koala,1", "r0.wav,0,0.0,Owl,1"),
      "error: labels.csv: r0.wav at 0.0 s has the classes Koala, Owl; "
        + "a softmax takes one class for each window: train one-vs-rest", 3),
    Case(
      "--embeddings none.parquet",
      "error: none.parquet: cannot be read: No such file or directory; check the path and its permissions", 3),
    Case(
      "\(given) --model perch_v2",
      "error: e.parquet: has embeddings of 1280 values, perch_v2 has 1536; "
        + "leave --model out, or name the other model", 3),
    Case(
      "\(given) --min-overlap 9",
      "error: --min-overlap: 9.0 is not between 0 and 5 s; give seconds, such as 0.5", 2),
    Case(
      "\(given) --folds 1", "error: --folds: 1 is neither 0 nor between 2 and 1000; give 5, or 0 for none", 2),
    Case(
      "\(given) --folds 0",
      "error: --folds: without folds nothing says which C is best; give --c, such as --c 1", 2),
    Case(
      "\(given) --c-grid 1,-1",
      "error: --c-grid: a C is not above 0 and finite; give numbers such as 0.1,1,10", 2),
    Case("\(given) --tol 0", "error: --tol: 0.0 is not between 0 and 1; give a gradient such as 1e-8", 2),
    Case(
      "\(given) --group-pattern (", "error: --group-pattern: '(' is not a regular expression with one group; "
        + "write one such as '^(site[0-9]+)_'", 2),
    Case(
      "\(given) --c 0",
      "error: command line: the value '0' is invalid for '--c <number>'; see 'perch-runner train --help'", 2),
    Case(
      "\(given) --objective multinomial --fold-calibration",
      "error: --fold-calibration: a softmax has no slope of each class; leave it out, or train one-vs-rest", 2),
    Case(
      "\(given) --class-weight absent.json",
      "error: absent.json: the file of class weights cannot be read: No such file or directory; "
        + "check the path and its permissions", 2),
    Case(
      "--weights seeded:perch_8", labels: "file,label\nnone.wav,Koala\n",
      "error: none.wav: no such file; correct the labels, or put the recording there", 3),
  ]

  @Test(arguments: cases)
  func oneLineAndNothingWritten(_ test: Case) throws {
    let folder = try TemporaryFolder()
    try TrainTests.write(to: folder)
    if let labels = test.labels { try folder.write(labels, to: "labels.csv") }
    let arguments = test.arguments.split(separator: " ").map(String.init)
    let outcome = try Program.run(["train", "-q"] + arguments + ["labels.csv", "out"], in: folder)
    #expect(outcome.errors == test.line + "\n")
    #expect(outcome.output == "")
    #expect(outcome.exit == test.exit)
    #expect(folder.files == ["e.parquet", "labels.csv"])
  }

  @Test func aShortClipIsNamed() throws {
    let folder = try TemporaryFolder()
    try folder.write(ToneFile.wav(seconds: 0.05), to: "clips/Koala/a.wav")
    try folder.write(ToneFile.wav(seconds: 0.5), to: "clips/noise/b.wav")
    let outcome = try Program.run(["train", "-q", "--weights", "seeded:perch_8", "clips", "out"], in: folder)
    #expect(outcome.errors == "error: clips/Koala/a.wav: shorter than 0.1 s (0.05 s); leave it out\n")
    #expect(outcome.exit == 3)
  }

  @Test func anEmptyFolderHoldsNoLabels() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("clips"), withIntermediateDirectories: true)
    let outcome = try Program.run(["train", "-q", "clips", "out"], in: folder)
    #expect(
      outcome.errors == "error: clips: holds no labels; "
        + "give a folder with a folder of clips for each label, a table of labels or selection tables\n")
    #expect(outcome.exit == 3)
  }
}
