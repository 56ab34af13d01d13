/// Bounds on one input, whatever its format. Each ends reading of the file with a message of its own.
enum InputLimits {
  static let fileBytes = 4 << 20
  static let scalarBytes = 64 << 10
  /// Open mappings and lists.
  static let nesting = 100
  /// Scalars, lists and mappings of a file, counted again each time that an alias repeats them.
  static let nodes = 500_000
  static let files = 1_000
  /// Of all other modules together.
  static let moduleFiles = 5_000
  static let historyFiles = 5_000
  /// Folders in each other below `history`.
  static let historyDepth = 8
}

/// The bytes of one input, known to be text that YAML and JSON allow.
struct SourceText: Sendable {
  var file: Int
  /// UTF-8 without a byte order mark.
  var bytes: [UInt8]

  /// Checks size, encoding and characters. The problem names the first offending place.
  init(_ input: [UInt8], file: Int) throws(Problem) {
    let start = Location(file: file, line: 1, column: 1)
    guard input.count <= InputLimits.fileBytes else {
      throw Problem(start, "the file has more than \(InputLimits.fileBytes) bytes; split it")
    }
    if input.starts(with: [0xFF, 0xFE]) || input.starts(with: [0xFE, 0xFF]) {
      throw Problem(start, "the file is UTF-16 or UTF-32; save it as UTF-8")
    }
    let hasMark = input.starts(with: [0xEF, 0xBB, 0xBF])
    bytes = hasMark ? Array(input.dropFirst(3)) : input
    self.file = file
    try Self.check(bytes, from: start)
  }

  /// Line `number` (from 1) without its end.
  func line(_ number: Int) -> ArraySlice<UInt8> {
    var start = 0
    for _ in 1..<max(number, 1) {
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return [] }
      start = end + 1
    }
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    return bytes[start..<end]
  }

  private static func check(_ bytes: [UInt8], from start: Location) throws(Problem) {
    var place = start
    var decoder = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var previous: UInt32 = 0
    decoding: while true {
      switch decoder.parseScalar(from: &rest) {
      case .emptyInput:
        break decoding
      case .error:
        throw Problem(place, "not UTF-8; save the file as UTF-8")
      case .valid(let encoded):
        let scalar = Unicode.UTF8.decode(encoded).value
        guard isAllowed(scalar) else {
          let code = String(scalar, radix: 16, uppercase: true)
          let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
          throw Problem(place, "character U+\(padded) is not allowed")
        }
        advance(&place, over: scalar, after: previous)
        previous = scalar
      }
    }
  }

  private static func advance(_ place: inout Location, over scalar: UInt32, after previous: UInt32) {
    switch scalar {
    case 0x0A where previous == 0x0D:
      break
    case 0x0A, 0x0D, 0x85, 0x2028, 0x2029:
      place.line += 1
      place.column = 1
    default:
      place.column += 1
    }
  }

  /// YAML 1.1's printable characters, without a byte order mark in the middle of the text.
  private static func isAllowed(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x09, 0x0A, 0x0D, 0x85: true
    case 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }
}

/// `text` in quotes for a message: control characters escaped, cut after 60 characters.
func quoted(_ text: String) -> String {
  var shown = "\""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == 60 {
      shown += "…"
      break
    }
    switch scalar {
    case "\"": shown += "\\\""
    case "\n": shown += "\\n"
    case "\t": shown += "\\t"
    case let other where other.value < 0x20 || (0x7F...0x9F).contains(other.value) || other.value == 0x2028:
      shown += "\\u{\(String(other.value, radix: 16))}"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return shown + "\""
}
