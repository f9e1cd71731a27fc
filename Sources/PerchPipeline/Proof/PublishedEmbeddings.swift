/// Embeddings of recordings that QutEcoacoustics/perch-runner (commit 0c92279, Apache-2.0) publishes together with
/// what the released models make of them through perch-hoplite 1.0.2: 16-bit floats of windows of 5 s, after
/// polyphase resampling, removal of the mean and scaling to a peak of 0.25. They prove the whole path, from file to
/// vector. Of each window the first numbers and the length are kept; the recordings are not ours to pass on.
package struct PublishedEmbeddings: Sendable {
  package let model: String
  /// Name of the recording in tests/files/audio of that repository.
  package let recording: String
  package let windows: [Window]

  package struct Window: Sendable {
    package let first: [Double]
    package let norm: Double

    init(_ first: [Double], norm: Double) {
      self.first = first
      self.norm = norm
    }
  }

  /// How far computed embeddings are from the published ones.
  package struct Comparison: Equatable, Sendable {
    /// Index of the worst window.
    package let window: Int
    /// Largest difference of a number beyond the rounding to 16 bits.
    package let difference: Double
    /// Largest relative difference of a length.
    package let norm: Double

    package var passes: Bool { difference <= 2e-3 && norm <= PublishedEmbeddings.normLimit }
  }

  /// Two vectors whose cosine is 0.9999 differ by at most this part of their length: √(2·(1 − 0.9999)).
  private static let normLimit = 0.0142

  /// nil when there are not as many embeddings as published, or one is too short.
  package func compare(_ embeddings: [[Float]]) -> Comparison? {
    guard embeddings.count == windows.count, embeddings.allSatisfy({ $0.count >= 4 }) else { return nil }
    var worst = (window: 0, difference: 0.0, norm: 0.0)
    for (index, (embedding, window)) in zip(embeddings, windows).enumerated() {
      // Half a unit in the last place of a 16-bit float is 2⁻¹¹ of it.
      let differences = zip(embedding, window.first).map { abs(Double($0) - $1) - abs($1) * 0x1p-11 }
      let norm = embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      // Not-a-number, with which every comparison is false, is the greatest difference of all.
      let difference = differences.reduce(0.0) { $1.isNaN ? .infinity : max($0, $1) }
      if difference > worst.difference { (worst.window, worst.difference) = (index, difference) }
      let relative = abs(norm / window.norm - 1)
      worst.norm = relative.isNaN ? .infinity : max(worst.norm, relative)
    }
    return Comparison(window: worst.window, difference: worst.difference, norm: worst.norm)
  }

  /// What is published of the recording named `name` for `model`.
  package static func of(_ name: String, model: String) -> PublishedEmbeddings? {
    all.first { $0.recording == name && $0.model == model }
  }

  /// The recordings, each once.
  package static var recordings: [String] { Set(all.map(\.recording)).sorted() }

  package static let all = [
    PublishedEmbeddings(
      model: "perch_v2", recording: "20220502T075930+1000_Minjerribah-Dry-B_1088507.flac", windows: minjerribah),
    PublishedEmbeddings(model: "perch_v2", recording: "100sec.wav", windows: hundredSecondsV2),
    PublishedEmbeddings(model: "perch_8", recording: "100sec.wav", windows: hundredSeconds8),
  ]

  private static let minjerribah: [Window] = [
    Window([-0.130859375, -0.0213775634765625, 0.0279998779296875, -0.0748291015625], norm: 4.499918),
    Window([-0.08367919921875, -0.023529052734375, -0.00033164024353027344, 0.1209716796875], norm: 4.753645),
    Window([-0.1326904296875, -0.1416015625, 0.1065673828125, 0.0162506103515625], norm: 4.3124),
    Window([-0.135498046875, 0.0278167724609375, 0.09063720703125, -0.02447509765625], norm: 4.494494),
    Window([-0.17578125, -0.0035400390625, 0.1041259765625, -0.048675537109375], norm: 4.363375),
    Window([-0.13037109375, -0.07293701171875, -0.08251953125, -0.10833740234375], norm: 4.969281),
  ]

  private static let hundredSecondsV2: [Window] = [
    Window([-0.08502197265625, 0.00518798828125, -0.03717041015625, 0.37744140625], norm: 4.145353),
    Window([-0.12164306640625, -0.054443359375, -0.1033935546875, 0.307373046875], norm: 4.145376),
    Window([-0.07086181640625, 0.0030612945556640625, -0.09539794921875, 0.26708984375], norm: 3.983726),
    Window([-0.1058349609375, -0.0091094970703125, -0.0706787109375, 0.3798828125], norm: 4.282702),
    Window([-0.06854248046875, 0.059417724609375, -0.1507568359375, 0.30126953125], norm: 4.053148),
    Window([-0.07904052734375, 0.0379638671875, -0.10003662109375, 0.279541015625], norm: 4.026108),
    Window([-0.0276641845703125, 0.033782958984375, -0.1380615234375, 0.29736328125], norm: 4.108808),
    Window([-0.10595703125, 0.01322174072265625, -0.06640625, 0.335693359375], norm: 4.11627),
    Window([-0.049224853515625, -0.01189422607421875, -0.08197021484375, 0.27880859375], norm: 3.905834),
    Window([-0.09466552734375, -0.09130859375, -0.058563232421875, 0.320068359375], norm: 4.46511),
    Window([-0.10089111328125, 0.03399658203125, -0.125, 0.306396484375], norm: 4.038305),
    Window([-0.09234619140625, 0.08953857421875, -0.09375, 0.23193359375], norm: 3.917652),
    Window([-0.06927490234375, 0.06854248046875, -0.068603515625, 0.2275390625], norm: 3.904472),
    Window([-0.08477783203125, -0.00095367431640625, -0.1168212890625, 0.249755859375], norm: 3.901501),
    Window([-0.080078125, 0.0150604248046875, -0.0716552734375, 0.19384765625], norm: 3.784035),
    Window([-0.0867919921875, 0.03955078125, -0.0721435546875, 0.259521484375], norm: 3.756458),
    Window([-0.07781982421875, -0.0322265625, -0.0711669921875, 0.294921875], norm: 3.918566),
    Window([-0.0806884765625, 0.05975341796875, -0.055084228515625, 0.2099609375], norm: 3.681384),
    Window([-0.065673828125, 0.0294647216796875, -0.0230560302734375, 0.242431640625], norm: 3.70296),
    Window([-0.08135986328125, 0.0347900390625, -0.10113525390625, 0.21142578125], norm: 3.86229),
  ]

  private static let hundredSeconds8: [Window] = [
    Window([0.01140594482421875, -0.05181884765625, -0.0015316009521484375, -0.019622802734375], norm: 3.087318),
    Window([0.006378173828125, -0.07366943359375, 0.05078125, -0.0228271484375], norm: 2.858092),
    Window([0.05859375, -0.00994873046875, 0.0014562606811523438, -0.00281524658203125], norm: 2.908846),
    Window([-0.00624847412109375, -0.03546142578125, -0.01432037353515625, -0.025726318359375], norm: 2.906329),
    Window([0.04901123046875, 0.1669921875, -0.0073089599609375, -0.014556884765625], norm: 2.852571),
    Window([0.006450653076171875, 0.020294189453125, 0.00765228271484375, -0.0182342529296875], norm: 2.777465),
    Window([0.048492431640625, 0.038604736328125, -0.00621795654296875, -0.0155181884765625], norm: 2.825065),
    Window([0.05364990234375, -0.0284576416015625, -0.021759033203125, -0.0211639404296875], norm: 2.747837),
    Window([0.0242767333984375, -0.0208587646484375, 0.01763916015625, -0.006320953369140625], norm: 2.627635),
    Window([0.050262451171875, -0.00634002685546875, 0.0033588409423828125, 0.006885528564453125], norm: 2.611046),
    Window([0.050994873046875, 0.068603515625, 0.00478363037109375, -0.01311492919921875], norm: 2.717255),
    Window([0.04974365234375, 0.1141357421875, -0.0031452178955078125, -0.00859832763671875], norm: 2.823231),
    Window([0.01146697998046875, 0.06915283203125, 0.01434326171875, -0.012176513671875], norm: 2.674484),
    Window([0.0709228515625, 0.07464599609375, 0.01788330078125, -0.007904052734375], norm: 2.600083),
    Window([0.12432861328125, 0.1612548828125, 0.007053375244140625, 0.004730224609375], norm: 2.850461),
    Window([0.019989013671875, 0.058990478515625, 0.0205230712890625, 0.0035381317138671875], norm: 2.460656),
    Window([0.1103515625, 0.203125, 0.0158843994140625, 0.004428863525390625], norm: 2.895379),
    Window([0.05224609375, 0.138427734375, 0.01312255859375, 0.006206512451171875], norm: 2.882992),
    Window([0.07098388671875, 0.09283447265625, 0.0230712890625, 0.00605010986328125], norm: 2.654659),
    Window([0.0400390625, 0.13916015625, 0.0220947265625, 0.009033203125], norm: 2.575065),
  ]
}
