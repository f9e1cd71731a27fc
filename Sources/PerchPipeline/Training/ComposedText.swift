@_spi(_Unicode) import Swift

extension String {
  /// The same text in normalization form C (Unicode Standard Annex 15).
  var composed: String {
    var scalars = String.UnicodeScalarView()
    for scalar in self._nfc { scalars.append(scalar) }
    return String(scalars)
  }

  /// Order by code points, which is that of the bytes of UTF-8.
  func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
