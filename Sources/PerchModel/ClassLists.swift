import CClassLists
import PerchCore

/// The names of the classes that the released models score, in the order of their logits. Carried inside the
/// program, taken apart when somebody asks.
package enum ClassList: String, Sendable, CaseIterable {
  case perch8 = "perch_8"
  case perchV2 = "perch_v2"

  package var count: Int {
    switch self {
    case .perch8: 10_932
    case .perchV2: 14_795
    }
  }

  /// One name for each class. Those of perch_8 are not all different.
  package var labels: [String] {
    switch self {
    case .perch8: return Self.lines(of: bytes)
    case .perchV2: return Array(Self.lines(of: bytes).dropFirst())  // after the title
    }
  }

  /// The file, as it was released.
  package var bytes: [UInt8] {
    switch self {
    case .perch8:
      unsafe Array(UnsafeRawBufferPointer(start: perch_8_list(), count: perch_8_list_size()))
    case .perchV2:
      unsafe Array(UnsafeRawBufferPointer(start: perch_v2_list(), count: perch_v2_list_size()))
    }
  }

  private static func lines(of bytes: [UInt8]) -> [String] {
    bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The names of a head's classes: those of the released model with just as many classes, whose weights files
  /// hold codes and whose seeded ones hold placeholders; else what the weights say.
  package static func labels(
    count: Int, else given: () throws(RunnerError) -> [String]
  ) throws(RunnerError) -> [String] {
    guard let known = allCases.first(where: { $0.count == count }) else { return try given() }
    return known.labels
  }
}
