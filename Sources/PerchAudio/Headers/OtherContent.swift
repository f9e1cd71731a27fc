/// The error for content that is known and is not a recording we decode.
func knownContent(_ head: [UInt8]) -> SoundFileError? {
  let others: [(String, Int, SoundFileError)] = [
    ("\u{89}PNG", 0, .notAudio("a PNG image")),
    ("GIF8", 0, .notAudio("a GIF image")),
    ("PK\u{03}\u{04}", 0, .notAudio("a ZIP archive")),
    ("%PDF", 0, .notAudio("a PDF document")),
    ("7z\u{BC}", 0, .notAudio("a 7z archive")),
    ("Rar!", 0, .notAudio("a RAR archive")),
    ("ustar", 257, .notAudio("a tar archive")),
    ("\u{89}HDF", 0, .notAudio("an HDF5 file")),
    ("PAR1", 0, .notAudio("a Parquet table")),
    ("SQLite format 3", 0, .notAudio("an SQLite database")),
    ("AVI ", 8, .notAudio("an AVI film")),
    ("ftyp", 4, .notDecoded("MP4 (AAC or ALAC)")),
    ("\u{30}\u{26}\u{B2}\u{75}", 0, .notDecoded("WMA")),
    ("wvpk", 0, .notDecoded("WavPack")),
    ("MAC ", 0, .notDecoded("Monkey's Audio")),
    ("WAAC", 0, .notDecoded("a Wildlife Acoustics WAC file")),
    ("\u{1A}\u{45}\u{DF}\u{A3}", 0, .notDecoded("Matroska or WebM")),
    ("ADIF", 0, .notDecoded("AAC")),
    ("\u{1F}\u{8B}", 0, .notAudio("a gzip archive")),
    ("\u{FF}\u{D8}\u{FF}", 0, .notAudio("a JPEG image")),
  ]
  // The texts above stand for bytes, one scalar each.
  for (signature, offset, error) in others {
    let bytes = signature.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    if head.count >= offset + bytes.count, head[offset..<offset + bytes.count].elementsEqual(bytes) {
      return error
    }
  }
  // ADTS: twelve ones, then the layer, always zero (ISO/IEC 13818-7, 6.2).
  if head.count > 1, head[0] == 0xFF, head[1] & 0xF6 == 0xF0 { return .notDecoded("AAC") }
  return nil
}

/// Words for content without a signature.
func describe(_ head: [UInt8], _ file: RecordingFile) throws(SoundFileError) -> String {
  if head.allSatisfy({ $0 == 0 }) { return "zeros" }
  let start = String(decoding: head, as: UTF8.self).lowercased()
  if start.contains("<html") || start.contains("<!doctype html") { return "an HTML page" }
  // The last character may be cut at the end of the head.
  let isText = !start.unicodeScalars.dropLast().contains {
    $0 == "\u{FFFD}" || ($0.value < 0x20 && !"\t\n\r\u{0C}".unicodeScalars.contains($0))
  }
  return isText ? "text" : "of an unknown format"
}
