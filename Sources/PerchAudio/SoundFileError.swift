import PerchCore

/// Why a recording cannot be read.
enum SoundFileError: Error, Equatable {
  case missing
  case danglingLink
  case linkLoop
  /// Not a regular file: the words for what it is.
  case notAFile(String)
  case notPermitted
  /// The system's words for a failed open or read.
  case unreadable(String)
  case empty
  /// The words for what the first bytes are.
  case notAudio(String)
  /// Audio of a kind that is not decoded.
  case notDecoded(String)
  case badHeader(String)
  case channelCount(Int)
  case rate(Int)
  /// The decoder refused it: container, and encoding where known.
  case refused(String)
  case noAudio
  /// Under `strict`: the words of the flaw.
  case damaged(String)
  case noSuchChannel(Int, of: Int)
  /// Seconds of sound, and the least that is taken.
  case tooShort(Double, least: Double)

  static func check(rate: Int, channels: Int) throws(SoundFileError) {
    guard PolyphaseBank.acceptedRates.contains(SampleRate(hertz: rate)) else { throw .rate(rate) }
    guard 1...1024 ~= channels else { throw .channelCount(channels) }
  }

  /// The one line that users see, with exit status 3.
  func reported(for path: String) -> RunnerError {
    let (cause, remedy) = words
    return RunnerError(path, cause, remedy: remedy, exit: .input)
  }

  private var words: (cause: String, remedy: String) {
    let copyAgain = "copy it again from the recorder, or leave it out"
    switch self {
    case .missing: return ("no such file", "check the path")
    case .danglingLink: return ("is a link to a file that does not exist", "check the link")
    case .linkLoop: return ("is a loop of links", "check the link")
    case .notAFile(let what): return ("is \(what), not a file", "give the file of a recording")
    case .notPermitted: return ("may not be read", "ask for permission to read it")
    case .unreadable(let reason): return ("cannot be read: \(reason)", copyAgain)
    case .empty: return ("is empty", copyAgain)
    case .notAudio(let what):
      return ("is \(what), not audio", "give a recording: WAV, FLAC, Ogg Vorbis, Opus, MP3 or AIFF")
    case .notDecoded(let what):
      return ("is \(what), which is not read", "convert it to FLAC, for example with ffmpeg")
    case .badHeader(let what): return (what, copyAgain)
    case .channelCount(let count):
      return ("its header says \(count) channels, not 1 to 1024", copyAgain)
    case .rate(let hertz):
      return ("its header says \(hertz) Hz, not 1000 to 1000000 Hz", "resample it, or leave it out")
    case .refused(let what):
      return ("the decoder refuses it (\(what))", "convert it to FLAC, or copy it again from the recorder")
    case .noAudio: return ("holds no audio", copyAgain)
    case .damaged(let flaw):
      return (flaw, "copy it again from the recorder, or leave out --strict to use what is there")
    case .noSuchChannel(let asked, let count):
      let counted = count == 1 ? "1 channel" : "\(count) channels"
      return ("has \(counted), and no channel \(asked)", "count channels from 0")
    case .tooShort(let seconds, let least):
      let limit = least == least.rounded() ? "\(Int(least))" : "\(least)"
      return ("shorter than \(limit) s (\(twoDecimals(seconds)) s)", "leave it out")
    }
  }
}

/// Something wrong inside a recording that can still be used.
struct Flaw: Equatable {
  let text: String
  /// Sound was lost or changed: an error under `strict`. Else everything was recovered.
  let losesSound: Bool

  /// `claims 10.0 s, holds 5.5 s`.
  static func short(claimed: Double, held: Double) -> Flaw {
    Flaw(text: "claims \(oneDecimal(claimed)) s, holds \(oneDecimal(held)) s", losesSound: claimed > held)
  }
}

/// Seconds for a sentence: one decimal, so that a sum shown rounded never looks exact.
func oneDecimal(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10)" }

func twoDecimals(_ seconds: Double) -> String { "\((seconds * 100).rounded(.down) / 100)" }
