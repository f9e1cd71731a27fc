/// An option of `analyze`, by the name that it has on the command line and in configuration files. The first ones
/// are those of perch-runner's Python version, in its order; the rest are ours.
package enum AnalyzeOption: String, CaseIterable, Sendable {
  case source
  case output
  case modelChoice = "model_choice"
  case saveDatabase = "save_db"
  case fileGlob = "file_glob"
  case datasetName = "dataset_name"
  case workers
  case databasePath = "db_path"
  case sourcemapName = "sourcemap_name"
  case fileMetadata = "file_metadata"
  case sourcemapTemplate = "sourcemap_template"
  case fileMetadataPattern = "file_metadata_pattern"
  case embed
  case embeddingsTableFormat = "embeddings_table_format"
  case embeddingsTableFiletype = "embeddings_table_filetype"
  case embeddingsPathTemplate = "embeddings_output_path_template"
  case embeddingsPathType = "embeddings_output_path_type"
  case recognizers
  case recognizerPathTemplate = "recognizer_output_path_template"
  case recognizerPathType = "recognizer_output_path_type"
  case recognizerFiletype = "recognizer_results_filetype"
  case classify
  case classifyFiletype = "classify_filetype"
  case classifySpeciesList = "classify_species_list"
  case perchSpeciesList = "perch_species_list"
  case perchMaxDetections = "perch_max_detections_per_window"
  case classifyRequiresList = "classify_require_species_list"
  case classifyPathTemplate = "classify_output_path_template"
  case classifyPathType = "classify_output_path_type"
  case pathType = "output_path_type"
  case logLevel = "log_level"
  case hopliteLogLevel = "hoplite_log_level"
  case tensorflowLogLevel = "tf_log_level"
  case logFile = "log_file"

  case weights
  case compat
  case precision
  case metadata
  case threshold
  case logitThreshold = "logit_threshold"
  case logitTransform = "logit_transform"

  /// Those that ask for embeddings when `embed` says nothing.
  static let ofEmbeddings: [AnalyzeOption] = [
    .embeddingsTableFormat, .embeddingsTableFiletype, .embeddingsPathTemplate, .embeddingsPathType,
  ]
  /// Those that mean nothing without recognizers.
  static let ofRecognizers: [AnalyzeOption] = [
    .recognizerPathTemplate, .recognizerPathType, .recognizerFiletype, .threshold,
  ]
  /// Those that ask for the model's classes when `classify` says nothing.
  static let ofClasses: [AnalyzeOption] = [
    .classifyFiletype, .classifySpeciesList, .perchSpeciesList, .perchMaxDetections, .classifyPathTemplate,
    .classifyPathType, .classifyRequiresList,
  ]

  /// What holds where nobody says anything.
  var usual: JSONDocument {
    switch self {
    case .source: .text("/mnt/input")
    case .output: .text("/mnt/output")
    case .modelChoice: .text(ModelName.perchV2.rawValue)
    case .saveDatabase, .fileGlob, .embed, .classify, .classifyRequiresList: .bool(false)
    case .datasetName: .text("search_set")
    case .workers: .text("auto")
    case .databasePath: .text("db")
    case .fileMetadata: .object([])
    case .embeddingsTableFormat: .text("serialized")
    case .embeddingsTableFiletype: .text("parquet")
    case .recognizerFiletype, .classifyFiletype: .text("csv")
    case .perchMaxDetections: .integer(10)
    case .logLevel: .text("INFO")
    case .hopliteLogLevel, .tensorflowLogLevel: .text("WARNING")
    case .compat: .text("reference")
    case .logitThreshold: .number(0)
    case .logitTransform: .text("model")
    case .sourcemapName, .sourcemapTemplate, .fileMetadataPattern, .embeddingsPathTemplate, .embeddingsPathType,
      .recognizers, .recognizerPathTemplate, .recognizerPathType, .classifySpeciesList, .perchSpeciesList,
      .classifyPathTemplate, .classifyPathType, .pathType, .logFile, .weights, .precision, .metadata, .threshold:
      .null
    }
  }

  /// All options with their defaults, as a JSON object for people. null: not used, or what other options decide.
  package static var defaults: String { JSONDocument.object(allCases.map { ($0.rawValue, $0.usual) }).text() }
}
