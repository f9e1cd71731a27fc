import PerchCore
import PerchWeights
import SystemPackage

/// The folder of a SavedModel that google-research/perch exported: variables by number, labels in `assets`.
final class SavedModelSource: ReleasedSource {
  let path: FilePath
  let family: PerchFamily
  let settings: ModelSettings
  let candidates: [ModelSettings]
  let warnings: [ExportWarning]
  let findings: [String]
  let hasFoldedNorms = false
  private let checkpoint: Checkpoint
  private let mapping: [String: Place]
  private let names: [String: [String]]

  private struct Place {
    let key: String
    let isTransposed: Bool
  }

  init(_ folder: FilePath) throws(ExportFault) {
    let checkpoint = try Checkpoint(folder.appending("variables"))
    let numbered = try NumberedVariables(checkpoint)
    let family = try Self.family(numbered, folder)
    var warnings: [ExportWarning] = []
    for key in checkpoint.variables.keys.sorted()
    where !numbered.keys.contains(key) && key != ObjectGraph.key {
      warnings.append(ExportWarning(.ignoredKey, "\(key) is no variable of the model and is left out"))
    }
    let labels = try Self.labels(folder.appending("assets"), family)
    for head in family.headNames { warnings += labels[head]?.warnings ?? [] }
    let order = try Self.heads(numbered, checkpoint, family, labels)
    let provenance = try Self.provenance(folder, checkpoint, family)
    var settings = family.settings(
      heads: order.map { ($0, labels[$0]?.names.count ?? 0) }, provenance: provenance.record)
    let rows = VariableOrder.rows(settings, family)
    let byName = try Self.namedPlaces(rows, checkpoint)
    var mapping: [String: Place] = [:]
    for (index, row) in rows.enumerated() {
      mapping[row.dataset] = Place(key: byName?[row.path] ?? numbered.keys[index], isTransposed: row.isTransposed)
    }
    // Heads are numbered as in the source, and come out in the order of the model's outputs.
    for index in settings.heads.indices {
      settings.heads[index].order = family.headNames.firstIndex(of: settings.heads[index].name) ?? index
    }
    settings.heads.sort { $0.order < $1.order }
    for entry in settings.tensors { try Self.check(checkpoint, mapping[entry.path], entry) }
    let graph = ByteRange(try ByteSource(file: folder.appending("saved_model.pb"), missing: .unreadable))
    let evidence = try GraphEvidence(graph)
    (path, self.family, self.checkpoint, self.mapping) = (folder, family, checkpoint, mapping)
    (self.warnings, names) = (warnings, labels.mapValues(\.names))
    candidates = family == .v2 ? [settings] : FrontendCandidates.settings(settings, evidence)
    self.settings = candidates.first ?? settings
    findings =
      provenance.findings + [
        "\(numbered.keys.count) variables \(numbered.prefix)/0 to \(numbered.keys.count - 1)",
        byName == nil
          ? "order of the variables: by number (the file has no names that prove it)"
          : "order of the variables: proved by the names in the object graph",
      ]
  }

  func sourceName(_ path: String) -> String { mapping[path]?.key ?? path }

  func labels(_ head: String) -> [String] { names[head] ?? [] }

  func values(_ entry: TensorEntry) throws(ExportFault) -> [Float]? {
    guard let place = mapping[entry.path] else { return nil }
    let values = try checkpoint.floats(place.key)
    return place.isTransposed
      ? Transposition.lastTwo(values, outer: entry.shape[0], rows: entry.shape[2], columns: entry.shape[1]) : values
  }

  // MARK: Checks

  private static func labels(
    _ folder: FilePath, _ family: PerchFamily
  ) throws(ExportFault) -> [String: LabelFile] {
    var labels: [String: LabelFile] = [:]
    for head in family.headNames {
      let (name, header) = family.labelFile(head)
      labels[head] = try LabelFile(folder.appending(name), header: header, isReleasedStyle: family == .v2)
    }
    return labels
  }

  private static func family(
    _ numbered: NumberedVariables, _ folder: FilePath
  ) throws(ExportFault) -> PerchFamily {
    let counts = PerchFamily.allCases.map { family in
      (
        family,
        VariableOrder.rows(family.settings(heads: family.headNames.map { ($0, 1) }, provenance: .unknown), family)
          .count
      )
    }
    if let found = counts.first(where: { $0.1 == numbered.keys.count }) { return found.0 }
    let known = counts.map { "\($0.1) (\($0.0.rawValue))" }.joined(separator: " or ")
    throw ExportFault(.variableCount, "it has \(numbered.keys.count) variables, not \(known)")
  }

  /// Heads in the order of their numbers. perch_8's dense layers are told apart by their classes.
  private static func heads(
    _ numbered: NumberedVariables, _ checkpoint: Checkpoint, _ family: PerchFamily, _ labels: [String: LabelFile]
  ) throws(ExportFault) -> [String] {
    guard family == .v8 else { return family.headNames }
    let rows = VariableOrder.rows(
      family.settings(heads: family.headNames.map { ($0, 1) }, provenance: .unknown), family)
    var order: [String] = []
    for (index, usual) in family.headNames.enumerated() {
      let row = rows.firstIndex { $0.path == "params/Dense_\(index)/bias" }
      let shape = row.flatMap { checkpoint.variables[numbered.keys[$0]]?.shape } ?? []
      let fitting = family.headNames.filter { shape == [labels[$0]?.names.count ?? 0] && !order.contains($0) }
      order.append(fitting.count == 1 || !fitting.contains(usual) ? fitting.first ?? usual : usual)
    }
    // Counts that fit nothing are refused with the usual names.
    return Set(order).count == order.count ? order : family.headNames
  }

  private static func check(
    _ checkpoint: Checkpoint, _ place: Place?, _ entry: TensorEntry
  ) throws(ExportFault) {
    guard let place, let variable = checkpoint.variables[place.key] else { return }
    let what = "\(place.key) (for \(entry.path))"
    guard variable.type == Checkpoint.float32 else {
      throw ExportFault(.dtype, "\(what) is not float32")
    }
    guard !variable.isPartitioned else { throw ExportFault(.unsupported, "\(what) is stored in parts") }
    var shape = entry.shape
    if place.isTransposed { shape.swapAt(1, 2) }
    if variable.shape != shape {
      let axis = entry.role == .dense && entry.path.hasPrefix("heads/") ? 1 : 0
      let isHead = entry.path.hasPrefix("heads/") && variable.shape.count == shape.count
      var other = variable.shape
      if isHead { other[axis] = shape[axis] }
      guard isHead, other == shape else {
        throw ExportFault(.shape, "\(what) has shape \(variable.shape), not \(shape)")
      }
      throw ExportFault(
        .classCount, "\(what) has \(variable.shape[axis]) classes, but there are \(shape[axis]) labels")
    }
    guard Checkpoint.count(shape).map({ 4 * $0 == variable.size }) == true else {
      throw ExportFault(.shape, "\(what) has \(variable.size) bytes for shape \(shape)")
    }
  }

  /// Variables by the path that the exporting program gave them, where it gave one to each.
  private static func namedPlaces(
    _ rows: [VariableOrder.Row], _ checkpoint: Checkpoint
  ) throws(ExportFault) -> [String: String]? {
    guard let text = try checkpoint.text(ObjectGraph.key) else { return nil }
    let paths = try ObjectGraph(text).paths(below: "_structured_variables")
    let isComplete = rows.allSatisfy { row in paths[row.path].map { checkpoint.variables[$0] != nil } ?? false }
    return isComplete && Set(paths.values).count == paths.count ? paths : nil
  }

  private static func provenance(
    _ folder: FilePath, _ checkpoint: Checkpoint, _ family: PerchFamily
  ) throws(ExportFault) -> (record: WeightProvenance, findings: [String]) {
    var digests: [String] = []
    for file in Checkpoint.dataFiles(folder.appending("variables"), count: checkpoint.shardCount) {
      do { digests.append(try Digest.sha256(file: file)) } catch {
        throw ExportFault(.unreadable, "\(file.lastComponent?.string ?? "") cannot be read (\(error))")
      }
    }
    let digest = digests.joined(separator: ",")
    return ReleasedFile.provenance(digest, of: "\(family.rawValue) SavedModel", what: "variables")
  }
}

/// The variables named PREFIX/N/.ATTRIBUTES/VARIABLE_VALUE, by N.
struct NumberedVariables {
  let prefix: String
  let keys: [String]

  private static let suffix = "/.ATTRIBUTES/VARIABLE_VALUE"

  init(_ checkpoint: Checkpoint) throws(ExportFault) {
    var byNumber: [Int: String] = [:]
    var prefixes: Set<String> = []
    for key in checkpoint.variables.keys where key.hasSuffix(Self.suffix) {
      let parts = key.dropLast(Self.suffix.count).split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let number = Int(parts[1]), String(number) == parts[1], number >= 0 else { continue }
      prefixes.insert(String(parts[0]))
      byNumber[number] = key
    }
    guard prefixes.count == 1, let prefix = prefixes.first else {
      let found = checkpoint.variables.keys.sorted().prefix(3).joined(separator: ", ")
      throw ExportFault(.numbering, "its variables are not numbered (the first are \(found))")
    }
    if let gap = (0..<byNumber.count).first(where: { byNumber[$0] == nil }) {
      throw ExportFault(.numbering, "variable \(prefix)/\(gap) is missing")
    }
    self.prefix = prefix
    keys = (0..<byNumber.count).compactMap { byNumber[$0] }
  }
}

/// Rearrangements of matrices in tiles, so that both sides stay in the cache.
enum Transposition {
  /// `[outer, rows, columns]` → `[outer, columns, rows]`.
  static func lastTwo(_ values: [Float], outer: Int, rows: Int, columns: Int) -> [Float] {
    var result = [Float](repeating: 0, count: values.count)
    let tile = 32
    for matrix in 0..<outer {
      let start = matrix * rows * columns
      for top in stride(from: 0, to: rows, by: tile) {
        for left in stride(from: 0, to: columns, by: tile) {
          for row in top..<min(rows, top + tile) {
            for column in left..<min(columns, left + tile) {
              result[start + column * rows + row] = values[start + row * columns + column]
            }
          }
        }
      }
    }
    return result
  }
}
