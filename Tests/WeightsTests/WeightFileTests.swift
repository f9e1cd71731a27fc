import Foundation
import PerchCore
import PerchWeights
import SystemPackage
import Testing

private let exportAgain = "make the file again from the released model"
private let copyAgain = "copy the file again, or make it again from the released model"
private let checkPath = "name a weights file (.h5) or use --weights seeded:perch_v2 for a trial"

struct WeightFileTests {
  @Test func readsWhatTheFileSays() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("tiny.h5")
    try TinyFile().write(to: path)
    let file = try WeightFile(path: path, heads: .all)
    #expect(file.settings.backbone == TinyFile.backbone)
    #expect(file.settings.heads == TinyFile.heads)
    #expect(file.settings.origin == .trained && !file.settings.verified && file.settings.name == "tiny")
    guard case .pcen(let pcen) = file.settings.frontend.scaling else { throw TestFailure() }
    #expect(pcen.kernel == .exact && pcen.convWidth == -1)
    #expect(try file.digest.text == (try Digest.sha256(file: path)))
    #expect(try file.classNames(head: "label") == ["Pica pica", "Ninox connivens", "Ånd"])
    #expect(try file.tensor("backbone/stem/bn/gamma", shape: [4]) == [0.5, 0.625, 0.75, 0.875])
    #expect(try file.optionalTensor("frontend/window", shape: [640]) == nil)
    try file.validateAll()
  }

  /// Heads full of values that no head can have do not matter to a caller that wants none.
  @Test func embeddingNeedsNoHead() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("tiny.h5")
    var tiny = TinyFile()
    for (name, shape) in tiny.shapes where name.hasPrefix("heads/") {
      tiny.values[name] = [Float](repeating: .nan, count: shape.reduce(1, *))
    }
    tiny.attributes["heads/label/type"] = .text("unheard of")
    try tiny.write(to: path)
    let file = try WeightFile(path: path)
    #expect(file.settings.heads.isEmpty)
    for entry in file.settings.tensors { #expect(try file.tensor(entry).count == entry.count) }
    #expect(throws: RunnerError.self) { try WeightFile(path: path, heads: .all) }
    #expect(throws: RunnerError.self) { try file.validateAll() }
  }

  @Test func aFileWithoutHeadsIsComplete() throws {
    let folder = try TemporaryFolder()
    var tiny = TinyFile()
    tiny.attributes = tiny.attributes.filter { !$0.key.hasPrefix("heads/") }
    tiny.shapes = tiny.shapes.filter { !$0.key.hasPrefix("heads/") }
    tiny.names = [:]
    try tiny.write(to: folder.path("tiny.h5"))
    let file = try WeightFile(path: folder.path("tiny.h5"), heads: .all)
    #expect(file.settings.heads.isEmpty)
    try file.validateAll()
  }

  // MARK: Refusals

  struct Spoilt: Sendable, CustomTestStringConvertible {
    let cause: String
    let remedy: String
    let spoil: @Sendable (inout TinyFile) -> Void
    var testDescription: String { cause }

    init(_ cause: String, _ remedy: String = exportAgain, _ spoil: @escaping @Sendable (inout TinyFile) -> Void) {
      (self.cause, self.remedy, self.spoil) = (cause, remedy, spoil)
    }

    /// One attribute with another value, or none.
    static func attribute(_ path: String, _ value: HDF5Value?, _ cause: String, _ remedy: String = exportAgain)
      -> Spoilt
    {
      Spoilt("attribute \(path.hasPrefix("/") ? String(path.dropFirst()) : path) \(cause)", remedy) {
        $0.attributes[path] = value
      }
    }
  }

  static let spoilt: [Spoilt] = [
    Spoilt("is an HDF5 file without weights (attribute format is missing)", checkPath) {
      $0.attributes["/format"] = nil
    },
    Spoilt("holds no weights (attribute format is not \"perch-weights\")", checkPath) {
      $0.attributes["/format"] = .text("keras")
    },
    Spoilt("has weights layout 2, newer than 1 which this program reads", "update perch-runner") {
      $0.attributes["/format_version"] = .integer(2)
    },
    .attribute("/model", nil, "is missing"),
    .attribute("/model", .integer(3), "is not text"),
    .attribute("/sample_rate", .text("fast"), "is not an integer"),
    .attribute("/sample_rate", .integer(0), "is 0, not in 1 to 1000000"),
    .attribute("/sample_rate", .real(32000.5), "is not an integer"),
    .attribute("/sample_rate", .integers([1, 2]), "is not an integer"),
    .attribute("/window_samples", .integer(100), "is 100, not in 640 to 16777216"),
    .attribute("/target_peak", .real(-0.25), "is -0.25, not 0 or above"),
    .attribute("/target_peak", .real(.nan), "is nan, not 0 or above"),
    .attribute("/target_peak", .text("x"), "is not a number"),
    .attribute("/embedding_size", .integer(9), "is 9, but backbone/head/conv has 8 outputs"),
    .attribute("/origin", .text("found"), "is \"found\", not one of trained, seeded"),
    Spoilt("attribute seed is missing") { $0.attributes["/origin"] = .text("seeded") },
    .attribute("frontend/window", .text("hamming"), "is \"hamming\", not one of hann_symmetric, hann_periodic"),
    .attribute("frontend/framing", .text("loose"), "is \"loose\", not one of same, centered"),
    .attribute("frontend/fft_length", .integer(1000), "is 1000, not a power of two"),
    .attribute("frontend/fft_length", .integer(512), "is 512, not in 640 to 65536"),
    .attribute("frontend/hop_length", .integer(0), "is 0, not in 1 to 640"),
    .attribute("frontend/mel_scale", .text("slaney"), "is \"slaney\", not one of htk"),
    .attribute("frontend/lower_hz", .real(16000), "is 16000.0, not from 0 to below 16000.0"),
    .attribute("frontend/upper_hz", .real(60), "is 60.0, not above lower_hz and up to 16000.0"),
    .attribute("frontend/power", .real(0), "is 0.0, not above 0"),
    .attribute("frontend/scaling", .text("db"), "is \"db\", not one of pcen, log, none"),
    .attribute("frontend/pcen_smoothing", .real(2), "is 2.0, not above 0 and up to 1"),
    .attribute("frontend/pcen_kernel", .text("new"), "is \"new\", not one of exact, legacy"),
    .attribute("frontend/pcen_root", nil, "is missing"),
    Spoilt("attribute frontend/log_floor is missing") { $0.attributes["frontend/scaling"] = .text("log") },
    .attribute("backbone/architecture", .text("resnet"), "is \"resnet\", not one of efficientnet"),
    .attribute("backbone/stages", .integer(1 << 40), "is 1099511627776, not in 1 to 32"),
    .attribute("backbone/se_activation", .text("gelu"), "is \"gelu\", not one of relu, swish, hard_swish"),
    .attribute("backbone/se_gate", .text("none"), "is \"none\", not one of sigmoid, hard_sigmoid"),
    .attribute("backbone/stem_padding", .text("reflect"), "is \"reflect\", not one of valid, same"),
    .attribute("backbone/bn_epsilon", .real(-1), "is -1.0, not 0 or above"),
    .attribute("backbone/stage2/stride", .integer(3), "is 3, not in 1 to 2"),
    .attribute("backbone/stage2/kernel_size", .integer(4), "is 4, not odd"),
    .attribute("backbone/stage1/features", nil, "is missing"),
    Spoilt("backbone/stage1/block1 squeezes 4 channels to none (attribute se_ratio)") {
      $0.attributes["backbone/stage1/se_ratio"] = .real(0.2)
    },
    Spoilt("backbone/stage3 is missing") { $0.attributes["backbone/stages"] = .integer(3) },
    Spoilt("backbone/stem/conv/kernel has shape [3, 3, 4], not that of a convolution") {
      $0.shapes["backbone/stem/conv/kernel"] = [3, 3, 4]
    },
    Spoilt("backbone/stage2/block2/se_reduce/bias is missing") {
      $0.shapes["backbone/stage2/block2/se_reduce/bias"] = nil
    },
    Spoilt("backbone/stage2/block1/project_bn/beta has shape [7], not [6]") {
      $0.shapes["backbone/stage2/block1/project_bn/beta"] = [7]
      $0.values["backbone/stage2/block1/project_bn/beta"] = [1, 2, 3, 4, 5, 6, 7]
    },
    Spoilt("backbone/stem/bn/beta is not of the expected kind") {
      $0.shapes["backbone/stem/bn/beta"] = nil
      $0.names["backbone/stem/bn/beta"] = ["a", "b", "c", "d"]
    },
    Spoilt("backbone/stem/bn/mean: value 3 of 4 is not finite", copyAgain) {
      $0.values["backbone/stem/bn/mean"] = [0, 1, .infinity, 2]
    },
    Spoilt("backbone/head/bn/variance: value 2 of 8 is -1.0, not above 0") {
      $0.values["backbone/head/bn/variance"] = [1, -1, 1, 1, 1, 1, 1, 1]
    },
    Spoilt("backbone/stem/bn/variance: value 1 of 4 is 0.0, not above 0") {
      $0.attributes["backbone/bn_epsilon"] = .real(0)
      $0.values["backbone/stem/bn/variance"] = [0, 1, 1, 1]
    },
    .attribute("heads/label/type", .text("forest"), "is \"forest\", not one of dense, protopnet"),
    .attribute("heads/calls/non_negative_kernel", .integer(2), "is 2, not in 0 to 1"),
    .attribute("heads/calls/logit_slope", .real(.infinity), "is inf, not finite"),
    Spoilt("heads/label/kernel has shape [8, 3], not [8, 4]") {
      $0.attributes["heads/label/num_classes"] = .integer(4)
    },
    Spoilt("heads/label/class_names has 2 names, not 3 (attribute num_classes)") {
      $0.names["heads/label/class_names"] = ["a", "b"]
    },
    Spoilt("heads/label/class_names: name 3, \"a\", is there twice") {
      $0.names["heads/label/class_names"] = ["a", "b", "a"]
    },
    Spoilt("heads/label/class_names: name 2 is empty") {
      $0.names["heads/label/class_names"] = ["a", "", "b"]
    },
    Spoilt("heads/calls/class_names is missing") { $0.names["heads/calls/class_names"] = nil },
  ]

  @Test(arguments: spoilt) func refuses(_ spoilt: Spoilt) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("spoilt.h5")
    var tiny = TinyFile()
    spoilt.spoil(&tiny)
    try tiny.write(to: path)
    let error = #expect(throws: RunnerError.self) { try WeightFile(path: path, heads: .all).validateAll() }
    #expect(error?.description == "error: \(path): \(spoilt.cause); \(spoilt.remedy)")
    #expect(error?.exit == .weights)
  }

  @Test func refusesWhatIsNoFile() throws {
    let folder = try TemporaryFolder()
    try Data("# not HDF5".utf8).write(to: folder.url.appending(path: "text.h5"))
    try Data().write(to: folder.url.appending(path: "empty.h5"))
    try #require(mkfifo(folder.path("pipe.h5").string, 0o600) == 0)
    let cases = [
      ("text.h5", "is not an HDF5 file"), ("empty.h5", "is not an HDF5 file"), ("absent.h5", "no such file"),
      (".", "is not a file"), ("pipe.h5", "is not a file"),
    ]
    for (name, cause) in cases {
      let path = folder.path(name)
      let error = #expect(throws: RunnerError.self) { try WeightFile(path: path) }
      #expect(error?.description == "error: \(path): \(cause); \(checkPath)")
      #expect(error?.exit == .weights)
    }
  }
}

struct TestFailure: Error {}
