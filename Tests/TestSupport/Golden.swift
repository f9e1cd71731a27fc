import PerchWeights
import SystemPackage

/// A file of reference vectors beside the checkout, as in `Golden(file: "golden/perch_8.h5")`.
package struct Golden {
  private let file: HDF5File

  package struct Absent: Error, CustomStringConvertible {
    package let description: String
  }

  package init(file name: String) throws {
    guard let folder = TestFiles.shared else { throw Absent(description: "no reference data") }
    file = try HDF5File(reading: FilePath(folder.appending(path: name).path))
  }

  /// Shape and elements of a dataset in single precision.
  package func floats(_ path: String) throws -> (shape: [Int], values: [Float]) {
    (try file.shape(of: path), try file.floats(path))
  }

  /// Shape and elements of a dataset in double precision.
  package func doubles(_ path: String) throws -> (shape: [Int], values: [Double]) {
    (try file.shape(of: path), try file.doubles(path))
  }

  package func strings(_ path: String) throws -> [String] { try file.texts(path) }

  package func has(_ path: String) -> Bool { file.has(path) }

  /// Names below a group (`/` for the file), in byte order.
  package func groups(under path: String = "/") throws -> [String] { try file.links(in: path) }

  package func double(_ name: String, of path: String) throws -> Double {
    try value(name, of: path) { $0.real }
  }

  package func int(_ name: String, of path: String) throws -> Int { try value(name, of: path) { $0.integer } }

  package func string(_ name: String, of path: String) throws -> String {
    try value(name, of: path) { $0.text }
  }

  package func doubles(_ name: String, of path: String) throws -> [Double] {
    try value(name, of: path) { $0.reals }
  }

  /// Whether a group or dataset has an attribute.
  package func has(attribute name: String, of path: String) throws -> Bool {
    try file.attribute(name, of: path) != nil
  }

  private func value<Value>(_ name: String, of path: String, _ read: (HDF5Value) -> Value?) throws -> Value {
    guard let value = try file.attribute(name, of: path).flatMap(read) else {
      throw Absent(description: "\(path) has no attribute \(name) of the wanted kind")
    }
    return value
  }
}
