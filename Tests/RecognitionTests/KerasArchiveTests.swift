import Foundation
import PerchCore
import PerchRecognition
import PerchWeights
import SystemPackage
import Testing

/// An archive as Keras writes it: entries stored one after the other, then the directory.
struct KerasFile {
  var config = #"{"class_name":"Sequential","config":{"layers":[\#(input),\#(dense())]}}"#
  var weights: [(path: String, shape: [Int], values: [Float])] = [
    ("layers/dense/vars/0", [3, 2], [1, -1, 0.5, 2, 0, 4]), ("layers/dense/vars/1", [2], [0.25, -0.5]),
  ]
  var method: UInt16 = 0
  /// What stands in the archive for these contents.
  var packing: ([UInt8]) -> [UInt8] = { $0 }
  var names = ["metadata.json", "config.json", "model.weights.h5"]

  static let input = #"{"class_name":"InputLayer","config":{}}"#
  static func dense(_ activation: String = "linear") -> String {
    #"{"class_name":"Dense","config":{"name":"dense_4","activation":"\#(activation)"}}"#
  }

  func bytes() throws -> [UInt8] {
    let path = FilePath(
      FileManager.default.temporaryDirectory.appending(path: "perch-runner-\(UUID().uuidString).h5").path)
    defer { try? FileManager.default.removeItem(atPath: path.string) }
    let file = try HDF5File(writing: path)
    for (name, shape, values) in weights { try file.write(values, shape: shape, to: name) }
    try file.finish()
    let image = Array(try Data(contentsOf: URL(filePath: path.string)))
    return archive([names[0]: Array("{}".utf8), names[1]: Array(config.utf8), names[2]: image])
  }

  private func archive(_ entries: [String: [UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for name in names {
      let contents = entries[name] ?? []
      let data = packing(contents)
      let start = bytes.count
      let common =
        little(20, 2) + little(0, 2) + little(Int(method), 2) + little(0, 4) + little(Self.checksum(contents), 4)
        + little(data.count, 4) + little(contents.count, 4) + little(name.utf8.count, 2) + little(0, 2)
      bytes += little(0x0403_4B50, 4) + common + Array(name.utf8) + data
      directory +=
        little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 10) + little(start, 4) + Array(name.utf8)
    }
    let end =
      little(0x0605_4B50, 4) + little(0, 4) + little(names.count, 2) + little(names.count, 2)
      + little(directory.count, 4) + little(bytes.count, 4) + little(0, 2)
    return bytes + directory + end
  }

  /// CRC-32 bit by bit, as its definition has it.
  private static func checksum(_ bytes: [UInt8]) -> Int {
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB8_8320 }
    }
    return Int(~sum)
  }

  private func little(_ value: Int, _ width: Int) -> [UInt8] { (0..<width).map { UInt8(value >> (8 * $0) & 255) } }
}

@Suite struct KerasArchiveTests {
  @Test func aDenseLayerIsRead() throws {
    let bytes = try KerasFile().bytes()
    let recognizer = try #require(try RecognizerReader.read(bytes, labels: ["a", "b"]).first)
    #expect(recognizer.labels == ["a", "b"])
    #expect(recognizer.hidden == nil)
    #expect(
      recognizer.output
        == LinearLayer(inputs: 3, outputs: 2, weights: [1, -1, 0.5, 2, 0, 4], bias: [0.25, -0.5]))
    #expect(recognizer.thresholds == [0, 0])
    #expect(recognizer.digest == Digest.sha256(bytes))
  }

  /// Batch normalisation, a dense layer with a rectifier, a dense layer: against Keras' own formulas in double.
  @Test func batchNormalisationIsFoldedIn() throws {
    var file = KerasFile()
    let normalization = #"{"class_name":"BatchNormalization","config":{"epsilon":0.001}}"#
    file.config =
      #"{"config":{"layers":[\#(KerasFile.input),\#(normalization),\#(KerasFile.dense("relu"))"#
      + #",\#(KerasFile.dense())]}}"#
    let (gamma, beta): ([Float], [Float]) = ([1.5, 0.5, -2], [0.1, -0.2, 0.3])
    let (mean, variance): ([Float], [Float]) = ([0.5, -1, 2], [4, 0.25, 0.01])
    let weights: [Float] = [0.5, -1, 2]
    file.weights = [
      ("layers/batch_normalization/vars/0", [3], gamma), ("layers/batch_normalization/vars/1", [3], beta),
      ("layers/batch_normalization/vars/2", [3], mean), ("layers/batch_normalization/vars/3", [3], variance),
      ("layers/dense/vars/0", [3, 1], weights), ("layers/dense/vars/1", [1], [0.75]),
      ("layers/dense_1/vars/0", [1, 2], [3, -0.5]), ("layers/dense_1/vars/1", [2], [0.125, 1]),
    ]
    let recognizer = try #require(try RecognizerReader.read(file.bytes(), labels: ["a", "b"]).first)
    let scorer = RecognizerScorer([recognizer])
    var rectified = 0
    for x in [[1, 2, 3], [-1, 0.5, 1.9], [0, 0, 2.1], [5, -5, 2]] as [[Float]] {
      var sum = 0.75
      var size = 0.75
      for i in 0..<3 {
        let normalized =
          Double(gamma[i]) * (Double(x[i]) - Double(mean[i])) / (Double(variance[i]) + 0.001).squareRoot()
          + Double(beta[i])
        sum += normalized * Double(weights[i])
        size +=
          (abs(Double(x[i])) + abs(Double(mean[i]))) * abs(Double(gamma[i] * weights[i]))
          / (Double(variance[i]) + 0.001).squareRoot()
      }
      if sum < 0 { rectified += 1 }
      let hidden = max(sum, 0)
      let got = scorer.scores(of: x, scorer.makeWorkspace())
      // Folded weights and bias are rounded once each, then three products and sums: eight roundings of `size`,
      // times the greatest weight behind.
      let bound = 3 * 8 * Double(Float.ulpOfOne) * (size + 1)
      #expect(abs(Double(got[0]) - (hidden * 3 + 0.125)) <= bound)
      #expect(abs(Double(got[1]) - (hidden * -0.5 + 1)) <= bound)
    }
    #expect(rectified > 0)
  }

  @Test func whatIsNotKnownIsNamed() throws {
    func cause(labels: [String]? = ["a", "b"], _ change: (inout KerasFile) -> Void) throws -> String {
      var file = KerasFile()
      change(&file)
      let bytes = try file.bytes()
      return try #require(throws: RecognizerFault.self) { try RecognizerReader.read(bytes, labels: labels) }.cause
    }
    func config(_ layers: String) -> String { #"{"config":{"layers":[\#(layers)]}}"# }
    #expect(
      try cause { $0.config = config(#"{"class_name":"Dropout"}"#) } == "has a layer Dropout, which is not known")
    #expect(
      try cause { $0.config = config(KerasFile.dense("softmax")) }
        == "has a Dense layer with activation softmax, which is not known")
    #expect(
      try cause { $0.config = config(KerasFile.dense("relu")) } == "has layers in an order that is not known")
    #expect(try cause { $0.config = config("") } == "has layers in an order that is not known")
    #expect(try cause { $0.config = "{}" } == "config.json in the archive names no layers")
    #expect(
      try cause { $0.config = "{" } == "config.json in the archive is damaged: line 1: a name is expected")
    #expect(
      try cause { $0.method = 12 } == "config.json in the archive is packed by method 12, which is not known")
    #expect(try cause { $0.method = 8 } == "config.json in the archive is damaged")
    #expect(try cause { $0.packing = { $0.map { $0 ^ 1 } } } == "config.json in the archive is damaged")
    #expect(try cause { $0.names[2] = "other.h5" } == "the archive has no model.weights.h5")
    #expect(
      try cause { $0.weights.removeLast() }
        == "model.weights.h5 in the archive: layers/dense/vars/1 is missing")
    #expect(
      try cause { $0.weights[1] = ("layers/dense/vars/1", [3], [1, 2, 3]) }
        == "layers/dense/vars/1 has another size")
    #expect(
      try cause { $0.weights[1].values[0] = .nan } == "layers/dense/vars/1 holds a value that is not finite")
    #expect(try cause { $0.weights[0].shape = [6] } == "layers/dense/vars/0 is no matrix")
    #expect(try cause(labels: ["a"]) { _ in } == "has 2 outputs for 1 labels")
    #expect(
      try cause(labels: nil) { _ in }
        == "is a Keras archive without labels: a file <name>.keras.labels.json or tags must name them")
  }

  /// Packed again by somebody: here in deflate's stored blocks, which every decoder takes.
  @Test func deflatedEntriesAreRead() throws {
    var file = KerasFile()
    let plain = try RecognizerReader.read(try file.bytes(), labels: ["a", "b"]).first
    file.method = 8
    file.packing = { contents in
      stride(from: 0, to: max(contents.count, 1), by: 0xFFFF).flatMap { start -> [UInt8] in
        let part = contents[start..<min(start + 0xFFFF, contents.count)]
        let (count, isLast) = (UInt16(part.count), start + 0xFFFF >= contents.count)
        let lengths = [UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8)]
        return [isLast ? 1 : 0] + lengths + part
      }
    }
    let packed = try RecognizerReader.read(try file.bytes(), labels: ["a", "b"]).first
    #expect(packed?.output == plain?.output)
    #expect(packed != nil)
  }

  /// Cut anywhere, an archive is refused; with any byte changed it is refused or gives the same numbers.
  @Test func damageIsNoDanger() throws {
    let bytes = try KerasFile().bytes()
    let want = try #require(try RecognizerReader.read(bytes, labels: ["a", "b"]).first).output
    for count in stride(from: 4, to: bytes.count, by: 13) {
      #expect(throws: RecognizerFault.self) {
        try RecognizerReader.read(Array(bytes[..<count]), labels: ["a", "b"])
      }
    }
    var refused = 0
    for place in stride(from: 4, to: bytes.count, by: 7) {
      var damaged = bytes
      damaged[place] ^= 0xFF
      if let found = try? RecognizerReader.read(damaged, labels: ["a", "b"]).first {
        #expect(found.output == want, "byte \(place)")
      } else {
        refused += 1
      }
    }
    #expect(refused > 0)
  }
}
