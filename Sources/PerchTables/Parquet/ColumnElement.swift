extension Double: ColumnElement {
  /// Any number as a double. Integers beyond 2⁵³, which no column of ours holds, are rounded.
  static func plain(_ cursor: inout ByteCursor, of column: ParquetColumn) throws(TableFault) -> Double {
    switch column.type {
    case .double: try cursor.number()
    case .float: Double(try cursor.number(Float.self))
    case .int32: Double(try cursor.number(Int32.self))
    case .int64: Double(try cursor.number(Int64.self))
    case .fixedBytes where column.isHalfPrecision: Double(try cursor.number(Float16.self))
    case .boolean, .int96, .bytes, .fixedBytes: throw .malformed("column \(column.name) does not hold numbers")
    }
  }
}

extension Float: ColumnElement {
  static func plain(_ cursor: inout ByteCursor, of column: ParquetColumn) throws(TableFault) -> Float {
    if column.type == .float { return try cursor.number() }
    return Float(try Double.plain(&cursor, of: column))
  }
}

extension String: ColumnElement {
  static func plain(_ cursor: inout ByteCursor, of column: ParquetColumn) throws(TableFault) -> String {
    if column.type != .bytes { throw .malformed("column \(column.name) does not hold text") }
    let count = Int(try cursor.number(UInt32.self))
    return try cursor.text(count)
  }
}
