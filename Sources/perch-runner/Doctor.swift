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

  @Option(
    help: ArgumentHelp(
      "A recording whose embeddings by the released model are published: "
        + "\(PublishedEmbeddings.recordings.joined(separator: " or ")).",
      valueName: "file"))
  var recording: String?

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
    if let recording {
      try prove(recording)
    } else {
      print("not proved: the way from a file to its embeddings, as no published recording is given (--recording)")
    }
    let workers = AllowedCores().count
    let rate = await doctor.windowsPerSecond(workers: workers)
    // A window is 5 s of sound.
    let tenths = Double(Int(rate * 10)) / 10
    print("speed: \(tenths) windows per second on \(workers) cores, \(Int(rate * 5 * 24)) hours of sound a day")
    print("no fault found")
  }

  /// From the file to the vectors, which only trained weights can pass.
  private func prove(_ recording: String) throws {
    var options = GenerateOptions()
    options.model = models.model
    options.weights = models.weights
    let finding = try RecordingProof.run(recording, options: options) { _ in }
    print("\(finding.passes ? "right" : "WRONG"): embeddings of the recording (\(finding.text))")
    if finding.passes { return }
    throw RunnerError(
      recording, "its embeddings are not those published",
      remedy: "check that it is the published recording and that the weights are the trained ones", exit: .weights)
  }
}
