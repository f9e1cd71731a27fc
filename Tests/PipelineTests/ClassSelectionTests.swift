import Foundation
import PerchCore
import PerchModel
import PerchPipeline
import TestSupport
import Testing

@Suite struct ClassListTests {
  /// The digests that the models' publishers give for these files.
  @Test func listsAreTheReleasedOnes() {
    #expect(
      Digest.sha256(ClassList.perchV2.bytes) == "e4d5c0397d8fb08bf90c6b13a34810af53504faad927e472fcc567793c9de057")
    #expect(
      Digest.sha256(ClassList.perch8.bytes) == "d181d4e5963c3e379e92270d90e3743f412fd00ab738048d088bad20ffff2d95")
  }

  @Test(arguments: ClassList.allCases)
  func everyClassHasAName(list: ClassList) {
    let labels = list.labels
    #expect(labels.count == list.count)
    #expect(labels.allSatisfy { !$0.isEmpty && $0 == $0.trimmingCharacters(in: .whitespacesAndNewlines) })
    #expect(Set(labels).count == (list == .perchV2 ? 14_795 : 10_725))
  }

  @Test func classesStandWhereTheLogitsAre() {
    let labels = ClassList.perchV2.labels
    let known = [
      3518: "Coturnix coturnix", 5819: "Haemorhous mexicanus", 9719: "Parus major", 10741: "Poecile atricapillus",
      14114: "Turdus merula",
    ]
    for (index, name) in known { #expect(labels[index] == name) }
    #expect(labels.contains("Acoustic_guitar"))
  }

  @Test func headsOfOtherSizesNameTheirOwnClasses() throws {
    #expect(try ClassList.labels(count: 2) { () throws(RunnerError) in ["x", "y"] } == ["x", "y"])
    let known = try ClassList.labels(count: 14_795) { () throws(RunnerError) in [] }
    #expect(known == ClassList.perchV2.labels)
  }
}

@Suite struct ClassSelectionTests {
  private func select(
    _ logits: [Float], labels: [String]? = nil, slope: Double = 1, intercept: Double = 0, _ choices: ClassChoices
  ) throws -> [ClassScore]? {
    let selection = try ClassSelection(
      choices, labels: labels ?? logits.indices.map { "c\($0)" }, slope: slope, intercept: intercept, model: "m")
    let listed = selection.listed.map { $0.map { logits[$0] } } ?? logits
    return selection.select(listed: listed.span)
  }

  private func score(_ index: Int, _ score: Float) -> ClassScore { ClassScore(index: index, score: score) }

  @Test func theBestComeFirstAndEqualOnesByClass() throws {
    let logits: [Float] = [1, 3, -1, 3, 0, 2]
    #expect(
      try select(logits, ClassChoices()) == [score(1, 3), score(3, 3), score(5, 2), score(0, 1), score(4, 0)])
    #expect(try select(logits, ClassChoices(top: 2)) == [score(1, 3), score(3, 3)])
    #expect(try select(logits, ClassChoices(floor: .score(2.5))) == [score(1, 3), score(3, 3)])
    #expect(try select(logits, ClassChoices(floor: ScoreFloor.none))?.last == score(2, -1))
    #expect(try select(logits, ClassChoices(all: true))?.count == 6)
  }

  @Test func theFloorComesAfterTheTransform() throws {
    let logits: [Float] = [10, 10.5, 11, 9]
    let own = try select(logits, slope: 0.97, intercept: -10, ClassChoices())
    #expect(own?.map(\.index) == [2, 1])
    #expect(own?.first?.score == Float(0.97 * 11.0 - 10))
    #expect(
      try select(logits, slope: 0.97, intercept: -10, ClassChoices(transform: LogitTransform.none))?.count == 4)
    let given = ClassChoices.self
    #expect(
      try select(logits, given.init(transform: .linear(slope: 2, intercept: -21))) == [score(2, 1), score(1, 0)])
  }

  /// Subspecies of perch_8 share names: the best of them stands for the name, unless every class is wanted.
  @Test func aNameIsListedOnce() throws {
    let labels = ["a", "b", "a", "c", "b"]
    let logits: [Float] = [1, 5, 4, 3, 5]
    #expect(try select(logits, labels: labels, ClassChoices()) == [score(1, 5), score(2, 4), score(3, 3)])
    #expect(try select(logits, labels: labels, ClassChoices(top: 2)) == [score(1, 5), score(2, 4)])
    #expect(
      try select(logits, labels: labels, ClassChoices(all: true))
        == [score(1, 5), score(4, 5), score(2, 4), score(3, 3), score(0, 1)])
  }

  @Test func speciesComeBeforeTheBest() throws {
    let logits: [Float] = [9, 8, 7, 6]
    let labels = ["Parus major", "Turdus merula", "Owl", "Acoustic_guitar"]
    func indices(_ species: String...) throws -> [Int]? {
      try select(logits, labels: labels, ClassChoices(top: 1, species: SpeciesList(species)))?.map(\.index)
    }
    #expect(try indices("turdus MERULA , owl") == [1])
    #expect(try indices("Owl\nOwl\n") == [2])
    #expect(try indices("Owl", "Acoustic_guitar") == [2])
    #expect(try indices("Turdus merula_Eurasian Blackbird") == [1])
    #expect(try indices("Eule_owl") == [2])
  }

  @Test func logitsThatAreNotFiniteAreNone() throws {
    #expect(try select([1, .nan], ClassChoices()) == nil)
    #expect(try select([.infinity, 1], ClassChoices()) == nil)
    #expect(try select([3e38, 1], ClassChoices(transform: .linear(slope: 10, intercept: 0))) == nil)
    #expect(try select([.nan, 1], ClassChoices(species: SpeciesList(["c1"]))) == [score(1, 1)])
  }

  /// Whatever the limit, what is selected is the beginning of all in their order.
  @Test(arguments: [1, 2, 10, 63, 64, 500, 1000, 2000])
  func selectingIsSortingAndCutting(top: Int) throws {
    var state: UInt32 = 7
    let logits = (0..<1000).map { _ -> Float in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(state >> 25)  // 128 values, so that many are equal
    }
    let sorted = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    #expect(
      try select(logits, ClassChoices(top: top, floor: ScoreFloor.none))?.map(\.index) == Array(sorted.prefix(top)))
  }

  @Test(
    .enabled(if: TestFiles.hasShared, "needs the shared reference data"),
    arguments: [("perch_8", ClassList.perch8), ("perch_v2", .perchV2)])
  func referenceLogitsBecomeEvents(model: String, list: ClassList) throws {
    let golden = try Golden(file: "golden/\(model).h5")
    let (shape, values) = try golden.floats("logits_full/label_f32")
    let labels = list.labels
    try #require(shape == [4, labels.count])
    let selection = try ClassSelection(ClassChoices(), labels: labels, slope: 1, intercept: 0, model: model)
    for window in 0..<4 {
      let logits = Array(values[window * labels.count..<(window + 1) * labels.count])
      let selected = selection.select(listed: logits.span)
      let kept = try #require(selected)
      var seen: Set<String> = []
      let want = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
        .filter { logits[$0] >= 0 && seen.insert(labels[$0]).inserted }.prefix(10)
      #expect(kept == want.map { ClassScore(index: $0, score: logits[$0]) })
      #expect(kept.count == 10)
    }
  }

  @Test(arguments: [
    (["Nobody"], "error: --species: m has no class 'Nobody'; see 'perch-runner labels --model m'"),
    (
      (1...12).map { "n\($0)" },
      "error: --species: m has no class 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9', 'n10' and 2 more; "
        + "see 'perch-runner labels --model m'"
    ),
    ([" , \n"], "error: --species: the list is empty; name a species, or leave it out"),
    (
      ["australian_birds_01"],
      "error: --species: the list australian_birds_01 is not part of this program; "
        + "name a text file with its species"
    ),
  ])
  func wrongSpeciesAreNamed(species: [String], line: String) {
    let error = #expect(throws: RunnerError.self) { try select([1], ClassChoices(species: SpeciesList(species))) }
    #expect(error?.description == line)
    #expect(error?.exit == .usage)
  }
}
