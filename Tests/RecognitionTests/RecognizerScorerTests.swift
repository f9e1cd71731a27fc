import KernelTable
import PerchRecognition
import PerchTensor
import Testing

@Suite struct RecognizerScorerTests {
  /// Numbers in [-1, 1) that follow from their places: a linear congruential generator (Numerical Recipes).
  private static func numbers(_ count: Int, seed: UInt32) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(Int32(bitPattern: state)) / 0x1p31
    }
  }

  private static func layer(_ inputs: Int, _ outputs: Int, seed: UInt32) -> LinearLayer {
    LinearLayer(
      inputs: inputs, outputs: outputs, weights: numbers(inputs * outputs, seed: seed),
      bias: numbers(outputs, seed: seed &+ 1))
  }

  private static func recognizer(
    _ name: String, _ dimension: Int, labels: Int, hidden: Int? = nil, seed: UInt32, thresholds: [Float?]? = nil
  ) -> Recognizer {
    Recognizer(
      name: name, labels: (0..<labels).map { "\(name)\($0)" },
      hidden: hidden.map { layer(dimension, $0, seed: seed &+ 7) },
      output: layer(hidden ?? dimension, labels, seed: seed), thresholds: thresholds)
  }

  /// x·W + b in double, and Σ|xᵢ·wᵢ| + |b| of each output, to which errors are in proportion.
  private static func reference(_ x: [Double], _ layer: LinearLayer) -> (values: [Double], sizes: [Double]) {
    var values = layer.bias.map(Double.init)
    var sizes = values.map(abs)
    for i in 0..<layer.inputs {
      for j in 0..<layer.outputs {
        let product = x[i] * Double(layer.weights[i * layer.outputs + j])
        values[j] += product
        sizes[j] += abs(product)
      }
    }
    return (values, sizes)
  }

  /// Sizes around the kernels' blocks of 8 and 16 columns and panels of three.
  @Test(arguments: Kernels.available.map(\.build), [1, 2, 15, 16, 17, 49])
  func singleLayersAreProducts(build: KernelBuild, labels: Int) throws {
    let kernels = try #require(Kernels.available.first { $0.build == build })
    for dimension in [1, 7, 16, 1280] {
      let recognizer = Self.recognizer("r", dimension, labels: labels, seed: 3)
      let scorer = RecognizerScorer([recognizer], kernels: kernels)
      let x = Self.numbers(dimension, seed: 99)
      let got = scorer.scores(of: x, scorer.makeWorkspace())
      let (want, sizes) = Self.reference(x.map(Double.init), recognizer.output)
      try #require(got.count == labels)
      for j in 0..<labels {
        // A running sum of n terms in single precision: n·ε·Σ|aᵢ·bᵢ| (Higham 1993).
        let bound = Double(dimension + 1) * Double(Float.ulpOfOne) * sizes[j]
        #expect(abs(Double(got[j]) - want[j]) <= bound, "\(dimension)×\(labels), \(j)")
      }
    }
  }

  @Test func hiddenLayersAreRectified() throws {
    let recognizer = Self.recognizer("r", 40, labels: 3, hidden: 5, seed: 11)
    let hidden = try #require(recognizer.hidden)
    let scorer = RecognizerScorer([recognizer])
    let workspace = scorer.makeWorkspace()
    for seed in 1...20 as ClosedRange<UInt32> {
      let x = Self.numbers(40, seed: seed)
      let first = Self.reference(x.map(Double.init), hidden)
      #expect(first.values.contains { $0 < 0 })
      let (want, sizes) = Self.reference(first.values.map { max($0, 0) }, recognizer.output)
      let got = scorer.scores(of: x, workspace)
      for j in 0..<3 {
        // Errors of both sums: the first's reach the second through weights below 1 in five terms.
        let bound = Double(Float.ulpOfOne) * (6 * sizes[j] + 5 * 41 * (first.sizes.max() ?? 0))
        #expect(abs(Double(got[j]) - want[j]) <= bound)
      }
    }
  }

  /// However many stand beside it, a recognizer gives the same bits.
  @Test func recognizersDoNotTouchEachOther() throws {
    let all = [
      Self.recognizer("a", 96, labels: 3, seed: 1), Self.recognizer("b", 96, labels: 2, hidden: 4, seed: 2),
      Self.recognizer("c", 96, labels: 1, seed: 3), Self.recognizer("d", 96, labels: 5, hidden: 1, seed: 4),
      Self.recognizer("e", 96, labels: 40, seed: 5),
    ]
    let together = RecognizerScorer(all)
    let workspace = together.makeWorkspace()
    let x = Self.numbers(96, seed: 6)
    // A worker's memory holds the embedding before: it must not show.
    _ = together.scores(of: Self.numbers(96, seed: 7), workspace)
    let apart = all.flatMap { recognizer in
      let scorer = RecognizerScorer([recognizer])
      return scorer.scores(of: x, scorer.makeWorkspace())
    }
    #expect(together.scores(of: x, workspace).map(\.bitPattern) == apart.map(\.bitPattern))
  }

  @Test func thresholdsKeepWhatIsNotBelow() {
    let layer = LinearLayer(inputs: 1, outputs: 4, weights: [1, 1, 1, 1], bias: [0, 0, 0, 0])
    let labels = ["a", "b", "c", "d"]
    let recognizers = [
      Recognizer(name: "x", labels: labels, output: layer, thresholds: [0.5, nil, Float(0.5).nextUp, 0]),
      Recognizer(name: "y", labels: labels, output: layer),
    ]
    let scorer = RecognizerScorer(recognizers)
    let workspace = scorer.makeWorkspace()
    func kept(_ x: Float) -> [String]? {
      scorer.kept(of: [x], workspace)?.map { recognizers[$0.recognizer].name + labels[$0.label] }
    }
    #expect(kept(0.5) == ["xa", "xb", "xd", "ya", "yb", "yc", "yd"])
    #expect(kept(-0.5) == ["xb"])
    #expect(kept(0) == ["xb", "xd", "ya", "yb", "yc", "yd"])
  }

  @Test func scoresThatAreNotFiniteAreNone() {
    let layer = LinearLayer(inputs: 2, outputs: 1, weights: [3e38, 3e38], bias: [0])
    let scorer = RecognizerScorer([Recognizer(name: "x", labels: ["a"], output: layer)])
    #expect(scorer.kept(of: [1, 1], scorer.makeWorkspace()) == nil)
    #expect(scorer.kept(of: [1, -1], scorer.makeWorkspace())?.first?.score == 0)
  }
}
