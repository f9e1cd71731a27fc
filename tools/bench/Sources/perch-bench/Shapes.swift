import PerchWeights

/// One line of `shapes.txt`: a kernel with its sizes, and how often a network runs it for a window.
struct KernelShape: Equatable {
  enum Size: Equatable {
    /// Matrix product with bias: rows, depth, columns.
    case product(rows: Int, depth: Int, columns: Int)
    /// Depthwise convolution: size of its output, channels, side of the kernel, stride.
    case depthwise(height: Int, width: Int, channels: Int, side: Int, stride: Int)
    /// First convolution: size of its output, channels.
    case stem(height: Int, width: Int, channels: Int)
    /// Factors of the squeeze times a map, or times the weights of the projection.
    case scaleMap(pixels: Int, channels: Int)
    case scaleWeights(depth: Int, columns: Int)
    /// Mean of a map over its places.
    case mean(rows: Int, columns: Int)
  }

  let network: String
  var times: Int
  let size: Size
  let activation: String

  var name: String { "\(network) \(kernel) \(numbers.map(String.init).joined(separator: " ")) \(activation)" }

  var line: String {
    let sizes = numbers.map { "\($0)".padded(7) }.joined()
    return network.padded(10) + "\(times)".padded(4) + kernel.padded(15) + sizes.padded(36) + activation
  }

  var kernel: String {
    switch size {
    case .product: "product"
    case .depthwise: "depthwise"
    case .stem: "stem"
    case .scaleMap: "scale-map"
    case .scaleWeights: "scale-weights"
    case .mean: "mean"
    }
  }

  var numbers: [Int] {
    switch size {
    case .product(let rows, let depth, let columns): [rows, depth, columns]
    case .depthwise(let height, let width, let channels, let side, let stride):
      [height, width, channels, side, stride]
    case .stem(let height, let width, let channels): [height, width, channels]
    case .scaleMap(let pixels, let channels): [pixels, channels]
    case .scaleWeights(let depth, let columns): [depth, columns]
    case .mean(let rows, let columns): [rows, columns]
    }
  }

  struct Unreadable: Error, CustomStringConvertible { let description: String }

  /// The shapes of a text: a line each, `#` begins a comment.
  static func parse(_ text: String) throws -> [KernelShape] {
    try text.split(separator: "\n").compactMap { line in
      let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
      return words.isEmpty ? nil : try KernelShape(words, line: String(line))
    }
  }

  private init(_ words: [String], line: String) throws {
    let numbers = words.dropFirst(3).dropLast().compactMap { Int($0) }
    guard words.count >= 5, let times = Int(words[1]), numbers.count == words.count - 4,
      numbers.allSatisfy({ (1...1_000_000).contains($0) }), let size = Size(words[2], numbers)
    else { throw Unreadable(description: "not a shape: \(line)") }
    self.init(network: words[0], times: times, size: size, activation: words[words.count - 1])
  }

  init(network: String, times: Int, size: Size, activation: String) {
    self.network = network
    self.times = times
    self.size = size
    self.activation = activation
  }
}

extension KernelShape.Size {
  init?(_ kernel: String, _ n: [Int]) {
    switch (kernel, n.count) {
    case ("product", 3): self = .product(rows: n[0], depth: n[1], columns: n[2])
    case ("depthwise", 5): self = .depthwise(height: n[0], width: n[1], channels: n[2], side: n[3], stride: n[4])
    case ("stem", 3): self = .stem(height: n[0], width: n[1], channels: n[2])
    case ("scale-map", 2): self = .scaleMap(pixels: n[0], channels: n[1])
    case ("scale-weights", 2): self = .scaleWeights(depth: n[0], columns: n[1])
    case ("mean", 2): self = .mean(rows: n[0], columns: n[1])
    default: return nil
    }
  }
}

extension KernelShape {
  /// What a network computes for one window, equal shapes together, in the order of their first use.
  static func all(of model: SeededModel) -> [KernelShape] {
    var shapes: [KernelShape] = []
    for step in NetworkStep.all(of: model) {
      if let at = shapes.firstIndex(where: { $0.size == step.size && $0.activation == step.activation }) {
        shapes[at].times += 1
      } else {
        shapes.append(
          KernelShape(network: model.rawValue, times: 1, size: step.size, activation: step.activation))
      }
    }
    return shapes
  }

  /// `shapes.txt` as it should be.
  static var text: String {
    """
    # What the networks compute for one window: network, how often, kernel, sizes, activation.
    #   product        rows depth columns
    #   depthwise      height width channels side-of-kernel stride (height and width of the output)
    #   stem           height width channels (3x3, stride 2; of the output)
    #   scale-map      pixels channels
    #   scale-weights  depth columns
    #   mean           rows columns
    # Written by `perch-bench shapes`.

    """ + [SeededModel.perch8, .perchV2].flatMap(all).map { $0.line + "\n" }.joined()
  }
}
