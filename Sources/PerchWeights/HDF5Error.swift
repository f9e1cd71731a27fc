import SystemPackage

/// Why an HDF5 file, or one thing in it, cannot be read or written. Paths are those inside the file.
package enum HDF5Error: Error, Equatable, Sendable {
  case cannotOpen(Errno)
  /// A folder, pipe or device.
  case notAFile
  case notHDF5
  /// The file's own header promises more bytes than there are.
  case truncated(bytes: Int, of: Int)
  /// The library refuses the file as a whole.
  case damaged
  case missing(String)
  /// A dataset where a group is needed, text where numbers are needed, and the like.
  case wrongKind(String)
  /// More elements than the file's bytes can hold.
  case tooLarge(String)
  /// Data that were never written, or are in another file.
  case notStored(String)
  case unreadable(String)
  case cannotWrite(String)

  /// The cause as one clause of an error line.
  package var cause: String {
    switch self {
    case .cannotOpen(.noSuchFileOrDirectory): "no such file"
    case .cannotOpen(let number): "cannot be opened (\(number))"
    case .notAFile: "is not a file"
    case .notHDF5: "is not an HDF5 file"
    case .truncated(let bytes, let expected): "ends after \(bytes) of \(expected) bytes (truncated copy)"
    case .damaged: "is damaged: HDF5 cannot open it"
    case .missing(let path): "\(path) is missing"
    case .wrongKind(let path): "\(path) is not of the expected kind"
    case .tooLarge(let path): "\(path) claims more values than the file can hold"
    case .notStored(let path): "\(path) holds no data"
    case .unreadable(let path): "\(path) is damaged and cannot be read"
    case .cannotWrite(let path): "\(path) cannot be written"
    }
  }
}

/// The value of an HDF5 attribute: one element where it is a scalar.
package enum HDF5Value: Equatable, Sendable {
  case integers([Int])
  case reals([Double])
  case texts([String])

  package static func integer(_ value: Int) -> HDF5Value { .integers([value]) }
  package static func real(_ value: Double) -> HDF5Value { .reals([value]) }
  package static func text(_ value: String) -> HDF5Value { .texts([value]) }

  /// The only element as an integer, or nil; a real number counts when it is whole.
  package var integer: Int? {
    switch self {
    case .integers(let values): values.count == 1 ? values[0] : nil
    case .reals(let values): values.count == 1 ? Int(exactly: values[0]) : nil
    case .texts: nil
    }
  }

  /// The only element as a real number, or nil.
  package var real: Double? { reals.flatMap { $0.count == 1 ? $0[0] : nil } }

  /// All elements as real numbers, or nil for text.
  package var reals: [Double]? {
    switch self {
    case .integers(let values): values.map(Double.init)
    case .reals(let values): values
    case .texts: nil
    }
  }

  /// The only element as text, or nil.
  package var text: String? {
    if case .texts(let values) = self, values.count == 1 { values[0] } else { nil }
  }
}

/// How an HDF5 dataset stores its elements. Byte order does not matter to a reader.
package enum HDF5Storage: Sendable { case float16, float32, float64, integer, text, other }
