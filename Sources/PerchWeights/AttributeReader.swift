/// Reads the attributes of one group and refuses what is missing, of the wrong kind or out of range.
struct AttributeReader {
  let file: HDF5File
  /// Path of the group; `/` for the file itself.
  let group: String

  private func label(_ name: String) -> String { group == "/" ? "attribute \(name)" : "attribute \(group)/\(name)" }

  func optional(_ name: String) throws(WeightFault) -> HDF5Value? {
    try WeightFault.reading { () throws(HDF5Error) in try file.attribute(name, of: group) }
  }

  private func required(_ name: String) throws(WeightFault) -> HDF5Value {
    guard let value = try optional(name) else { throw WeightFault("\(label(name)) is missing") }
    return value
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(WeightFault) -> Int {
    guard let value = try required(name).integer else { throw WeightFault("\(label(name)) is not an integer") }
    guard range.contains(value) else {
      throw WeightFault("\(label(name)) is \(value), not in \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// 0 or 1.
  func flag(_ name: String) throws(WeightFault) -> Bool { try integer(name, in: 0...1) == 1 }

  /// A real number for which `accept` holds; `rule` says in words what that is.
  func real(_ name: String, _ rule: String, _ accept: (Double) -> Bool) throws(WeightFault) -> Double {
    guard let value = try required(name).real else { throw WeightFault("\(label(name)) is not a number") }
    guard value.isFinite, accept(value) else { throw WeightFault("\(label(name)) is \(value), not \(rule)") }
    return value
  }

  func positive(_ name: String) throws(WeightFault) -> Double { try real(name, "above 0") { $0 > 0 } }
  func notNegative(_ name: String) throws(WeightFault) -> Double { try real(name, "0 or above") { $0 >= 0 } }
  func finite(_ name: String) throws(WeightFault) -> Double { try real(name, "finite") { _ in true } }

  func text(_ name: String) throws(WeightFault) -> String {
    guard let value = try required(name).text else { throw WeightFault("\(label(name)) is not text") }
    return value
  }

  /// One of an enum's texts; `absent` stands for a missing attribute where given.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, absent: Choice? = nil
  ) throws(WeightFault) -> Choice where Choice.RawValue == String {
    if let absent, try optional(name) == nil { return absent }
    let text = try text(name)
    guard let choice = Choice(rawValue: text) else {
      let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw WeightFault("\(label(name)) is \"\(text)\", not one of \(allowed)")
    }
    return choice
  }
}
