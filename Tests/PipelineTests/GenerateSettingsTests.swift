import PerchAudio
import PerchCore
import PerchPipeline
import PerchTables
import Testing

@Suite struct GenerateSettingsTests {
  @Test func defaults() throws {
    let settings = try GenerateSettings(GenerateOptions())
    #expect(settings.format == .parquet)
    #expect(settings.layout == .list)
    #expect(settings.metadata == .header)
    #expect(settings.model == nil)
    #expect(settings.weights == nil)
    #expect(settings.hop.seconds == 5)
    #expect(settings.tail == .pad)
    #expect(settings.compat == .none)
    #expect(settings.channel == .first)
    #expect(settings.precision == .float32)
    #expect(settings.normalization == .hoplite)
    #expect(!settings.strict)
    #expect(settings.jobs == AllowedCores().count)
    #expect(settings.notes == [])
  }

  @Test func theCommandLineWins() throws {
    let configuration = try Configuration.parse(
      "hop_length_seconds: 2.5\nembedding_model: perch_8", file: "c.yml")
    var options = GenerateOptions()
    let fromFile = try GenerateSettings(options, configuration: configuration)
    #expect(fromFile.hop.seconds == 2.5)
    #expect(fromFile.model == .perch8)
    options.hop = 1
    options.model = .perchV2
    let fromLine = try GenerateSettings(options, configuration: configuration)
    #expect(fromLine.hop.seconds == 1)
    #expect(fromLine.model == .perchV2)
  }

  @Test func theReferenceDropsTailsAndRounds() throws {
    var options = GenerateOptions()
    options.compat = .reference
    let settings = try GenerateSettings(options)
    #expect(settings.tail == .drop)
    #expect(settings.precision == .float16)
    options.precision = .float32
    #expect(try GenerateSettings(options).precision == .float32)
    options.tail = .pad
    #expect(throws: RunnerError.self) { try GenerateSettings(options) }
  }

  @Test func gapsAreToldOnce() throws {
    var options = GenerateOptions()
    options.hop = 5.5
    #expect(
      try GenerateSettings(options).notes == [
        Note(.warning, "hop", "5.5 s is longer than a window of 5 s: the sound between windows is not looked at")
      ])
  }

  /// Values of IEEE 754: halfway cases go to the even neighbour; 65520 is halfway to the first that
  /// a 16-bit float cannot hold.
  @Test(arguments: [
    (1, 1), (1 + 0x1p-11, 1), (1 + 0x3p-11, 1 + 0x2p-10), (1 + 0x1.8p-11, 1 + 0x1p-10), (65504, 65504),
    (65519, 65504), (65520, .infinity), (0x1p-24, 0x1p-24), (0x1p-25, 0), (0x1.8p-25, 0x1p-24), (-0.1, -0x1.998p-4),
  ] as [(Float, Float)])
  func float16RoundsToNearestEven(value: Float, rounded: Float) {
    var values = [value]
    Precision.float16.round(&values)
    #expect(values == [rounded])
    values = [value]
    Precision.float32.round(&values)
    #expect(values == [value])
  }
}
