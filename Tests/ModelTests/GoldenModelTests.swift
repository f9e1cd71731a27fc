import KernelTable
import PerchModel
import PerchTensor
import PerchWeights
import TestSupport
import Testing

/// The three seeded networks against vectors that the public JAX modules computed in float64
/// (golden/README.md of the reference data names the commands), for every kernel build of this processor.
@Suite(.enabled(if: TestFiles.hasShared, "needs the shared reference data"), .tags(.golden))
struct GoldenModelTests {
  static let cases = Kernels.available.flatMap { kernels in
    GoldenModel.all.map { GoldenCase(model: $0, kernels: kernels) }
  }

  /// Double frontend: rounding to float32 is all that is lost, see the bars in `GoldenModel`.
  @Test(arguments: cases)
  func spectrogram(_ test: GoldenCase) throws {
    let golden = try test.model.open()
    let model = try test.load()
    let workspace = model.makeWorkspace()
    for (index, window) in try GoldenWindows.read().enumerated() {
      let want = try golden.window("spectrogram_f64", index)
      let got = model.spectrogram(window.samples.span, workspace)
      let bar = test.model.spectrogramBar(rms: want.rms)
      #expect(maximumError(got, want) <= bar, "\(window.name)")
    }
  }

  /// A right float32 network errs as much as the JAX float32 run errs; 4 times that is allowed.
  @Test(arguments: cases)
  func stages(_ test: GoldenCase) throws {
    let golden = try test.model.open()
    let model = try test.load()
    let workspace = model.makeWorkspace()
    for (index, window) in try GoldenWindows.read().enumerated() {
      let spectrogram = try golden.window("spectrogram_f64", index).map(Float.init)
      let stages = model.stages(ofSpectrogram: spectrogram.span, workspace)
      let isReal = index < GoldenWindows.realCount
      if index == 0 {
        for stage in ["stem"] + (1...7).map({ "stage\($0)" }) {
          let last = try #require(stages.last { $0.name.hasPrefix("backbone/\(stage)") })
          try expectNear(last.values, golden, stage, index, isReal, window.name)
        }
      }
      try expectNear(
        model.spatialEmbedding(workspace), golden, "spatial_embedding", index, isReal, window.name)
      try expectNear(model.embedding(workspace), golden, "embedding", index, isReal, window.name)
    }
  }

  /// Whole chain: the gates of the specification, 1e-4 of the rms and a cosine distance of 1e-9.
  @Test(arguments: cases)
  func embeddingAndLogits(_ test: GoldenCase) throws {
    let golden = try test.model.open()
    let model = try test.load()
    let workspace = model.makeWorkspace()
    for (index, window) in try GoldenWindows.read().enumerated() {
      let want = try golden.window("embedding_f64", index)
      var got = [Float](repeating: .nan, count: model.settings.embeddingSize)
      var span = got.mutableSpan
      model.embed(window.samples.span, workspace, into: &span)
      #expect(maximumError(got, want) <= 1e-4 * want.rms, "\(window.name)")
      #expect(cosineDistance(got, want) <= 1e-9, "\(window.name)")
      for head in model.settings.heads {
        let wanted = try golden.window("logits_small/\(head.name)_f64", index)
        var logits = [Float](repeating: .nan, count: head.classes)
        var logitSpan = logits.mutableSpan
        model.logits(head.name, workspace, into: &logitSpan)
        #expect(maximumError(logits, wanted) <= 1e-4 * wanted.rms, "\(window.name) \(head.name)")
        expectSameFirst(logits, wanted, window.name)
      }
    }
  }

  /// All classes of both released sizes on the four windows that have vectors.
  @Test(arguments: [GoldenModel.perch8, .perchV2])
  func logitsOfAllClasses(_ model: GoldenModel) throws {
    let golden = try model.open()
    let network = try PerchModel(SeededWeights(model.seeded))
    let workspace = network.makeWorkspace()
    for (index, window) in try GoldenWindows.read().prefix(4).enumerated() {
      var embedding = [Float](repeating: 0, count: network.settings.embeddingSize)
      var span = embedding.mutableSpan
      network.embed(window.samples.span, workspace, into: &span)
      for head in network.settings.heads {
        let wanted = try golden.window("logits_full/\(head.name)_f64", index)
        var logits = [Float](repeating: .nan, count: head.classes)
        var logitSpan = logits.mutableSpan
        network.logits(head.name, workspace, into: &logitSpan)
        #expect(maximumError(logits, wanted) <= 1e-4 * wanted.rms, "\(window.name) \(head.name)")
        expectSameFirst(logits, wanted, window.name)
      }
    }
  }

  private func expectNear(
    _ got: [Float], _ golden: GoldenFile, _ stage: String, _ index: Int, _ isReal: Bool, _ window: String
  ) throws {
    let want = try golden.window("\(stage)_f64", index)
    let windows = isReal ? 0..<GoldenWindows.realCount : GoldenWindows.realCount..<GoldenWindows.count
    let errors = try golden.file.doubles("f32_backbone_only_max_error_over_rms", of: "\(stage)_f64")
    let bar = 4 * (errors[windows].max() ?? 0) * want.rms
    #expect(got.count == want.count)
    #expect(maximumError(got, want) <= bar, "\(stage) of \(window)")
  }

  /// The first five classes in the wanted order wherever neighbours differ by more than 1e-3.
  private func expectSameFirst(_ logits: [Float], _ want: [Double], _ window: String) {
    let wantedOrder = want.indices.sorted { want[$0] > want[$1] }.prefix(6)
    let order = logits.indices.sorted { logits[$0] > logits[$1] }
    for (place, pair) in zip(wantedOrder, wantedOrder.dropFirst()).enumerated() {
      let before = place == 0 ? Double.infinity : want[wantedOrder[place - 1]]
      if want[pair.0] - want[pair.1] > 1e-3 && before - want[pair.0] > 1e-3 {
        #expect(order[place] == pair.0, "place \(place) of \(window)")
      }
    }
  }
}
