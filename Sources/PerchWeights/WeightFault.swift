import PerchCore
import SystemPackage

/// What is wrong with a weights file, before the file's name is known.
struct WeightFault: Error, Equatable {
  enum Remedy: Equatable {
    case checkPath, copyAgain, exportAgain, updateProgram
  }

  let cause: String
  let remedy: Remedy

  init(_ cause: String, _ remedy: Remedy = .exportAgain) {
    self.cause = cause
    self.remedy = remedy
  }

  init(_ error: HDF5Error) {
    cause = error.cause
    switch error {
    case .cannotOpen, .notAFile, .notHDF5: remedy = .checkPath
    case .truncated, .damaged, .unreadable, .tooLarge: remedy = .copyAgain
    case .missing, .wrongKind, .notStored, .cannotWrite: remedy = .exportAgain
    }
  }

  /// The fault as the program reports it.
  func error(in file: FilePath) -> RunnerError {
    let text =
      switch remedy {
      case .checkPath: "name a weights file (.h5) or use --weights seeded:perch_v2 for a trial"
      case .copyAgain: "copy the file again, or make it again from the released model"
      case .exportAgain: "make the file again from the released model"
      case .updateProgram: "update perch-runner"
      }
    return RunnerError(file.string, cause, remedy: text, exit: .weights)
  }

  /// Runs `body`, giving HDF5's errors a remedy.
  static func reading<T>(_ body: () throws(HDF5Error) -> T) throws(WeightFault) -> T {
    do { return try body() } catch { throw WeightFault(error) }
  }

  /// Runs `body` on behalf of `file`.
  static func reporting<T>(_ file: FilePath, _ body: () throws(WeightFault) -> T) throws(RunnerError) -> T {
    do { return try body() } catch { throw error.error(in: file) }
  }
}
