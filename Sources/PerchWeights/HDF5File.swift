import CHDF5
import Glibc
import PerchCore
import Synchronization
import SystemPackage

/// One HDF5 file, read or written. The only place that talks to the HDF5 library.
///
/// Every length in a file is a claim: shapes are checked against the bytes that the file has before
/// memory is taken, only exact IEEE and integer types are read, links to other names or files are not
/// followed, and compressed data may grow by at most what gzip can do.
///
/// A file opened for writing stands under `<path>.inprogress` until `finish()`; without that call it
/// is removed. Calls from several threads are safe and take turns.
package final class HDF5File: Sendable {
  package let path: FilePath
  private let bytes: Int
  private let unfinished: Atomic<Bool>
  private let handle: Atomic<hid_t>
  /// Paths that exist. The library walks from the root each time, a fifth of the time to load a model.
  private let found = Mutex<Set<String>>([])
  private var file: hid_t { handle.load(ordering: .relaxed) }

  /// Opens an existing file for reading.
  package init(reading path: FilePath) throws(HDF5Error) {
    let bytes = try Self.checkedSize(of: path)
    let file = try library { () throws(HDF5Error) -> hid_t in
      let file = unsafe perch_h5_open(path.string)
      guard file >= 0 else { throw .damaged }
      return file
    }
    (self.path, self.bytes) = (path, bytes)
    handle = Atomic(file)
    unfinished = Atomic(false)
  }

  /// Opens a file whose bytes are in memory.
  ///
  /// - Parameter name: for messages.
  package init(image: [UInt8], name: FilePath) throws(HDF5Error) {
    try HDF5Limit.checkSuperblock(Array(image.prefix(48)), fileBytes: image.count)
    let file = try library { () throws(HDF5Error) -> hid_t in
      var image = image
      let count = image.count
      let unique = "image \(images.add(1, ordering: .relaxed).newValue)"
      let file = unsafe image.withUnsafeMutableBytes { unsafe perch_h5_open_image(unique, $0.baseAddress, count) }
      guard file >= 0 else { throw .damaged }
      return file
    }
    (path, bytes) = (name, image.count)
    handle = Atomic(file)
    unfinished = Atomic(false)
  }

  /// Creates a file that appears under `path` when `finish()` is called.
  package init(writing path: FilePath) throws(HDF5Error) {
    guard InProgressFiles.ofProcess.add(Self.inProgress(path)) else { throw .cannotWrite(path.string) }
    let file = try library { () throws(HDF5Error) -> hid_t in
      let file = unsafe perch_h5_create(Self.inProgress(path).string)
      guard file >= 0 else { throw .cannotWrite(path.string) }
      return file
    }
    (self.path, self.bytes) = (path, 0)
    handle = Atomic(file)
    unfinished = Atomic(true)
  }

  deinit {
    if file >= 0 { library { _ = H5Fclose(file) } }
    if unfinished.load(ordering: .relaxed) { InProgressFiles.ofProcess.remove(Self.inProgress(path)) }
  }

  private static func inProgress(_ path: FilePath) -> FilePath { FilePath(path.string + ".inprogress") }

  // MARK: Reading

  /// Names in a group, in byte order. A missing group is an error.
  package func links(in group: String) throws(HDF5Error) -> [String] {
    try library { () throws(HDF5Error) -> [String] in
      let object = try open(group, H5I_GROUP)
      var info = H5G_info_t()
      guard unsafe H5Gget_info(object.id, &info) >= 0 else { throw .unreadable(group) }
      guard info.nlinks <= HDF5Limit.links else { throw .tooLarge(group) }
      var names: [String] = []
      for index in 0..<info.nlinks {
        var name = [CChar](repeating: 0, count: HDF5Limit.name)
        let length = unsafe perch_h5_link_name(object.id, index, &name, name.count)
        guard length > 0, length < name.count else { throw .unreadable(group) }
        names.append(String(decoding: name[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self))
      }
      return names
    }
  }

  /// Whether this file itself holds a group or dataset of that path.
  package func has(_ path: String) -> Bool { library { exists(path) } }

  /// Dimensions of a dataset, outermost first; empty for a scalar.
  package func shape(of dataset: String) throws(HDF5Error) -> [Int] {
    try library { () throws(HDF5Error) -> [Int] in try self.dataset(dataset).shape }
  }

  package func storage(of dataset: String) throws(HDF5Error) -> HDF5Storage {
    try library { () throws(HDF5Error) -> HDF5Storage in
      switch try self.dataset(dataset).type.kind {
      case PERCH_H5_FLOAT16.rawValue: .float16
      case PERCH_H5_FLOAT32.rawValue: .float32
      case PERCH_H5_FLOAT64.rawValue: .float64
      case PERCH_H5_INTEGER.rawValue: .integer
      case PERCH_H5_FIXED_TEXT.rawValue, PERCH_H5_VARIABLE_TEXT.rawValue: .text
      default: .other
      }
    }
  }

  /// Whether a part of a dataset can be read at the cost of that part: it is stored in one piece, uncompressed.
  package func isContiguous(_ dataset: String) throws(HDF5Error) -> Bool {
    try library { () throws(HDF5Error) -> Bool in try self.dataset(dataset).isContiguous }
  }

  /// Elements of a dataset of half, single or double precision, row-major, rounded to `Float`.
  ///
  /// - Parameter rows: indices of the first axis; nil for everything.
  package func floats(_ dataset: String, rows: Range<Int>? = nil) throws(HDF5Error) -> [Float] {
    try library { () throws(HDF5Error) -> [Float] in
      let source = try self.dataset(dataset)
      switch source.type.kind {
      case PERCH_H5_FLOAT16.rawValue:
        // Widened here: the library's own conversion works bit by bit.
        let halves: [UInt16] = try source.read(HDF5Object(perch_h5_float16()), rows: rows)
        return halves.map { Float(Float16(bitPattern: $0)) }
      case PERCH_H5_FLOAT32.rawValue: return try source.read(HDF5Object(perch_h5_float32()), rows: rows)
      case PERCH_H5_FLOAT64.rawValue:
        let doubles: [Double] = try source.read(HDF5Object(perch_h5_float64()), rows: rows)
        return doubles.map { Float($0) }
      default: throw .wrongKind(dataset)
      }
    }
  }

  /// Elements of a dataset of real numbers or integers, row-major.
  package func doubles(_ dataset: String) throws(HDF5Error) -> [Double] {
    try library { () throws(HDF5Error) -> [Double] in
      let source = try self.dataset(dataset)
      switch source.type.kind {
      case PERCH_H5_FLOAT16.rawValue, PERCH_H5_FLOAT32.rawValue, PERCH_H5_FLOAT64.rawValue:
        return try source.read(HDF5Object(perch_h5_float64()))
      case PERCH_H5_INTEGER.rawValue:
        let integers: [Int] = try source.read(HDF5Object(perch_h5_int64()))
        return integers.map { Double($0) }
      default: throw .wrongKind(dataset)
      }
    }
  }

  /// Elements of a dataset of strings, of fixed or variable length.
  package func texts(_ dataset: String) throws(HDF5Error) -> [String] {
    try library { () throws(HDF5Error) -> [String] in
      let source = try self.dataset(dataset)
      return try unsafe readTexts(source.type, source.space, count: source.count, dataset) {
        unsafe perch_h5_read(source.object.id, $0, $1)
      }
    }
  }

  /// The attribute `name` of a group or dataset (`/` for the file itself), or nil where there is none.
  package func attribute(_ name: String, of object: String) throws(HDF5Error) -> HDF5Value? {
    let label = object == "/" ? name : "\(object)/\(name)"
    return try library { () throws(HDF5Error) -> HDF5Value? in
      guard exists(object) else { throw .missing(object) }
      guard unsafe perch_h5_has_attribute(file, object, name) > 0 else { return nil }
      let attribute = unsafe HDF5Object(perch_h5_attribute(file, object, name))
      let type = HDF5Object(H5Aget_type(attribute.id))
      let space = HDF5Object(H5Aget_space(attribute.id))
      guard attribute.id >= 0, type.id >= 0, space.id >= 0 else { throw .unreadable(label) }
      let count = try HDF5Limit.product(extent(of: space, label), label)
      guard count <= HDF5Limit.attributeElements else { throw .tooLarge(label) }
      switch type.kind {
      case PERCH_H5_INTEGER.rawValue:
        let memory = HDF5Object(perch_h5_int64())
        return .integers(
          try unsafe filled(count, label) { unsafe H5Aread(attribute.id, memory.id, $0) })
      case PERCH_H5_FLOAT16.rawValue, PERCH_H5_FLOAT32.rawValue, PERCH_H5_FLOAT64.rawValue:
        let memory = HDF5Object(perch_h5_float64())
        return .reals(
          try unsafe filled(count, label) { unsafe H5Aread(attribute.id, memory.id, $0) })
      case PERCH_H5_FIXED_TEXT.rawValue, PERCH_H5_VARIABLE_TEXT.rawValue:
        return .texts(
          try unsafe readTexts(type, space, count: count, label) { unsafe H5Aread(attribute.id, $0, $1) })
      default: throw .wrongKind(label)
      }
    }
  }

  // MARK: Writing

  /// Creates a group and those it stands in.
  package func createGroup(_ path: String) throws(HDF5Error) {
    try library { () throws(HDF5Error) -> Void in
      guard unsafe HDF5Object(perch_h5_new_group(file, path)).id >= 0 else { throw .cannotWrite(path) }
    }
  }

  /// Adds a scalar attribute (an array where `value` has not exactly one element) to an object.
  package func set(_ name: String, _ value: HDF5Value, of object: String) throws(HDF5Error) {
    try library { () throws(HDF5Error) -> Void in
      let target = unsafe HDF5Object(perch_h5_object(file, object))
      let status =
        switch value {
        case .integers(let all): writeAttribute(target, name, HDF5Object(perch_h5_int64()), all, count: all.count)
        case .reals(let all): writeAttribute(target, name, HDF5Object(perch_h5_float64()), all, count: all.count)
        case .texts(let all):
          writeAttribute(
            target, name, HDF5Object(perch_h5_text(HDF5Text.width(of: all))), HDF5Text.fields(all), count: all.count)
        }
      guard status >= 0 else { throw .cannotWrite("\(object)/\(name)") }
    }
  }

  /// Writes a dataset of single precision, or of half precision rounded to nearest even.
  package func write(
    _ values: [Float], shape: [Int], to dataset: String, half: Bool = false
  ) throws(HDF5Error) {
    try library { () throws(HDF5Error) -> Void in
      if half {
        let halves = values.map { Float16($0).bitPattern }
        try writeDataset(dataset, shape, HDF5Object(perch_h5_float16()), halves, count: values.count)
      } else {
        try writeDataset(dataset, shape, HDF5Object(perch_h5_float32()), values, count: values.count)
      }
    }
  }

  /// Writes a one-dimensional dataset of null-padded UTF-8 strings as wide as the longest.
  package func write(_ texts: [String], to dataset: String) throws(HDF5Error) {
    try library { () throws(HDF5Error) -> Void in
      let type = HDF5Object(perch_h5_text(HDF5Text.width(of: texts)))
      try writeDataset(dataset, [texts.count], type, HDF5Text.fields(texts), count: texts.count)
    }
  }

  /// Closes the file, puts all bytes on disk and gives it its name, replacing what stood there.
  package func finish() throws(HDF5Error) {
    try library { () throws(HDF5Error) -> Void in
      guard H5Fclose(handle.exchange(-1, ordering: .relaxed)) >= 0 else { throw .cannotWrite(path.string) }
    }
    let temporary = Self.inProgress(path)
    do {
      let descriptor = try FileDescriptor.open(temporary, .readWrite)
      try descriptor.closeAfter { if fsync(descriptor.rawValue) != 0 { throw Errno(rawValue: errno) } }
      try InProgressFiles.ofProcess.rename(temporary, to: path)
    } catch { throw .cannotWrite(path.string) }
    unfinished.store(false, ordering: .relaxed)
  }

  private func exists(_ path: String) -> Bool {
    var prefix = ""
    for part in path.split(separator: "/") {
      prefix += "/\(part)"
      if found.withLock({ $0.contains(prefix) }) { continue }
      guard unsafe perch_h5_has(file, prefix) > 0 else { return false }
      found.withLock { _ = $0.insert(prefix) }
    }
    return true
  }

  private func open(_ path: String, _ kind: H5I_type_t) throws(HDF5Error) -> HDF5Object {
    guard exists(path) else { throw .missing(path) }
    let object = unsafe HDF5Object(perch_h5_object(file, path))
    guard object.id >= 0 else { throw .unreadable(path) }
    guard H5Iget_type(object.id) == kind else { throw .wrongKind(path) }
    return object
  }

  private func dataset(_ path: String) throws(HDF5Error) -> HDF5Dataset {
    let dataset = try HDF5Dataset(open(path, H5I_DATASET), path)
    try dataset.checkSize(fileBytes: bytes)
    return dataset
  }

  private func writeDataset<Element: BitwiseCopyable>(
    _ path: String, _ shape: [Int], _ type: consuming HDF5Object, _ values: [Element], count: Int
  ) throws(HDF5Error) {
    precondition(shape.reduce(1, *) == count, "a dataset has as many values as its shape says")
    let space = unsafe HDF5Object(perch_h5_space(Int32(shape.count), shape.map { hsize_t($0) }))
    let dataset = unsafe HDF5Object(perch_h5_new_dataset(file, path, type.id, space.id))
    let written = unsafe dataset.id >= 0 && perch_h5_write(dataset.id, type.id, values) >= 0
    guard written else { throw .cannotWrite(path) }
  }

  /// Size of a regular file whose header, where it is one of the usual versions, promises no more.
  private static func checkedSize(of path: FilePath) throws(HDF5Error) -> Int {
    var status = stat()
    guard unsafe stat(path.string, &status) == 0 else { throw .cannotOpen(Errno(rawValue: errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
    var header = [UInt8](repeating: 0, count: 48)
    do {
      let descriptor = try FileDescriptor.open(path, .readOnly)
      try descriptor.closeAfter {
        _ = try unsafe header.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
      }
    } catch { throw .cannotOpen(error as? Errno ?? .ioError) }
    try HDF5Limit.checkSuperblock(header, fileBytes: Int(status.st_size))
    return Int(status.st_size)
  }
}

/// The lock around Debian's library, which keeps global state and is built without threads.
private let lock = Mutex<Bool>(false)

/// Files in memory that were opened so far.
private let images = Atomic<Int>(0)

private func library<T: Sendable, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
  try lock.withLock { (prepared: inout Bool) throws(E) -> T in
    if !prepared { perch_h5_prepare() }
    prepared = true
    return try body()
  }
}
