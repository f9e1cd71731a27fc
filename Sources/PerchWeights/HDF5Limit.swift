/// Numbers above which a file is refused. No weights file comes near them.
enum HDF5Limit {
  static let links: UInt64 = 1 << 16
  static let name = 1 << 10
  static let attributeElements = 1 << 16
  static let textBytes = 1 << 20
  static let chunkBytes = 1 << 30
  /// Deflate shrinks by at most 1032 to 1 (zlib, "Maximum Compression Factor").
  static let compression = 1032

  /// Product of sides, or `tooLarge` where it is no integer of this machine.
  static func product(_ factors: [Int], _ path: String) throws(HDF5Error) -> Int {
    var result = 1
    for factor in factors {
      let (value, overflow) = result.multipliedReportingOverflow(by: factor)
      guard !overflow else { throw .tooLarge(path) }
      result = value
    }
    return result
  }

  /// Checks the first 48 bytes of a file: the signature, and the end of file that they promise (HDF5 file
  /// format specification, section II.A).
  static func checkSuperblock(_ header: [UInt8], fileBytes: Int) throws(HDF5Error) {
    guard header.count >= 48, header.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) else {
      throw .notHDF5
    }
    // Superblock 0 and 1 have the size of offsets at byte 13, 2 and 3 at byte 9.
    let end = header[8] < 2 ? (sizes: 13, at: header[8] == 0 ? 40 : 44) : (sizes: 9, at: 28)
    guard header[end.sizes] == 8, end.at <= 40 else { return }
    let promised = header[end.at..<end.at + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard promised <= UInt64(fileBytes) else {
      throw .truncated(bytes: fileBytes, of: Int(clamping: promised))
    }
  }
}
