import ArgumentParser
import FoundationEssentials
import Logging
import PerchCore
import PerchPipeline

struct Analyze: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the tables of perch-runner's Python version: embeddings, recognizers' results, classes.",
    usage: "perch-runner analyze [<options>]",
    discussion: """
      Reads the recordings of --source and writes merged tables below --output: embeddings.parquet with --embed, \
      recognizer_results.csv with --recognizers, classify_results.csv with --classify. Windows, rounding and \
      scores follow perch-hoplite (--compat reference). Every option may stand in the configuration file by the \
      same name; the command line wins.
      """)

  @Option(
    name: .customLong("config_file"),
    help: ArgumentHelp("Configuration in YAML or JSON (default: /mnt/config/config.yml).", valueName: "file"))
  var configFile: String?

  @OptionGroup var paths: AnalyzePaths
  @OptionGroup(title: "Embeddings") var embeddings: AnalyzeEmbeddings
  @OptionGroup(title: "Recognizers") var recognizers: AnalyzeRecognizers
  @OptionGroup(title: "Classes of the model") var classes: AnalyzeClasses
  @OptionGroup(title: "Sources") var sources: AnalyzeSources
  @OptionGroup(title: "Model and work") var work: AnalyzeWork
  @OptionGroup(title: "Messages") var messages: AnalyzeMessages

  func run() async throws {
    let file = try configFile ?? AnalyzeConfiguration.find()
    let configuration = try file.map { path throws(RunnerError) in try AnalyzeConfiguration(reading: path) }
    let options = GivenOptions(commandLine: commandLine, configuration: configuration)
    let observer = try messages.observer(AnalyzeSettings.Messages(options))
    try await AnalyzeRun(AnalyzeSettings(options), observer: observer).run()
  }

  /// What was typed, by option.
  private var commandLine: [AnalyzeOption: String] {
    [paths.texts, embeddings.texts, recognizers.texts, classes.texts, sources.texts, work.texts, messages.texts]
      .reduce(into: [:]) { $0.merge($1.compactMapValues(\.self)) { $1 } }
  }
}

/// Prints what `analyze` does where nobody says anything else.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Prints the options of 'analyze' with their defaults, as JSON.")

  func run() { print(AnalyzeOption.defaults) }
}

struct AnalyzePaths: ParsableArguments {
  @Option(help: ArgumentHelp("Recording, or folder of recordings (default: /mnt/input).", valueName: "path"))
  var source: String?

  @Option(help: ArgumentHelp("Existing folder for the tables (default: /mnt/output).", valueName: "folder"))
  var output: String?

  @Option(
    name: .customLong("file_glob"),
    help: ArgumentHelp(
      "Which files of a folder, as in '*/*.wav' (default: all recordings that are least deep).",
      valueName: "pattern"))
  var fileGlob: String?

  @Option(
    name: .customLong("output_path_type"),
    help: ArgumentHelp("Paths of all tables: flat, nested, flat_filestem or nested_filestem.", valueName: "type"))
  var pathType: String?

  var texts: [AnalyzeOption: String?] {
    [.source: source, .output: output, .fileGlob: fileGlob, .pathType: pathType]
  }
}

struct AnalyzeEmbeddings: ParsableArguments {
  @Option(defaultAsFlag: "true", help: ArgumentHelp("Write embeddings.", valueName: "true|false"))
  var embed: String?

  @Option(
    name: .customLong("embeddings_table_format"),
    help: ArgumentHelp("serialized or columns (default: serialized).", valueName: "format"))
  var format: String?

  @Option(
    name: .customLong("embeddings_table_filetype"),
    help: ArgumentHelp("parquet or csv (default: parquet).", valueName: "type"))
  var filetype: String?

  @Option(
    name: .customLong("embeddings_output_path_template"),
    help: ArgumentHelp("Path of a table, with {parents}, {filestem} ….", valueName: "template"))
  var template: String?

  @Option(
    name: .customLong("embeddings_output_path_type"),
    help: ArgumentHelp("A template by its name (default: that of --output_path_type).", valueName: "type"))
  var pathType: String?

  var texts: [AnalyzeOption: String?] {
    [
      .embed: embed, .embeddingsTableFormat: format, .embeddingsTableFiletype: filetype,
      .embeddingsPathTemplate: template, .embeddingsPathType: pathType,
    ]
  }
}

struct AnalyzeRecognizers: ParsableArguments {
  @Option(help: ArgumentHelp("Recognizer files, several with commas between them.", valueName: "files"))
  var recognizers: String?

  @Option(
    name: .customLong("recognizer_results_filetype"),
    help: ArgumentHelp("csv or parquet (default: csv).", valueName: "type"))
  var filetype: String?

  @Option(
    name: .customLong("recognizer_output_path_template"),
    help: ArgumentHelp("Path of a table, with {classifier_name}, {parents} ….", valueName: "template"))
  var template: String?

  @Option(
    name: .customLong("recognizer_output_path_type"),
    help: ArgumentHelp("A template by its name (default: that of --output_path_type).", valueName: "type"))
  var pathType: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Least score that is kept, or none (default: what each recognizer says).", valueName: "number|none"))
  var threshold: String?

  var texts: [AnalyzeOption: String?] {
    [
      .recognizers: recognizers, .recognizerFiletype: filetype, .recognizerPathTemplate: template,
      .recognizerPathType: pathType, .threshold: threshold,
    ]
  }
}

struct AnalyzeClasses: ParsableArguments {
  @Option(defaultAsFlag: "true", help: ArgumentHelp("Write the best classes of windows.", valueName: "true|false"))
  var classify: String?

  @Option(
    name: .customLong("classify_filetype"), help: ArgumentHelp("csv or parquet (default: csv).", valueName: "type"))
  var filetype: String?

  @Option(
    name: .customLong("perch_species_list"),
    help: ArgumentHelp("Only these: names with commas, or a text file (default: all).", valueName: "list"))
  var species: String?

  @Option(
    name: .customLong("perch_max_detections_per_window"),
    help: ArgumentHelp("So many of the best classes of each window (default: 10).", valueName: "n"))
  var most: String?

  @Option(
    name: .customLong("classify_require_species_list"), defaultAsFlag: "true",
    help: ArgumentHelp("Refuse to score all classes.", valueName: "true|false"))
  var requiresList: String?

  @Option(name: .customLong("classify_species_list"), help: "Accepted, without effect.")
  var unusedList: String?

  @Option(
    name: .customLong("classify_output_path_template"),
    help: ArgumentHelp("Path of a table, with {parents}, {filestem} ….", valueName: "template"))
  var template: String?

  @Option(
    name: .customLong("classify_output_path_type"),
    help: ArgumentHelp("A template by its name (default: that of --output_path_type).", valueName: "type"))
  var pathType: String?

  @Option(
    name: .customLong("logit_threshold"), parsing: .unconditional,
    help: ArgumentHelp("Least score that is kept, or none (default: 0.0).", valueName: "number|none"))
  var floor: String?

  @Option(
    name: [.customLong("logit_transform"), .customLong("logit-transform")], parsing: .unconditional,
    help: ArgumentHelp(
      "From logits to scores: model, none, or two numbers as in 0.97,-10 (default: model).", valueName: "transform")
  )
  var transform: String?

  var texts: [AnalyzeOption: String?] {
    [
      .classify: classify, .classifyFiletype: filetype, .perchSpeciesList: species, .perchMaxDetections: most,
      .classifyRequiresList: requiresList, .classifySpeciesList: unusedList, .classifyPathTemplate: template,
      .classifyPathType: pathType, .logitThreshold: floor, .logitTransform: transform,
    ]
  }
}

struct AnalyzeSources: ParsableArguments {
  @Option(
    name: .customLong("sourcemap_name"),
    help: ArgumentHelp("baw_original, ecosounds_original or a2o_original.", valueName: "name"))
  var mapName: String?

  @Option(
    name: .customLong("sourcemap_template"),
    help: ArgumentHelp("What the column source holds, with {words} about the recording.", valueName: "template"))
  var template: String?

  @Option(
    name: .customLong("file_metadata"),
    help: ArgumentHelp("Words about all recordings, as a JSON object.", valueName: "json"))
  var metadata: String?

  @Option(
    name: .customLong("file_metadata_pattern"), parsing: .unconditional,
    help: ArgumentHelp(
      "Words in file names: canonical_filename, or a regular expression with named groups.", valueName: "pattern"))
  var pattern: String?

  var texts: [AnalyzeOption: String?] {
    [
      .sourcemapName: mapName, .sourcemapTemplate: template, .fileMetadata: metadata,
      .fileMetadataPattern: pattern,
    ]
  }
}

struct AnalyzeWork: ParsableArguments {
  @Option(
    name: .customLong("model_choice"),
    help: ArgumentHelp("perch_v2 or perch_8 (default: what recognizers need, else perch_v2).", valueName: "model"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Weights: a file, a folder of them, or seeded:MODEL for a trial (default: PERCH_RUNNER_WEIGHTS).",
      valueName: "weights"))
  var weights: String?

  @Option(help: ArgumentHelp("reference, or none for windows without its faults.", valueName: "compat"))
  var compat: String?

  @Option(
    help: ArgumentHelp("float16 or float32 (default: float16 with --compat reference).", valueName: "precision"))
  var precision: String?

  @Option(
    help: ArgumentHelp(
      "Where the provenance goes: header, sidecar or none (default: header in Parquet, none in CSV).",
      valueName: "place"))
  var metadata: String?

  @Option(
    name: [.long, .customLong("jobs")], parsing: .unconditional,
    help: ArgumentHelp("Threads, or auto for the cores allowed (default: auto).", valueName: "n"))
  var workers: String?

  @Option(name: .customLong("save_db"), defaultAsFlag: "true", help: "Not supported.")
  var saveDatabase: String?

  @Option(name: .customLong("db_path"), help: "Accepted, without effect.")
  var databasePath: String?

  @Option(name: .customLong("dataset_name"), help: "Accepted, without effect.")
  var datasetName: String?

  var texts: [AnalyzeOption: String?] {
    [
      .modelChoice: model, .weights: weights, .compat: compat, .precision: precision, .metadata: metadata,
      .workers: workers, .saveDatabase: saveDatabase, .databasePath: databasePath, .datasetName: datasetName,
    ]
  }
}
