import PerchCore
import PerchWeights

/// A recognizer that the first version of perch-runner trained: a Keras 3 archive of a dense layer, or of batch
/// normalisation, a dense layer with a rectifier and a dense layer.
struct KerasArchive {
  private let layers: [Layer]
  private let weights: HDF5File

  private enum Layer {
    case normalization(epsilon: Double)
    case dense(isRectified: Bool)
  }

  init(_ bytes: [UInt8]) throws(RecognizerFault) {
    let archive = try ZipArchive(bytes)
    let text = try archive.entry("config.json")
    let config: JSONValue
    do { config = try JSONValue(parsing: text) } catch {
      throw RecognizerFault("config.json in the archive is damaged: line \(error.line): \(error.cause)", .copyAgain)
    }
    layers = try Self.layers(config)
    let image = try archive.entry("model.weights.h5")
    weights = try Self.reading { () throws(HDF5Error) in try HDF5File(image: image, name: "model.weights.h5") }
  }

  private static func layers(_ config: JSONValue) throws(RecognizerFault) -> [Layer] {
    guard let list = config.object?["config"]?.object?["layers"]?.array else {
      throw RecognizerFault("config.json in the archive names no layers", .otherRecognizer)
    }
    var layers: [Layer] = []
    for element in list {
      let settings = element.object?["config"]?.object ?? [:]
      let kind = element.object?["class_name"]?.string ?? "without a name"
      switch kind {
      case "InputLayer": continue
      case "BatchNormalization": layers.append(.normalization(epsilon: settings["epsilon"]?.number ?? 0.001))
      case "Dense":
        let activation = settings["activation"]?.string ?? "linear"
        guard activation == "linear" || activation == "relu" else {
          throw RecognizerFault(
            "has a Dense layer with activation \(activation), which is not known", .otherRecognizer)
        }
        layers.append(.dense(isRectified: activation == "relu"))
      default: throw RecognizerFault("has a layer \(kind), which is not known", .otherRecognizer)
      }
    }
    return layers
  }

  /// - Parameter labels: one for each output.
  func recognizer(labels: [String]?, digest: String) throws(RecognizerFault) -> Recognizer {
    let (hidden, output) = try stack()
    guard let labels else {
      throw RecognizerFault(
        "is a Keras archive without labels: a file <name>.keras.labels.json or tags must name them")
    }
    guard labels.count == output.outputs else {
      throw RecognizerFault("has \(output.outputs) outputs for \(labels.count) labels")
    }
    let dimension = hidden?.inputs ?? output.inputs
    return Recognizer(
      name: Recognizer.defaultName(labels: labels, index: 0), labels: labels, hidden: hidden, output: output,
      digest: digest, model: try RecognizerObject.model(ofDimension: dimension))
  }

  private func stack() throws(RecognizerFault) -> (hidden: LinearLayer?, output: LinearLayer) {
    switch layers.count {
    case 1:
      if case .dense(isRectified: false) = layers[0] { return (nil, try dense(0)) }
    case 2:
      if case .dense(isRectified: true) = layers[0], case .dense(isRectified: false) = layers[1] {
        let hidden = try dense(0)
        return (hidden, try joined(dense(1), after: hidden))
      }
    case 3:
      if case .normalization(let epsilon) = layers[0], case .dense(isRectified: true) = layers[1],
        case .dense(isRectified: false) = layers[2]
      {
        let hidden = try normalized(dense(0), epsilon: epsilon)
        return (hidden, try joined(dense(1), after: hidden))
      }
    default: break
    }
    throw RecognizerFault("has layers in an order that is not known", .otherRecognizer)
  }

  private func joined(_ layer: LinearLayer, after hidden: LinearLayer) throws(RecognizerFault) -> LinearLayer {
    guard layer.inputs == hidden.outputs else { throw RecognizerFault("has layers of sizes that do not fit") }
    return layer
  }

  /// Layers are counted by kind in the file of weights, whatever `config.json` calls them.
  private func dense(_ index: Int) throws(RecognizerFault) -> LinearLayer {
    let path = index == 0 ? "layers/dense/vars" : "layers/dense_\(index)/vars"
    let shape = try Self.reading { () throws(HDF5Error) in try weights.shape(of: "\(path)/0") }
    guard shape.count == 2, shape.allSatisfy({ $0 > 0 }) else {
      throw RecognizerFault("\(path)/0 is no matrix", .copyAgain)
    }
    return LinearLayer(
      inputs: shape[0], outputs: shape[1], weights: try vector("\(path)/0", count: shape[0] * shape[1]),
      bias: try vector("\(path)/1", count: shape[1]))
  }

  private func vector(_ path: String, count: Int) throws(RecognizerFault) -> [Float] {
    let values = try Self.reading { () throws(HDF5Error) in try weights.floats(path) }
    guard values.count == count else { throw RecognizerFault("\(path) has another size", .copyAgain) }
    guard values.allSatisfy(\.isFinite) else { throw RecognizerFault("\(path) holds a value that is not finite") }
    return values
  }

  /// The dense layer with the batch normalisation before it folded in: with s = γ/√(variance + ε),
  /// W′ = diag(s)·W and b′ = b + (β − mean·s)·W.
  private func normalized(_ layer: LinearLayer, epsilon: Double) throws(RecognizerFault) -> LinearLayer {
    let path = "layers/batch_normalization/vars"
    let gamma = try vector("\(path)/0", count: layer.inputs)
    let beta = try vector("\(path)/1", count: layer.inputs)
    let mean = try vector("\(path)/2", count: layer.inputs)
    let variance = try vector("\(path)/3", count: layer.inputs)
    var weights = layer.weights
    var bias = layer.bias.map(Double.init)
    for i in 0..<layer.inputs {
      let scale = Double(gamma[i]) / (Double(variance[i]) + epsilon).squareRoot()
      let shift = Double(beta[i]) - Double(mean[i]) * scale
      for j in 0..<layer.outputs {
        let weight = Double(layer.weights[i * layer.outputs + j])
        weights[i * layer.outputs + j] = Float(weight * scale)
        bias[j] += shift * weight
      }
    }
    let folded = LinearLayer(
      inputs: layer.inputs, outputs: layer.outputs, weights: weights, bias: bias.map { Float($0) })
    guard folded.isFinite else { throw RecognizerFault("\(path)/3 holds a variance below zero", .copyAgain) }
    return folded
  }

  private static func reading<T>(_ body: () throws(HDF5Error) -> T) throws(RecognizerFault) -> T {
    do { return try body() } catch {
      throw RecognizerFault("model.weights.h5 in the archive: \(error.cause)", .copyAgain)
    }
  }
}
