import SystemPackage

/// The variables of a SavedModel: an index and one file or several with the bytes ("tensor bundle",
/// tensorflow/core/protobuf/tensor_bundle.proto).
struct Checkpoint: Sendable {
  /// Number types that matter here, as TensorFlow numbers them (types.proto).
  static let float32 = 1
  static let text = 7

  /// What the index says of a variable.
  struct Variable: Sendable {
    var type = 0
    var shape: [Int] = []
    var shard = 0
    var offset = 0
    var size = 0
    var checksum: UInt32 = 0
    /// Stored in parts under other names.
    var isPartitioned = false
  }

  let variables: [String: Variable]
  private let shards: [ByteSource]

  /// Reads the index of `<folder>/variables` and checks that every variable lies within its file.
  init(_ folder: FilePath) throws(ExportFault) {
    let index = try ByteSource(file: folder.appending("variables.index"), missing: .unreadable)
    var variables: [String: Variable] = [:]
    var shardCount: Int?
    for (key, value) in try SortedTable.entries(index) {
      if key.isEmpty {
        shardCount = try Self.header(value)
      } else {
        guard let name = String(validating: key, as: UTF8.self) else {
          throw ExportFault(.indexCorrupt, "a name in the index of variables is not UTF-8")
        }
        variables[name] = try Self.indexed { () throws(ExportFault) in try Self.variable(value) }
      }
    }
    guard let shardCount, (1...4096).contains(shardCount) else {
      throw ExportFault(.indexCorrupt, "the index of variables does not say where they are")
    }
    self.variables = variables
    var shards: [ByteSource] = []
    for number in 0..<shardCount {
      let name = "variables.data-\(Self.digits(number))-of-\(Self.digits(shardCount))"
      shards.append(try ByteSource(file: folder.appending(name), missing: .shardMissing))
    }
    self.shards = shards
    try checkExtents()
  }

  /// Names of the data files of `<folder>/variables`, in order.
  static func dataFiles(_ folder: FilePath, count: Int) -> [FilePath] {
    (0..<count).map { folder.appending("variables.data-\(digits($0))-of-\(digits(count))") }
  }

  var shardCount: Int { shards.count }

  private func checkExtents() throws(ExportFault) {
    for (name, variable) in variables.sorted(by: { $0.key < $1.key }) {
      guard variable.shard < shards.count else {
        throw ExportFault(.indexCorrupt, "the index puts \(name) into a file that it does not name")
      }
      let (end, overflow) = variable.offset.addingReportingOverflow(variable.size)
      guard !overflow, end <= shards[variable.shard].count else {
        throw ExportFault(
          .truncated, "\(name) ends at byte \(end) of a data file of \(shards[variable.shard].count) bytes")
      }
    }
  }

  /// Elements of a float32 variable, row-major, with their checksum checked.
  func floats(_ name: String) throws(ExportFault) -> [Float] {
    guard let variable = variables[name], variable.type == Self.float32,
      Self.count(variable.shape).map({ $0 <= variable.size / 4 && $0 * 4 == variable.size }) == true
    else { throw ExportFault(.shape, "the bytes of \(name) do not fit its shape") }
    let (values, checksum) = try shards[variable.shard].floats(at: variable.offset, count: variable.size / 4)
    guard CRC32C.masked(checksum) == variable.checksum else {
      throw ExportFault(.tensorChecksum, "the checksum of \(name) is wrong")
    }
    return values
  }

  /// The only text of a variable of texts: its length, a checksum of the length, its bytes.
  func text(_ name: String) throws(ExportFault) -> ByteRange? {
    guard let variable = variables[name] else { return nil }
    guard variable.type == Self.text, variable.shape.isEmpty else {
      throw ExportFault(.shape, "\(name) is not one text")
    }
    let shard = shards[variable.shard]
    var cursor = ByteCursor(ByteRange(shard, variable.offset..<variable.offset + variable.size))
    let length = try cursor.variableInteger()
    let lengthChecksum = UInt32(try cursor.number(4))
    let text = try cursor.take(length)
    // In both checksums the length counts as a number of fixed width.
    let width = length <= UInt64(UInt32.max) ? 4 : 8
    let fixed = (0..<width).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) }
    let stored = (0..<4).map { UInt8(truncatingIfNeeded: lengthChecksum >> UInt32(8 * $0)) }
    let bytes = try text.bytes(limit: 1 << 28)
    guard CRC32C.masked(of: fixed) == lengthChecksum, cursor.remaining == 0,
      CRC32C.masked(of: fixed + stored + bytes) == variable.checksum
    else { throw ExportFault(.tensorChecksum, "the checksum of \(name) is wrong") }
    return ByteRange(ByteSource(bytes))
  }

  /// Product of sides, or nil where that is no number.
  static func count(_ shape: [Int]) -> Int? {
    var count = 1
    for side in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: side)
      guard side >= 0, !overflow else { return nil }
      count = product
    }
    return count
  }

  private static func digits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.count)) + text
  }

  // MARK: Messages of the index

  private static func indexed<T>(_ body: () throws(ExportFault) -> T) throws(ExportFault) -> T {
    do { return try body() } catch  where error.reason == .corrupt {
      throw ExportFault(.indexCorrupt, "the index of variables is damaged: \(error.cause)")
    }
  }

  /// The number of data files.
  private static func header(_ range: ByteRange) throws(ExportFault) -> Int {
    var shards = 0
    var isBigEndian = false
    var oldestReader = 0
    try indexed { () throws(ExportFault) in
      var message = Message(range)
      while let field = try message.next() {
        switch field.number {
        case 1: shards = try field.integer()
        case 2: isBigEndian = try field.integer() != 0
        case 3:
          var version = Message(try field.bytes())
          while let field = try version.next() { if field.number == 2 { oldestReader = try field.integer() } }
        default: break
        }
      }
    }
    if isBigEndian { throw ExportFault(.unsupported, "the variables are stored big-endian") }
    // TensorFlow writes version 1 (tensor_bundle.h, kTensorBundleVersion).
    if oldestReader > 1 {
      throw ExportFault(.unsupported, "the variables are of bundle version \(oldestReader), newer than 1")
    }
    return shards
  }

  private static func variable(_ range: ByteRange) throws(ExportFault) -> Variable {
    var variable = Variable()
    var message = Message(range)
    while let field = try message.next() {
      switch field.number {
      case 1: variable.type = try field.integer()
      case 2: variable.shape = try shape(try field.bytes())
      case 3: variable.shard = try field.integer()
      case 4: variable.offset = try field.integer()
      case 5: variable.size = try field.integer()
      case 6: variable.checksum = try field.fixed32()
      case 7: variable.isPartitioned = true
      default: break
      }
    }
    guard variable.shard >= 0, variable.offset >= 0, variable.size >= 0 else {
      throw ExportFault(.corrupt, "a place is below 0")
    }
    return variable
  }

  private static func shape(_ range: ByteRange) throws(ExportFault) -> [Int] {
    var shape: [Int] = []
    var message = Message(range)
    while let field = try message.next() {
      switch field.number {
      case 2:
        var size = 0
        var side = Message(try field.bytes())
        while let field = try side.next() { if field.number == 1 { size = try field.integer() } }
        shape.append(size)
      case 3:
        if try field.integer() != 0 { throw ExportFault(.corrupt, "a shape is unknown") }
      default: break
      }
    }
    return shape
  }
}
