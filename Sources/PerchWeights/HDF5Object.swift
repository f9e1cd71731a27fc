import CHDF5
import Glibc

// Open objects of a file. All of this runs while `HDF5File` holds the library's lock.

/// An open HDF5 object of any kind, closed at the end of its life.
struct HDF5Object: ~Copyable {
  let id: hid_t
  init(_ id: hid_t) { self.id = id }
  deinit { if id >= 0 { H5Idec_ref(id) } }

  /// What the elements of a type are: a `PERCH_H5_` code.
  var kind: UInt32 { UInt32(perch_h5_kind(id)) }
}

func extent(of space: borrowing HDF5Object, _ label: String) throws(HDF5Error) -> [Int] {
  let rank = H5Sget_simple_extent_ndims(space.id)
  guard rank >= 0, H5Sget_simple_extent_type(space.id) != H5S_NULL else { throw .unreadable(label) }
  var sides = [hsize_t](repeating: 0, count: Int(rank))
  guard unsafe H5Sget_simple_extent_dims(space.id, &sides, nil) == rank else { throw .unreadable(label) }
  var shape: [Int] = []
  for side in sides {
    guard let side = Int(exactly: side) else { throw .tooLarge(label) }
    shape.append(side)
  }
  return shape
}

/// An array of `count` elements written by a C function, which gets the memory and returns a status.
func filled<Element: BitwiseCopyable>(
  _ count: Int, _ label: String, _ read: (UnsafeMutableRawPointer?) -> herr_t
) throws(HDF5Error) -> [Element] {
  var status: herr_t = 0
  let values = unsafe [Element](unsafeUninitializedCapacity: count) { memory, initialized in
    status = count == 0 ? 0 : unsafe read(UnsafeMutableRawPointer(memory.baseAddress))
    initialized = status >= 0 ? count : 0
  }
  guard status >= 0 else { throw .unreadable(label) }
  return values
}

/// Strings by way of `read`, which fills memory of a given type and returns a status.
func readTexts(
  _ stored: borrowing HDF5Object, _ space: borrowing HDF5Object, count: Int, _ label: String,
  _ read: (hid_t, UnsafeMutableRawPointer?) -> herr_t
) throws(HDF5Error) -> [String] {
  var lines: [[UInt8]] = []
  switch stored.kind {
  case PERCH_H5_FIXED_TEXT.rawValue:
    let size = Int(H5Tget_size(stored.id))
    guard size > 0, size <= HDF5Limit.textBytes else { throw .tooLarge(label) }
    let total = try HDF5Limit.product([count, size], label)
    let bytes: [UInt8] = try unsafe filled(total, label) { unsafe read(stored.id, $0) }
    let spacePadded = H5Tget_strpad(stored.id) == H5T_STR_SPACEPAD
    lines = HDF5Text.lines(bytes, count: count, width: size, spacePadded: spacePadded)
  case PERCH_H5_VARIABLE_TEXT.rawValue:
    let memory = HDF5Object(perch_h5_variable_text(stored.id))
    var pointers: [UInt] = try unsafe filled(count, label) { unsafe read(memory.id, $0) }
    for pointer in pointers {
      let start = unsafe UnsafePointer<CChar>(bitPattern: pointer)
      lines.append(unsafe start.map { unsafe Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) } ?? [])
    }
    if count > 0 { _ = unsafe perch_h5_reclaim(memory.id, space.id, &pointers) }
  default: throw .wrongKind(label)
  }
  guard let strings = HDF5Text.strings(lines) else { throw .unreadable(label) }
  return strings
}

func writeAttribute<Element: BitwiseCopyable>(
  _ object: borrowing HDF5Object, _ name: String, _ type: consuming HDF5Object, _ values: [Element], count: Int
) -> herr_t {
  let space = unsafe HDF5Object(perch_h5_space(count == 1 ? 0 : 1, [hsize_t(count)]))
  let attribute = unsafe HDF5Object(perch_h5_new_attribute(object.id, name, type.id, space.id))
  return attribute.id < 0 ? -1 : unsafe H5Awrite(attribute.id, type.id, values)
}

/// An open dataset with its type and shape.
struct HDF5Dataset: ~Copyable {
  let object: HDF5Object
  let type: HDF5Object
  let space: HDF5Object
  let shape: [Int]
  let count: Int
  let path: String

  init(_ object: consuming HDF5Object, _ path: String) throws(HDF5Error) {
    let type = HDF5Object(H5Dget_type(object.id))
    let space = HDF5Object(H5Dget_space(object.id))
    guard type.id >= 0, space.id >= 0 else { throw .unreadable(path) }
    let shape = try extent(of: space, path)
    count = try HDF5Limit.product(shape, path)
    (self.shape, self.path) = (shape, path)
    self.object = object
    self.type = type
    self.space = space
  }

  /// Refuses a dataset whose stored bytes cannot fill the shape that it claims.
  func checkSize(fileBytes: Int) throws(HDF5Error) {
    let elementBytes = Int(clamping: H5Tget_size(type.id))
    let needed = try HDF5Limit.product([count, elementBytes], path)
    let chunk = perch_h5_chunk_elements(object.id)
    guard chunk >= 0, elementBytes > 0 else { throw .notStored(path) }
    guard count > 0 else { return }
    let stored = Int(clamping: H5Dget_storage_size(object.id))
    guard stored > 0 else { throw .notStored(path) }
    let most = chunk == 0 ? stored : try HDF5Limit.product([stored, HDF5Limit.compression], path)
    let chunkBytes = try HDF5Limit.product([Int(chunk), elementBytes], path)
    guard stored <= fileBytes, needed <= most, chunkBytes <= HDF5Limit.chunkBytes else { throw .tooLarge(path) }
  }

  /// Whether it is stored in one piece.
  var isContiguous: Bool { perch_h5_chunk_elements(object.id) == 0 }

  /// - Parameter rows: indices of the first axis; nil for everything.
  func read<Element: BitwiseCopyable>(
    _ memory: consuming HDF5Object, rows: Range<Int>? = nil
  ) throws(HDF5Error) -> [Element] {
    let (source, layout) = (object.id, memory.id)
    guard let rows else { return try unsafe filled(count, path) { unsafe perch_h5_read(source, layout, $0) } }
    guard let most = shape.first, rows.upperBound <= most, most > 0 else { throw .unreadable(path) }
    return try unsafe filled(rows.count * (count / most), path) {
      unsafe perch_h5_read_rows(source, layout, hsize_t(rows.lowerBound), hsize_t(rows.count), $0)
    }
  }
}
