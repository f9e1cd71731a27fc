import Foundation
import TestSupport

extension Python {
  static let hasH5py = has("h5py", "numpy")

  struct Failure: Error { let text: String }

  /// What a script given as text prints; it gets `arguments` as `sys.argv[1:]`.
  @discardableResult
  static func run(_ script: String, _ arguments: [String] = []) throws -> String {
    try succeeding(["-c", script] + arguments)
  }

  @discardableResult
  static func run(file: URL, _ arguments: [String]) throws -> String { try succeeding([file.path] + arguments) }

  private static func succeeding(_ arguments: [String]) throws -> String {
    let result = try run(arguments)
    guard result.status == 0 else { throw Failure(text: result.output) }
    return result.output
  }
}
