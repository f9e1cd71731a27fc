import ArgumentParser
import FoundationEssentials
import PerchCore
import PerchExport
import PerchPipeline
import PerchWeights

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Proves the installation: kernels, weights, known answers, speed; says what it could not prove.")

  @OptionGroup(title: "Model") var models: ModelOptions

  func run() async throws {
    let locator = WeightLocator(
      option: models.weights, environment: ProcessInfo.processInfo.environment[WeightLocator.variable])
    let weights = try locator.open(model: models.model?.rawValue)
    let doctor = try Doctor(weights)
    print("perch-runner \(programVersion)")
    for line in doctor.lines { print(line.printable) }
    if let failure = doctor.failure {
      throw RunnerError(
        models.weights ?? weights.settings.name, failure,
        remedy: "make the weights file again, or report it if the weights are right", exit: .weights)
    }
    let workers = AllowedCores().count
    let rate = await doctor.windowsPerSecond(workers: workers)
    // A window is 5 s of sound.
    let tenths = Double(Int(rate * 10)) / 10
    print("speed: \(tenths) windows per second on \(workers) cores, \(Int(rate * 5 * 24)) hours of sound a day")
    print("no fault found")
  }
}
