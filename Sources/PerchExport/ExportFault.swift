import PerchCore
import SystemPackage

/// Why a released file is not exported. The reason is what tests and scripts compare; the cause is the
/// sentence for people. Nothing is ever guessed: whatever is not exactly as expected ends here.
package struct ExportFault: Error, Equatable, Sendable {
  /// One word for each kind of refusal.
  package enum Reason: String, Sendable, CaseIterable {
    // Containers
    case unreadable, corrupt, truncated, unsupported
    case indexCorrupt = "index_corrupt"
    case shardMissing = "shard_missing"
    case tensorChecksum = "tensor_checksum"
    case externalMissing = "external_missing"
    case externalPath = "external_path"
    // Names, numbers and types of tensors
    case numbering, shape, dtype
    case variableCount = "variable_count"
    case classCount = "class_count"
    case constantMissing = "constant_missing"
    // Labels
    case labelsMissing = "labels_missing"
    case labelsDuplicate = "labels_duplicate"
    case labelsEmpty = "labels_empty"
    case labelsEncoding = "labels_encoding"
    // The graph of an ONNX file
    case opset, inputs, outputs, framing, window, dft, magnitude, mel, log, activation, topology, head
    case convolutionCount = "conv_count"
    case convolutionTable = "conv_table"
    case normIncomplete = "bn_incomplete"
    case normOrder = "bn_order"
    case normSize = "bn_size"
    case normEpsilon = "bn_epsilon"
    case unknownOperator = "unknown_op"
    case meanDivisor = "se_divisor"
    case scopeOrder = "scope_order"
    case prototypeNorm = "prototype_norm"
    case classWeights = "class_weights"
    // Values and outputs
    case nonFinite = "non_finite"
    case negativeVariance = "negative_variance"
    case half
    case probe
  }

  package let reason: Reason
  package let cause: String

  init(_ reason: Reason, _ cause: String) {
    self.reason = reason
    self.cause = cause
  }

  /// The fault as the program reports it: exit code 4.
  package func error(in file: FilePath) -> RunnerError {
    RunnerError(file.string, cause, remedy: remedy, exit: .weights)
  }

  private var remedy: String {
    switch reason {
    case .unreadable: "name the folder of a SavedModel or an .onnx file"
    case .corrupt, .truncated, .indexCorrupt, .shardMissing, .tensorChecksum, .externalMissing, .nonFinite,
      .negativeVariance:
      "download the released model again"
    case .labelsMissing: "put the label file of the model there, or name it with --labels"
    case .labelsDuplicate, .labelsEmpty, .labelsEncoding, .classCount:
      "use the label file that came with the model"
    case .half: "leave --dtype out"
    case .probe: "nothing was written; see tools/verification on how to compare with the source model"
    case .unsupported, .externalPath, .numbering, .shape, .dtype, .variableCount, .constantMissing, .opset,
      .inputs, .outputs, .framing, .window, .dft, .magnitude, .mel, .log, .activation, .topology, .head,
      .convolutionCount, .convolutionTable, .normIncomplete, .normOrder, .normSize, .normEpsilon,
      .unknownOperator, .meanDivisor, .scopeOrder, .prototypeNorm, .classWeights:
      "this is no released Perch model that the program knows, so nothing was written"
    }
  }
}

/// Something unusual that does not stop an export.
package struct ExportWarning: Equatable, Sendable {
  package enum Reason: String, Sendable, CaseIterable {
    case ignoredKey = "ignored_key"
    case lineEnds = "line_ends"
    case labelsHeader = "labels_header"
    case labelsOrder = "labels_order"
    case scaleSigns = "scale_signs"
  }

  package let reason: Reason
  package let text: String

  init(_ reason: Reason, _ text: String) {
    self.reason = reason
    self.text = text
  }
}
