import Foundation
import PerchCore
import PerchExport
import PerchModel
import PerchWeights
import SystemPackage

/// A SavedModel with seeded weights, made without TensorFlow, in memory so that a test can spoil a part.
struct SavedModelFixture: Sendable {
  struct Entry: Sendable {
    var type = 1
    var shape: [Int]
    var shard = 0
    var offset: Int
    var size: Int
    var checksum: UInt32
    var isPartitioned = false

    var message: [UInt8] {
      let sides = shape.flatMap { Wire.bytes(2, Wire.number(1, $0)) }
      return Wire.number(1, type) + Wire.bytes(2, sides) + Wire.number(3, shard) + Wire.number(4, offset)
        + Wire.number(5, size) + Wire.fixed32(6, checksum) + (isPartitioned ? Wire.bytes(7, []) : [])
    }
  }

  var entries: [String: Entry] = [:]
  var data: [UInt8] = []
  var labels: [String: [UInt8]] = [:]
  var header = Wire.number(1, 1) + Wire.bytes(3, Wire.number(1, 1))
  var graph: [UInt8]
  var blockSize = 1 << 18
  var isCompressed = false
  /// Changes the finished index.
  var spoilIndex: @Sendable (inout [UInt8]) -> Void = { _ in }

  static let classes = [("label", 6), ("genus", 5), ("family", 4), ("order", 3)]
  static let perch8 = SavedModelFixture(.perch8, .v8, classes: classes)
  static let perchV2 = SavedModelFixture(.perchV2, .v2, classes: [("label", 6)])

  init(_ model: SeededModel, _ family: PerchFamily, classes: [(String, Int)]) {
    let weights = SeededWeights(model, classes: classes.map { (head: $0.0, count: $0.1) })
    graph = Self.graph(functions: model == .perch8 ? ["silu", "relu_3"] : ["silu"])
    let entries = Dictionary(uniqueKeysWithValues: weights.settings.tensors.map { ($0.path, $0) })
    for (index, row) in VariableOrder.rows(weights.settings, family).enumerated() {
      guard let entry = entries[row.dataset], var values = try? weights.tensor(entry) else { continue }
      var shape = entry.shape
      if row.isTransposed {
        let (outer, rows, columns) = (shape[0], shape[1], shape[2])
        values = (0..<values.count).map { place in
          let (column, row) = ((place / rows) % columns, place % rows)
          return values[place / (rows * columns) * rows * columns + row * columns + column]
        }
        shape = [outer, columns, rows]
      }
      put(values, shape: shape, as: Self.key(index, family))
    }
    for (head, count) in classes {
      let (name, title, end) = Self.labelFile(family, head)
      let lines = [title] + (0..<count).map { "\(head)_\($0)" }
      labels[name] = Array(lines.map { $0 + end }.joined().utf8)
    }
  }

  static func key(_ index: Int, _ family: PerchFamily) -> String {
    "\(family == .v2 ? "_tf_var_leaves" : "_variables")/\(index)/.ATTRIBUTES/VARIABLE_VALUE"
  }

  private static func labelFile(_ family: PerchFamily, _ head: String) -> (String, String, String) {
    if family == .v2 { return ("labels.csv", "inat2024_fsd50k", "\r\n") }
    let plural = ["label": "", "genus": "_genera", "family": "_families", "order": "_orders"]
    return ("\(head).csv", "ebird2021" + (plural[head] ?? ""), "\n")
  }

  /// Key of the variable that becomes `dataset`.
  func key(of dataset: String, _ family: PerchFamily, _ model: SeededModel) -> String {
    let classes = family == .v2 ? [("label", 6)] : Self.classes
    let settings = SeededWeights(model, classes: classes.map { (head: $0.0, count: $0.1) }).settings
    let rows = VariableOrder.rows(settings, family)
    return Self.key(rows.firstIndex { $0.dataset == dataset } ?? 0, family)
  }

  mutating func put(_ values: [Float], shape: [Int], as key: String) {
    let bytes = Wire.floats(values)
    entries[key] = Entry(
      shape: shape, offset: data.count, size: bytes.count, checksum: Castagnoli.masked(bytes))
    data += bytes
  }

  func values(_ key: String) -> [Float] {
    guard let entry = entries[key] else { return [] }
    return stride(from: entry.offset, to: entry.offset + entry.size, by: 4).map { place in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[place + $1]) << UInt32(8 * $1) })
    }
  }

  func write(to folder: TemporaryFolder) throws {
    var index = indexBytes
    spoilIndex(&index)
    try folder.write(index, to: "variables/variables.index")
    try folder.write(data, to: "variables/variables.data-00000-of-00001")
    try folder.write(graph, to: "saved_model.pb")
    for (name, bytes) in labels { try folder.write(bytes, to: "assets/\(name)") }
  }

  // MARK: Formats

  /// A SavedModel whose graph is one module with functions of the given names.
  private static func graph(functions: [String]) -> [UInt8] {
    let module: [UInt8] = functions.flatMap { [0] + Array($0.utf8) } + [0]
    let attribute = Wire.text(1, "module") + Wire.bytes(2, Wire.bytes(2, module))
    let node = Wire.text(1, "call") + Wire.text(2, "XlaCallModule") + Wire.bytes(5, attribute)
    let library = Wire.bytes(1, Wire.bytes(3, node))
    return Wire.number(1, 1) + Wire.bytes(2, Wire.bytes(2, Wire.bytes(2, library)))
  }

  private var indexBytes: [UInt8] {
    var rows: [(key: [UInt8], value: [UInt8])] = [([], header)]
    rows += entries.map { (Array($0.key.utf8), $0.value.message) }
    rows.sort { $0.key.lexicographicallyPrecedes($1.key) }
    var output: [UInt8] = []
    func put(_ contents: [UInt8]) -> [UInt8] {
      let stored = isCompressed ? Self.snappy(contents) : contents
      let handle = Wire.variable(output.count) + Wire.variable(stored.count)
      let tail: [UInt8] = [isCompressed ? 1 : 0]
      output += stored + tail + Wire.little(Castagnoli.masked(stored + tail))
      return handle
    }
    var handles: [(key: [UInt8], value: [UInt8])] = []
    var group: [(key: [UInt8], value: [UInt8])] = []
    for row in rows {
      group.append(row)
      if group.reduce(0, { $0 + $1.key.count + $1.value.count }) >= blockSize {
        handles.append((row.key, put(Self.block(group, interval: 16))))
        group = []
      }
    }
    if let last = group.last { handles.append((last.key + [0], put(Self.block(group, interval: 16)))) }
    let meta = put(Self.block([], interval: 1))
    var footer = meta + put(Self.block(handles, interval: 1))
    footer += [UInt8](repeating: 0, count: 40 - footer.count)
    return output + footer + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
  }

  private static func block(_ rows: [(key: [UInt8], value: [UInt8])], interval: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var restarts: [Int] = []
    var last: [UInt8] = []
    for (index, row) in rows.enumerated() {
      var shared = 0
      if index % interval == 0 {
        restarts.append(bytes.count)
      } else {
        while shared < min(row.key.count, last.count), row.key[shared] == last[shared] { shared += 1 }
      }
      bytes += Wire.variable(shared) + Wire.variable(row.key.count - shared) + Wire.variable(row.value.count)
      bytes += row.key[shared...] + row.value
      last = row.key
    }
    if restarts.isEmpty { restarts = [0] }
    for restart in restarts { bytes += Wire.little(UInt32(restart)) }
    return bytes + Wire.little(UInt32(restarts.count))
  }

  /// Literals, and a copy of one byte's distance for runs of zeros.
  private static func snappy(_ bytes: [UInt8]) -> [UInt8] {
    var output = Wire.variable(bytes.count)
    var place = 0
    while place < bytes.count {
      let run = bytes[place...].prefix(64).prefix { $0 == 0 }.count
      if run >= 5, place > 0, bytes[place - 1] == 0 {
        output += [UInt8((run - 1) << 2 | 2), 1, 0]
        place += run
      } else {
        let count = min(
          60, bytes.count - place, run > 0 ? run : bytes[place...].prefix(60).prefix { $0 != 0 }.count)
        output += [UInt8((count - 1) << 2)] + bytes[place..<place + count]
        place += count
      }
    }
    return output
  }
}

/// Outputs of an engine with seeded weights, as the companion script would write those of a source model.
enum ProbeFixture {
  /// Writes a file with the group `verification` and returns its path.
  static func write(
    _ model: SeededModel, classes: [(String, Int)], to folder: TemporaryFolder,
    change: (inout Verification) -> Void = { _ in }
  ) throws -> FilePath {
    let weights = SeededWeights(model, classes: classes.map { (head: $0.0, count: $0.1) })
    var verification = try answers(weights)
    change(&verification)
    let path = folder.path("probe.h5")
    try WeightFileWriter.write(SeededWeights(model, classes: []), to: path, verification: verification)
    return path
  }

  private static func answers(_ weights: SeededWeights) throws -> Verification {
    let names = ["silence", "impulse", "noise"]
    let windows = names.compactMap { ProbeWindows.window($0) }
    let engine = try PerchModel(weights)
    let workspace = engine.makeWorkspace()
    var outputs: [String: [Float]] = [:]
    var shapes: [String: [Int]] = [:]
    for window in windows {
      let spectrogram = engine.spectrogram(window.span, workspace)
      var embedding = [Float](repeating: 0, count: weights.settings.embeddingSize)
      var target = embedding.mutableSpan
      engine.embed(window.span, workspace, into: &target)
      outputs["spectrogram", default: []] += spectrogram
      outputs["embedding", default: []] += embedding
      let bands = weights.settings.frontend.melBins
      (shapes["spectrogram"], shapes["embedding"]) = ([spectrogram.count / bands, bands], [embedding.count])
      for head in weights.settings.heads {
        var logits = [Float](repeating: 0, count: head.classes)
        var target = logits.mutableSpan
        engine.logits(head.name, workspace, into: &target)
        outputs["logits/\(head.name)", default: []] += logits
        shapes["logits/\(head.name)"] = [head.classes]
      }
    }
    return Verification(
      runtime: "perch-runner", tolerance: 1e-4, windowNames: names, windowSamples: ProbeWindows.samples,
      input: windows.flatMap { $0 },
      outputs: outputs.keys.sorted().map {
        Verification.Output(name: $0, shape: shapes[$0] ?? [], values: outputs[$0] ?? [])
      })
  }
}
